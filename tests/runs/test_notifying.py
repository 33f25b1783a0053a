"""The end of a run reaches a webhook, the desktop and the terminal, and none of them can harm the run."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stickgen.cli import root
from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.export.folder import without_places
from stickgen.record_log import RecordWriter
from stickgen.runs import notifying
from stickgen.runs.notifying import notify
from stickgen.runs.store import Run, create_run
from stickgen.runs.supervisor import supervise
from stickgen.runs.tracking import _config
from stickgen.terminal_notice import terminal_notice

SECRET = "T0K3N-of-mine"


class Hook:
    """A webhook on this machine."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.answer = 200
        self.delay = 0.0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                time.sleep(hook.delay)
                hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.answer)
                if hook.answer == 302:
                    self.send_header("Location", f"{hook.address}/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://user:{SECRET}@127.0.0.1:{self._server.server_port}/{SECRET}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv(notifying.WEBHOOK, raising=False)
    made = Hook()
    yield made
    made.close()


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Run]:
    def made(name: str = "calm-otter", **keys: Any) -> Run:
        config = TrainingConfig(
            preset_path("quickstart"), {f"notify.{key}": value for key, value in keys.items()}
        )
        run = create_run(config, root=tmp_path, name=name)
        run.update_identity(launches=[{"pid": 1, "started": "then"}])
        run.exit_path.write_text(
            json.dumps({"code": 0, "reason": "trained\x1b]0;x\x07 1 epoch", "launch": 1})
        )
        return run

    return made


def test_a_webhook_gets_the_end_without_escape_codes(make: Callable[..., Run], hook: Hook) -> None:
    run = make(webhook=hook.address.replace(f"user:{SECRET}@", ""))
    writer = RecordWriter(run.metrics_path)
    writer.write({"kind": "val", "step": 1, "loss_pose": 2.0, "mean_pose_loss": 1.0})
    writer.close()
    notify(run)
    (body,) = hook.bodies
    assert (body["version"], body["run"], body["status"], body["learned"]) == (1, run.name, "finished", False)
    assert body["text"] == body["content"] == f"{run.name}: finished, trained\\x1b]0;x\\x07 1 epoch"
    assert str(run.path) not in json.dumps(body)


