"""A run says how it is from what is on disk and who is alive, and cannot lie after a crash."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from stickgen.errors import StickgenError
from stickgen.record_log import RecordWriter
from stickgen.run_contract import Phase, quiet_limit_seconds
from stickgen.runs.locks import LaunchLock, RunLock, trainer_lock_holder
from stickgen.runs.process import boot_id, describe_process, find_process
from stickgen.runs.state import boot_seconds
from stickgen.runs.store import Run, Status

HOLD_THE_LOCK = (
    "import sys, time\nfrom pathlib import Path\nfrom stickgen.runs.locks import RunLock\n"
    "from stickgen.runs.store import Run\n"
    "RunLock(Run(Path(sys.argv[1]))).acquire(); print('held', flush=True); time.sleep(60)"
)


def beat(run: Run, age: float, phase: str = "training", **members: object) -> None:
    """A heartbeat that is `age` seconds old."""
    body = {"phase": phase, "step": 3, "total_steps": 10, "boot_id": boot_id()}
    (run.path / "heartbeat").write_text(json.dumps({**body, "boot_seconds": boot_seconds() - age, **members}))


def wait_for(run: Run, status: Status) -> None:
    for _ in range(200):
        if run.state().status == status:
            return
        time.sleep(0.02)
    raise AssertionError(run.state())


def test_the_life_of_a_trainer_is_seen(run: Run) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        run.update_identity(launches=[describe_process(process.pid)])
        run.beat(Phase.TRAINING, 3, 10)
        state = run.state()
        assert (state.status, state.step, state.total_steps) == (Status.RUNNING, 3, 10)
        process.send_signal(signal.SIGSTOP)
        wait_for(run, Status.STALLED)
        assert "paused" in run.state().reason
        process.kill()
        wait_for(run, Status.DIED)  # not yet waited for: a zombie is not alive


def test_another_process_with_the_same_number_is_not_the_trainer(run: Run) -> None:
    mine = describe_process(os.getpid())
    run.update_identity(launches=[mine])
    assert run.state().alive
    for other in ({"start_ticks": 1}, {"boot_id": "another boot"}, {"pid": 2**22 + 1}):
        run.update_identity(launches=[{**mine, **other}])
        assert run.state().status == Status.DIED


def test_a_changed_clock_loses_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    described = describe_process(os.getpid())
    monkeypatch.setattr(
        psutil.Process, "create_time", lambda self: 86_400.0
    )  # a day off, as after a clock step
    found = find_process(described)
    assert found is not None and found.pid == os.getpid()


def test_one_lock_a_run(run: Run) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, run.path], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert trainer_lock_holder(run) == holder.pid
        with pytest.raises(StickgenError, match=f"process {holder.pid}"):
            RunLock(run).acquire()
        holder.kill()
    assert trainer_lock_holder(run) is None
    RunLock(run).acquire()
    assert trainer_lock_holder(run) == os.getpid()  # and asking has not dropped it
    again = [sys.executable, "-c", HOLD_THE_LOCK, str(run.path)]
    assert subprocess.run(again, capture_output=True).returncode == 1


def test_a_held_lock_is_life_whatever_the_process_number_says(run: Run) -> None:
    """As for a trainer in another container, whose process ids mean nothing here."""
    run.update_identity(launches=[{"pid": 2**22 + 1, "boot_id": "elsewhere"}])
    beat(run, age=1e6, boot_id="elsewhere")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, run.path], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        assert run.state().status == Status.RUNNING
        holder.kill()
    assert run.state().status == Status.DIED


def test_between_the_trainers_end_and_the_exit_file_nobody_calls_it_dead(run: Run) -> None:
    run.update_identity(launches=[{"pid": 2**22 + 1, "boot_id": boot_id()}])
    run.beat(Phase.SAVING, 10, 10)
    lock = LaunchLock(run)
    assert lock.acquire()
    assert (run.state().status, run.state().reason) == (Status.RUNNING, "ending")
    run.exit_path.write_text('{"code": 0, "reason": ""}')
    assert run.state().status == Status.FINISHED
    run.exit_path.unlink()
    lock.close()
    assert run.state().status == Status.DIED


def test_a_trainer_that_outlived_its_supervisor_has_the_last_word(run: Run) -> None:
    run.update_identity(launches=[{"pid": 2**22 + 1, "boot_id": boot_id()}] * 2)
    writer = RecordWriter(run.events_path)
    writer.write({"event": "finished", "launch": 1, "message": "the first launch"})
    assert run.state().status == Status.DIED
    writer.write({"event": "stopped", "launch": 2, "message": "the second launch"})
    writer.close()
    assert (run.state().status, run.state().reason) == (Status.STOPPED, "the second launch")


@pytest.mark.parametrize(
    ("phase", "age", "median", "status"),
    [
        ("training", 50, 0.1, Status.RUNNING),  # under a minute is never a stall
        ("training", 70, 0.1, Status.STALLED),
        ("training", 250, 30.0, Status.RUNNING),  # a slow step is a slow step
        ("training", 310, 30.0, Status.STALLED),
        ("training", 600, None, Status.RUNNING),  # the first step may compile
        ("compiling", 600, None, Status.RUNNING),
        ("saving", 600, 0.1, Status.RUNNING),
        ("validating", 600, 0.1, Status.RUNNING),
        ("sampling", 600, 0.1, Status.RUNNING),
        ("saving", 1000, 0.1, Status.STALLED),
    ],
)
def test_a_stall_is_told_from_slow_work(
    run: Run, phase: str, age: float, median: float | None, status: Status
) -> None:
    run.update_identity(launches=[describe_process(os.getpid())])
    beat(run, age, phase, median_step_seconds=median)
    assert run.state().status == status
    assert (age > quiet_limit_seconds(phase, median)) == (status == Status.STALLED)


def test_nonsense_on_disk_raises_nothing(run: Run) -> None:
    for identity in (
        {"launches": 3},
        {"launches": ["x"]},
        {"launches": [{"pid": "x", "boot_id": boot_id()}]},
    ):
        (run.path / "run.json").write_text(json.dumps({**identity, "created_unix": "x"}))
        (run.path / "heartbeat").write_text('{"step": "three", "phase": 4, "boot_seconds": null}')
        assert run.state().status == Status.DIED
