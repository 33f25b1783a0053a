"""Launches: one wins, the others touch nothing; the supervisor says how it ended, and passes signals on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stickgen.errors import StickgenError
from stickgen.record_log import RecordWriter
from stickgen.runs.launch import launch, stop
from stickgen.runs.stops import FORWARDED
from stickgen.runs.store import Run, Status
from stickgen.runs.supervisor import supervise


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """A supervisor in this process must not leave its handlers behind."""
    numbers = (*FORWARDED, signal.SIGHUP)
    previous = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, previous, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", Status.FINISHED),
        ("raise SystemExit(130)", Status.STOPPED),
        ("raise SystemExit(1)", Status.FAILED),
    ],
)
def test_the_supervisor_records_the_end(run: Run, code: str, status: Status) -> None:
    supervise(run, [sys.executable, "-c", code])
    assert run.state().status == status
    with pytest.raises(StickgenError, match="not running"):
        stop(run)


def test_the_reason_is_that_of_this_launch(run: Run) -> None:
    run.update_identity(launches=[{}])
    writer = RecordWriter(run.events_path)
    writer.write({"event": "stopped", "launch": 1, "message": "the launch before"})
    supervise(run, [sys.executable, "-c", "raise SystemExit(1)"])
    assert run.state().reason == "exit code 1; the end of train.log says more"
    writer.write({"event": "failed", "launch": 3, "message": "no dataset"})
    writer.close()
    supervise(run, [sys.executable, "-c", "raise SystemExit(1)"])
    assert run.state().reason == "no dataset"


def test_a_run_that_was_never_launched_cannot_be_stopped(run: Run) -> None:
    with pytest.raises(StickgenError, match="not launched yet"):
        stop(run)
    assert list(run.control_dir.iterdir()) == []


FAKE_TRAINER = """
import sys, time
from pathlib import Path
from stickgen.runs.locks import RunLock
from stickgen.runs.store import Run
run = Run(Path(sys.argv[1]))
lock = RunLock(run)
lock.acquire()
run.beat("training", 1, 2)
while not (run.path / "end").exists():
    time.sleep(0.02)
"""


@pytest.fixture
def fake_trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m stickgen.train` is a process that waits for a file, and loads no torch."""
    package = tmp_path / "path" / "sitecustomize.py"
    package.parent.mkdir()
    package.write_text(
        "import sys, runpy\n"
        "if sys.orig_argv[1:3] == ['-m', 'stickgen.train']:\n"
        f"    sys.argv = ['train', *sys.orig_argv[3:]]\n    exec({FAKE_TRAINER!r})\n    import os; os._exit(0)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


@pytest.mark.usefixtures("fake_trainer")
def test_of_many_launches_at_once_one_wins_and_the_others_touch_nothing(run: Run) -> None:
    run.exit_path.write_text(json.dumps({"code": 130, "reason": "the launch before"}))
    refusals: list[str] = []

    def attempt() -> None:
        try:
            launch(run)
        except StickgenError as error:
            refusals.append(str(error))

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refusals) == 5 and all("is running already" in sentence for sentence in refusals)
    assert len(run.launches) == 1
    for _ in range(3):
        with pytest.raises(StickgenError, match=rf"process {run.launches[0]['pid']} on"):
            launch(run, max_steps=7)
    assert "max_steps" not in run.identity
    assert not run.exit_path.exists() and (run.path / "exit-0.json").exists()
    assert run.state().alive
    (run.path / "end").touch()
    deadline = time.monotonic() + 20
    while run.state().alive and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (run.state().status, run.exit["launch"]) == (Status.EARLY, 1)  # at the step of its heartbeat
    run.update_identity(max_steps=7, profile=True, nproc=2)
    launch(run)  # the lock is free again
    assert (run.identity["max_steps"], run.identity["profile"], run.identity["nproc"]) == (None, None, 2)
    deadline = time.monotonic() + 20
    while run.state().alive and time.monotonic() < deadline:
        time.sleep(0.02)
    assert run.exit["launch"] == 2


@pytest.mark.drill
@pytest.mark.usefixtures("fake_trainer")
def test_of_a_hundred_launches_in_pairs_one_of_each_wins(run: Run) -> None:
    """`launch` leaves nobody behind: after each pair the winner ends and the next pair begins."""
    for number in range(1, 51):
        refusals: list[str] = []

        def attempt(said: list[str] = refusals) -> None:
            try:
                launch(run)
            except StickgenError as error:
                said.append(str(error))

        pair = [threading.Thread(target=attempt) for _ in range(2)]
        for thread in pair:
            thread.start()
        for thread in pair:
            thread.join()
        assert len(refusals) == 1 and "is running already" in refusals[0], refusals
        assert len(run.launches) == number
        (run.path / "end").touch()
        deadline = time.monotonic() + 60
        while run.state().alive and time.monotonic() < deadline:
            time.sleep(0.02)
        assert run.exit["launch"] == number
        (run.path / "end").unlink()


@pytest.mark.usefixtures("fake_trainer")
def test_a_trainer_whose_supervisor_was_killed_still_has_its_run(run: Run) -> None:
    launch(run)
    os.kill(run.launches[0]["supervisor_pid"], signal.SIGKILL)
    time.sleep(0.1)
    with pytest.raises(StickgenError, match="is running already"):
        launch(run)
    assert len(run.launches) == 1 and run.state().alive
    (run.path / "end").touch()


COUNT_SIGNALS = """
import os, signal, sys, time
got = []
for name in ("SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2"):
    signal.signal(getattr(signal, name), lambda number, _: got.append(signal.Signals(number).name))
signal.pthread_sigmask(signal.SIG_SETMASK, [])
open(sys.argv[1] + "/ready", "w").close()
end = time.monotonic() + 20
while len(got) < int(sys.argv[2]) and time.monotonic() < end:
    time.sleep(0.01)
time.sleep(0.2)
open(sys.argv[1] + "/got", "w").write(" ".join(got))
"""


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        (["SIGTERM"], "SIGUSR2"),
        (["SIGTERM", "SIGTERM"], "SIGUSR2 SIGTERM"),
        (["SIGINT"], "SIGUSR2"),
        (["SIGUSR1"], "SIGUSR1"),
        (["SIGHUP", "SIGUSR1"], "SIGUSR1"),
    ],
)
def test_a_stop_is_passed_on_so_that_it_never_counts_twice(run: Run, sent: list[str], got: str) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom stickgen.runs.store import Run\n"
        "from stickgen.runs.supervisor import supervise\nsupervise(Run(Path(sys.argv[1])), sys.argv[2:])"
    )
    trainer = [sys.executable, "-c", COUNT_SIGNALS, str(run.path), str(len(got.split()))]
    with subprocess.Popen([sys.executable, "-c", code, run.path, *trainer]) as supervisor:
        deadline = time.monotonic() + 20
        while not ((run.path / "ready").exists() and run.launches) and time.monotonic() < deadline:
            time.sleep(0.02)
        for name in sent:
            supervisor.send_signal(getattr(signal, name))
            time.sleep(0.1)
        assert supervisor.wait(timeout=30) == 0
    assert (run.path / "got").read_text() == got
