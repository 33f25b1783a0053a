"""Many signals are one stop; and a stop, its answer and the sign of life need no room on the disk."""

from __future__ import annotations

import errno
import fcntl
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from stickgen.errors import StickgenError
from stickgen.run_contract import Phase, Wish
from stickgen.runs import control, supervisor
from stickgen.runs.heartbeat import BYTES
from stickgen.runs.launch import launch, stop
from stickgen.runs.locks import RunLock
from stickgen.runs.process import describe_process
from stickgen.runs.stops import SAME_STOP_SECONDS, STOPS, Stops
from stickgen.runs.store import Run, Status


@pytest.mark.parametrize(
    ("numbers", "pause", "at_once"),
    [
        ((signal.SIGTERM,), 60, False),
        ((signal.SIGTERM, signal.SIGTERM), SAME_STOP_SECONDS / 2, False),
        ((signal.SIGINT, signal.SIGINT), SAME_STOP_SECONDS / 2, False),
        ((signal.SIGTERM, signal.SIGTERM), SAME_STOP_SECONDS * 2, True),
        ((signal.SIGINT, signal.SIGINT), SAME_STOP_SECONDS * 2, True),
        ((signal.SIGINT, signal.SIGTERM), 10, False),
        ((signal.SIGUSR2, signal.SIGUSR2, signal.SIGTERM), 60, False),
        ((signal.SIGXCPU, signal.SIGXCPU, signal.SIGQUIT), 60, False),
    ],
)
def test_only_the_same_stop_again_later_means_at_once(
    monkeypatch: pytest.MonkeyPatch, numbers: tuple[int, ...], pause: float, at_once: bool
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    seen, said = Stops(), False
    assert not seen
    for number in numbers:
        said = seen.add(number)
        now[0] += pause
    assert said is at_once and seen and seen.since_seconds == pause * len(numbers)
    assert set(numbers) <= set(STOPS)


@pytest.fixture
def trainer(run: Run) -> Iterator[subprocess.Popen[str]]:
    """A process that is taken for the run's trainer, and prints the stops that it gets."""
    code = (
        "import signal, sys\n"
        "for number in (signal.SIGUSR2, signal.SIGTERM):\n"
        "    signal.signal(number, lambda number, _: print(signal.Signals(number).name, flush=True))\n"
        "print('ready', flush=True)\n"
        "while True: signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        run.update_identity(launches=[describe_process(process.pid)])
        yield process
        process.kill()


def test_a_stop_needs_no_disk(run: Run, trainer: subprocess.Popen[str]) -> None:
    run.control_dir.rmdir()
    run.control_dir.write_text("no file can be made in here")
    assert trainer.stdout is not None
    for _ in range(2):
        stop(run)
        assert trainer.stdout.readline() == "SIGUSR2\n"
    assert run.state().alive


def test_a_stop_wakes_who_is_paused(run: Run, trainer: subprocess.Popen[str]) -> None:
    trainer.send_signal(signal.SIGSTOP)
    while run.state().status != Status.STALLED:
        time.sleep(0.01)
    stop(run)
    assert trainer.stdout is not None and trainer.stdout.readline() == "SIGUSR2\n"


def test_another_users_run_is_a_sentence(
    run: Run, trainer: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(process: psutil.Process, *_: Any) -> None:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "send_signal", denied)
    monkeypatch.setattr(psutil.Process, "kill", denied)
    for force in (False, True):
        with pytest.raises(StickgenError, match="only they can stop it"):
            stop(run, force=force)
    assert list(run.control_dir.iterdir()) == []


def test_the_heartbeat_is_written_over_in_place(run: Run, tmp_path: Path) -> None:
    path = run.path / "heartbeat"
    run.beat(Phase.TRAINING, 999_999_999, 1_000_000_000, 0.123456789)
    before = path.stat()
    run.beat(Phase.SAVING, 1, 2)
    after = path.stat()
    assert (before.st_ino, before.st_size, before.st_blocks) == (after.st_ino, BYTES, after.st_blocks)
    assert (run.heartbeat()["phase"], run.heartbeat()["step"]) == ("saving", 1)
    assert "crc32" not in run.heartbeat()
    path.write_bytes(path.read_bytes().replace(b'"step": 1', b'"step": 7'))  # half of a newer one
    assert run.heartbeat().get("step") == 7  # and what stays so is what there is
    path.write_text('{"phase": "training", "step": 5}')  # of an older version
    assert run.heartbeat() == {"phase": "training", "step": 5}
    path.unlink()
    assert run.heartbeat() == {}
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    path.symlink_to(victim)
    run.beat(Phase.TRAINING, 1, 2)
    assert victim.read_text() == "untouched"


def test_a_full_disk_does_not_hide_how_it_ended(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(supervisor, "_write_anew", full)
    supervisor._keep_room(run)
    supervisor._write_exit(run, 130, 1)
    assert (run.exit["code"], run.exit["launch"]) == (130, 1)
    assert sorted(path.name for path in run.path.glob("*exit*")) == ["exit.json"]


def test_a_disk_that_comes_back_late_still_gets_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def late(run: Run, text: str) -> None:
        tried.append(text)
        if len(tried) < 100:
            raise OSError(errno.EROFS, "Read-only file system")
        run.exit_path.write_text(text)

    monkeypatch.setattr(supervisor, "_write_anew", late)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    supervisor._write_exit(run, 0, 1)
    assert run.exit["code"] == 0
    tried.clear()
    run.path.rename(run.path.with_name("elsewhere"))
    supervisor._write_exit(run, 0, 1)  # the folder is gone: there is nothing to wait for
    assert tried == []


def test_a_filesystem_without_locks_is_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", none)
    monkeypatch.setattr(fcntl, "fcntl", none)
    with pytest.raises(StickgenError, match=r"run\.lock: this filesystem gives no file locks .*--runs DIR"):
        RunLock(run).acquire()
    assert run.state().status == Status.STARTING  # it can still be looked at
    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.raises(StickgenError, match="no file locks"):
        launch(run)
    assert json.loads((run.path / "run.json").read_text())["launches"] == []


def test_what_is_asked_on_a_full_disk_is_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(control, "write_text", full)
    with pytest.raises(StickgenError, match="the request cannot be written .No space left on device"):
        control.request(run, Wish.SAVE)
