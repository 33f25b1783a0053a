"""Output that breaks, or that can say little: one sentence, and never a traceback."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click
import forked_command
import pytest
from click.testing import CliRunner

import stickgen.cli as stickgen_cli
from stickgen.cli import follow as following
from stickgen.cli.follow import Told, follow
from stickgen.cli.numbers import Finite
from stickgen.cli.streams import Unbreakable, plain
from stickgen.config import TrainingConfig
from stickgen.runs.stops import FORWARDED, SAME_STOP_SECONDS
from stickgen.runs.store import Run, State, Status, create_run

STICKGEN = [sys.executable, "-m", "stickgen"]
COMMANDS = [["runs", "list"], ["--help"], ["hardware", "--json"], ["config", "schema"]]


def stickgen(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*STICKGEN, *arguments], stderr=subprocess.PIPE, timeout=120, **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_full_stdout_is_a_sentence(arguments: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = stickgen(*arguments, stdout=full, cwd=tmp_path)
    assert done.returncode in {1, 2}
    assert done.stderr.decode().count("\n") == 1 and done.stderr.startswith(b"stickgen: ")


def test_a_closed_pipe_and_a_closed_stdout_are_quiet(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = stickgen("runs", "list", stdout=writer, cwd=tmp_path)
    os.close(writer)
    assert b"Traceback" not in done.stderr and b"Exception" not in done.stderr
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m stickgen runs list >&- 2>&- <&-"], cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-16-le", "utf-8"])
def test_every_encoding_gets_what_it_can_show(encoding: str, repo: Path, tmp_path: Path) -> None:
    name = tmp_path / "größe-名-\udce9.yaml"
    name.write_bytes((repo / "configs/small.yaml").read_bytes())
    done = stickgen(
        "config", "check", str(name), stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": encoding}
    )
    assert b"Traceback" not in done.stderr
    said = done.stdout.decode(encoding)
    assert "small.yaml" in said or "data.train_data" in said  # there is no dataset here
    if encoding == "ascii":
        assert "gr\\xf6\\xdfe-\\u540d" in said


def test_our_signs_have_a_look_in_ascii() -> None:
    assert plain("16 × 2 → 32 · “wave” … ≥ 3") == '16 x 2 -> 32 * "wave" ... >= 3'
    assert plain("│─┼ ▄█ ⠉⠀ é 🙂") == "|-+ ## .  \\xe9 \\U0001f642"


def test_a_folder_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    script = f"mkdir gone && cd gone && rmdir ../gone && exec {sys.executable} -m stickgen runs list"
    done = subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, capture_output=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.decode().startswith("stickgen: the folder that this shell is in is gone")


@pytest.mark.parametrize(
    "arguments",
    [
        ["runs", "show", "x" * 300],
        ["runs", "--runs", "y" * 300, "list"],
        ["config", "check", "z" * 5000],
        ["train", "--config", "w" * 300],
        ["train", "--runs", "v" * 300],
        ["data", "info", "u" * 300],
        ["generate", "t" * 300, "a text", "-o", "o.gif"],
        ["generate", "latest", "a text", "-o", "o.gif", "--seconds", "nan"],
        ["generate", "latest", "a text", "-o", "o.gif", "--seed", "1" + 30 * "0"],
        ["estimate", "--probe-seconds", "inf"],
        ["recommend", "--ram", "nan"],
        ["runs", "save", "--wait", "nan"],
        ["data", "preview", "d.pt", "--seed", "-1"],
    ],
)
def test_what_nothing_can_be_done_with_is_one_sentence(arguments: list[str], tmp_path: Path) -> None:
    done = forked_command.stickgen(*arguments, cwd=tmp_path)
    words = done.stderr
    assert done.returncode in {0, 2} and "Traceback" not in words and "unexpected" not in words, words


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
def test_a_number_is_finite(value: str) -> None:
    command = click.Command("c", params=[click.Option(["--n"], type=Finite(0))])
    done = CliRunner().invoke(command, ["--n", value])
    assert done.exit_code == 2


class _Breaks(io.StringIO):
    """A stream that takes so many characters."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, text: str) -> int:
        self.room -= len(text)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    numbers = (*FORWARDED, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield create_run(TrainingConfig(), root=tmp_path / "runs")
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


class _Trainer:
    """Stands for the trainer: it notes the stops, and the run ends at the first or, deaf, at a kill."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, deaf: bool = False) -> None:
        self.stops: list[bool] = []
        self.deaf = deaf
        self.ended = False
        monkeypatch.setattr(following, "stop", self.stop)
        monkeypatch.setattr(Run, "state", lambda run: self.state())
        monkeypatch.setattr(following, "POLL_SECONDS", 0.01)

    def state(self) -> State:
        return State(Status.STOPPED if self.ended else Status.RUNNING, "training", 3, 9)

    def stop(self, run: Run, *, force: bool = False) -> None:
        self.stops.append(force)
        self.ended = force or not self.deaf


def send(*numbers: int, pause: float = 0.05) -> None:
    def go() -> None:
        for number in numbers:
            time.sleep(pause)
            os.kill(os.getpid(), number)

    threading.Thread(target=go, daemon=True).start()


@pytest.mark.parametrize("room", [0, 40])
def test_the_owner_outlives_its_output_and_passes_the_stop_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, room: int, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer = _Trainer(monkeypatch)
    out = Unbreakable(_Breaks(room))
    out.say("run somewhere")
    told = Told()
    told.listen()
    send(signal.SIGTERM)
    assert follow(run, owner=True, told=told, out=out) == 130
    assert trainer.stops == [False]
    assert "the output cannot be written (No space left on device)" in capsys.readouterr().err


def test_who_only_watches_leaves_when_nobody_can_read_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = _Trainer(monkeypatch)
    out = Unbreakable(_Breaks(0))
    out.say("something")
    assert follow(run, owner=False, out=out) == 1
    assert trainer.stops == []


@pytest.mark.parametrize(
    ("numbers", "pause"),
    [
        ((signal.SIGINT, signal.SIGINT), 0.1),
        ((signal.SIGHUP, signal.SIGTERM), 0.01),
        ((signal.SIGTERM, signal.SIGHUP), 0.01),
        ((signal.SIGQUIT,), 0.01),
        ((signal.SIGUSR1, signal.SIGTERM), 0.01),
        ((signal.SIGXCPU,), 0.01),
    ],
)
def test_a_watching_owner_passes_every_stop_on_once(
    run: Run, monkeypatch: pytest.MonkeyPatch, numbers: tuple[int, ...], pause: float
) -> None:
    trainer = _Trainer(monkeypatch, deaf=True)
    timer = threading.Timer(1.2, setattr, (trainer, "ended", True))
    timer.start()
    send(*numbers, pause=pause)
    assert follow(run, owner=True) == 130
    assert trainer.stops == [False]


def test_ctrl_c_again_later_kills_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = _Trainer(monkeypatch, deaf=True)
    send(signal.SIGINT, signal.SIGINT, pause=SAME_STOP_SECONDS + 0.3)
    follow(run, owner=True)
    assert trainer.stops == [False, True]


@pytest.mark.parametrize("owner", [True, False])
def test_a_closed_terminal_ends_the_watching_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch, owner: bool
) -> None:
    trainer = _Trainer(monkeypatch)
    before = signal.signal(
        signal.SIGHUP, signal.SIG_DFL
    )  # whoever started the tests may ignore it, as nohup does
    try:
        send(signal.SIGHUP)
        assert follow(run, owner=owner) == 128 + signal.SIGHUP
    finally:
        signal.signal(signal.SIGHUP, before)
    assert trainer.stops == []


@pytest.mark.parametrize("text", [r'"a\0b.pt"', r'"\ud800.pt"', f'"{"x" * 5000}"'])
def test_a_name_in_a_config_that_is_none_is_a_sentence(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd.yaml").write_text(f"data:\n  train_data: {text}\n")
    for command in (["config", "check"], ["estimate"]):
        monkeypatch.setattr(sys, "argv", ["stickgen", *command, str(tmp_path / "odd.yaml")])
        assert stickgen_cli._run() in {0, 2}
        assert "unexpected" not in capsys.readouterr().err


def test_a_zero_byte_in_a_name_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["stickgen", "config", "check", "a\0b.yaml"])
    assert stickgen_cli._run() == 2
    assert "holds a zero byte" in capsys.readouterr().err