def test_the_environment_names_one_too_and_the_config_wins(
    make: Callable[..., Run], hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make()
    monkeypatch.setenv(notifying.WEBHOOK, hook.address.replace(f"user:{SECRET}@", ""))
    notify(run)
    assert len(hook.bodies) == 1
    notify(make("other", webhook="http://127.0.0.1:1/nobody"))
    assert len(hook.bodies) == 1


@pytest.mark.parametrize("trouble", ["500", "302", "slow", "nobody", "file", "nonsense", "line"])
def test_a_webhook_that_fails_is_said_without_its_secret(
    trouble: str,
    make: Callable[..., Run],
    hook: Hook,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    address = hook.address.replace(f"user:{SECRET}@", "")
    if trouble.isdigit():
        hook.answer = int(trouble)
    elif trouble == "slow":
        hook.delay = 0.3
        monkeypatch.setattr(notifying, "TIMEOUT_SECONDS", 0.05)
    else:
        address = {
            "nobody": f"http://127.0.0.1:1/{SECRET}", "file": f"file:///etc/{SECRET}", "nonsense": f"http://[{SECRET}",
            "line": f"http://127.0.0.1:1/{SECRET} x\ny",
        }[trouble]  # fmt: skip
    notify(make(webhook=address))
    said = capfd.readouterr()
    assert said.err.startswith("notification: webhook: ") and said.out == ""
    assert SECRET not in said.err
    assert len(hook.bodies) <= 1  # a redirect is not followed


def fake_program(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    told = folder / "told.json"
    program = folder / "notify-send"
    program.write_text(f"#!{sys.executable}\nimport json, sys\n{body.format(told=str(told))}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(folder))
    return told


def test_the_desktop_is_told_in_text_that_is_no_markup(
    make: Callable[..., Run],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(notifying.WEBHOOK, raising=False)
    told = fake_program(tmp_path, monkeypatch, "json.dump(sys.argv[1:], open({told!r}, 'w'))")
    run = make(desktop=True)
    run.exit_path.write_text(json.dumps({"code": 1, "reason": "<b>bad</b> & worse"}))
    notify(run)
    assert json.loads(told.read_text()) == [
        "--app-name=stickgen", "--", "stickgen", f"{run.name}: failed, &lt;b&gt;bad&lt;/b&gt; &amp; worse",
    ]  # fmt: skip
    fake_program(tmp_path, monkeypatch, "sys.exit(3)")
    notify(run)
    assert capfd.readouterr().err == "notification: desktop: notify-send ended with code 3\n"
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "platform", "linux")
    notify(run)
    assert "neither notify-send nor osascript" in capfd.readouterr().err


@pytest.mark.parametrize("end", ["sys.exit(0)", "os.kill(os.getpid(), 9)"])
def test_the_supervisor_tells_of_a_trainer_that_was_killed_too_and_waits_for_nobody(
    end: str, tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(notifying.WEBHOOK, hook.address.replace(f"user:{SECRET}@", ""))
    run = create_run(TrainingConfig(preset_path("quickstart")), root=tmp_path, name="calm-otter")
    supervise(run, [sys.executable, "-c", f"import os, sys; {end}"])
    deadline = time.monotonic() + 30
    while not hook.bodies and time.monotonic() < deadline:
        time.sleep(0.02)
    assert hook.bodies[0]["status"] == ("died" if "kill" in end else "finished")
    assert hook.bodies[0]["launch"] == 1


def test_nothing_is_started_where_nobody_wants_to_hear(
    make: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(notifying.WEBHOOK, raising=False)
    assert not notifying.is_wanted(make())
    assert notifying.is_wanted(make("other", desktop=True))


def test_the_address_is_not_given_away_with_a_model_or_to_a_tracker(make: Callable[..., Run]) -> None:
    run = make(webhook=f"http://example.org/{SECRET}")
    assert SECRET.encode() in run.config_bytes
    assert SECRET.encode() not in without_places(run.config_bytes)
    assert SECRET not in json.dumps(_config(run))


@pytest.mark.parametrize(
    ("kind", "environment", "bytes_"),
    [
        ("none", {}, ""),
        ("bell", {}, "\x07"),
        ("osc9", {}, "\x1b]9;a: b\x07"),
        ("osc777", {}, "\x1b]777;notify;a;b\x07"),
        ("osc9", {"TMUX": "x"}, "\x1bPtmux;\x1b\x1b]9;a: b\x07\x1b\\\x07"),
    ],
)
def test_what_a_terminal_is_sent(kind: str, environment: dict[str, str], bytes_: str) -> None:
    assert terminal_notice(kind, "a", "b", environment) == bytes_


@pytest.mark.parametrize("kind", ["osc9", "osc777"])
def test_text_cannot_end_a_sequence_or_begin_another(kind: str) -> None:
    sent = terminal_notice(kind, "x;\x07y", "\x1b]0;evil\x07 \x9d ; \u202e\n2", {})
    assert sent.count("\x1b") == 1 and sent.count("\x07") == 1 and sent.endswith("\x07")
    assert not {"\n", "\x9d", "\u202e"} & set(sent)
    if kind == "osc777":
        assert sent.count(";") == 3


def watched(run: Run, *words: str) -> Result:
    return CliRunner().invoke(root, ["runs", "--runs", str(run.path.parent), "watch", run.name, *words])


def test_who_watches_may_be_told_of_the_end_too(
    make: Callable[..., Run], hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make()
    told = fake_program(tmp_path, monkeypatch, "json.dump(sys.argv[1:], open({told!r}, 'w'))")
    monkeypatch.setenv(notifying.WEBHOOK, hook.address.replace(f"user:{SECRET}@", ""))
    watched(run, "--notify", "desktop", "--notify", "webhook")
    assert run.name in json.loads(told.read_text())[-1]
    assert [body["run"] for body in hook.bodies] == [run.name]


def test_a_webhook_that_nobody_named_is_refused_before_watching(
    make: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(notifying.WEBHOOK, raising=False)
    refused = watched(make(), "--notify", "webhook")
    assert isinstance(refused.exception, StickgenError) and notifying.WEBHOOK in str(refused.exception)
