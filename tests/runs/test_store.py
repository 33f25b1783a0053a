"""A run says how it is from what is on disk, and cannot lie after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from stickgen.config import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.runs.control import request, take_requests
from stickgen.runs.launch import stop
from stickgen.runs.store import Run, RunLock, Status, boot_id, create_run, find_run, list_runs
from stickgen.runs.supervisor import supervise


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(TrainingConfig(), root=tmp_path / "runs")


def launched(run: Run, pid: int) -> None:
    process = psutil.Process(pid)
    launch = {"pid": pid, "create_time": process.create_time(), "boot_id": boot_id()}
    run.update_identity(launches=[launch])


def test_a_run_directory_is_private_and_holds_the_exact_config(run: Run) -> None:
    assert run.path.stat().st_mode & 0o777 == 0o700
    assert run.config_bytes == TrainingConfig().bytes
    assert (run.path / "run.json").stat().st_mode & 0o777 == 0o600
    assert run.state().status == Status.STARTING


def test_runs_are_found_by_part_of_their_name(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    other = create_run(TrainingConfig(), root=root, name="second")
    assert find_run("second", root).name == other.name
    assert {r.name for r in list_runs(root)} == {run.name, other.name}
    with pytest.raises(StickgenError, match="several runs match"):
        find_run("medium", root)
    with pytest.raises(StickgenError, match="no run is called"):
        find_run("nothing", root)
    with pytest.raises(StickgenError, match="--name"):
        create_run(TrainingConfig(), root=root, name="../../etc")


def test_the_life_of_a_trainer_is_seen(run: Run) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        launched(run, process.pid)
        run.beat("training", 3, 10)
        state = run.state()
        assert (state.status, state.step, state.total_steps) == (Status.RUNNING, 3, 10)
        process.send_signal(signal.SIGSTOP)
        for _ in range(100):
            if run.state().status == Status.STALLED:
                break
            time.sleep(0.02)
        assert "paused" in run.state().reason
        process.kill()
        # not yet waited for: a zombie is not alive
        for _ in range(100):
            if run.state().status == Status.DIED:
                break
            time.sleep(0.02)
        assert run.state().status == Status.DIED


def test_another_process_with_the_same_number_is_not_the_trainer(run: Run) -> None:
    launched(run, os.getpid())
    assert run.state().alive
    run.update_identity(launches=[{"pid": os.getpid(), "create_time": 1.0, "boot_id": boot_id()}])
    assert run.state().status == Status.DIED
    launched(run, os.getpid())
    run.update_identity(launches=[{**run.identity["launches"][0], "boot_id": "another boot"}])
    assert run.state().status == Status.DIED


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", Status.FINISHED),
        ("raise SystemExit(130)", Status.STOPPED),
        ("raise SystemExit(1)", Status.FAILED),
    ],
)
def test_the_supervisor_records_the_end(run: Run, code: str, status: Status) -> None:
    previous = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP)]
    try:
        supervise(run, [sys.executable, "-c", code])
    finally:
        for number, handler in zip(
            (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP), previous, strict=True
        ):
            signal.signal(number, handler)
    assert run.state().status == status
    with pytest.raises(StickgenError, match="not running"):
        stop(run)


def test_one_lock_a_run(run: Run) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom stickgen.runs.store import Run, RunLock\n"
        "RunLock(Run(Path(sys.argv[1]))).acquire(); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, run.path], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StickgenError, match=f"process {holder.pid}"):
            RunLock(run).acquire()
        holder.kill()
    RunLock(run).acquire()


def test_requests_are_taken_once_in_order(run: Run) -> None:
    first, second = request(run, "save"), request(run, "stop")
    (run.control_dir / "junk.json").write_text("{")
    assert [r.id for r in take_requests(run)] == [first, second]
    assert take_requests(run) == []
