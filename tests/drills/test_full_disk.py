"""A disk that fills up: training goes on, what was saved stays whole, and no record is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_run import MakeRun, events, wait_for_end, wait_for_step, wait_until

from stickgen.record_log import RecordReader
from stickgen.runs.launch import launch, stop
from stickgen.runs.store import Run, Status
from stickgen.train.checkpoints.checkpoint import newest_checkpoint

pytestmark = pytest.mark.drill
DISK_BYTES = 16 * 2**20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MiB. Mounting takes root; without it the drill is skipped."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("cannot mount a small disk here (it takes root)")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path, leave_bytes: int) -> Path:
    """Fill the disk but for `leave_bytes`; returns the file to delete."""
    filler = disk / "filler"
    free = os.statvfs(disk)
    with filler.open("wb") as file:
        file.write(bytes(max(free.f_bavail * free.f_frsize - leave_bytes, 0)))
    return filler


def save_now(run: Run) -> None:
    os.kill(run.launches[-1]["pid"], signal.SIGUSR1)


def test_a_checkpoint_that_does_not_fit_is_said_and_tried_again(make: MakeRun, disk: Path) -> None:
    run = make(disk)
    launch(run)
    wait_for_step(run, 3)
    save_now(run)
    wait_until(lambda: events(run, "checkpoint"))
    before, _ = newest_checkpoint(run.checkpoints_dir)
    filler = fill(disk, 256 * 1024)  # room for events, not for weights
    save_now(run)
    wait_until(lambda: any("NOT SAVED" in message for message in events(run, "alert")))
    after, skipped = newest_checkpoint(run.checkpoints_dir)
    assert before is not None and after is not None
    assert (after.path, skipped) == (before.path, [])
    assert not list(run.checkpoints_dir.glob(".*"))  # what was half written is gone
    wait_for_step(run, run.state().step + 10)
    filler.unlink()
    save_now(run)
    wait_until(lambda: len(events(run, "checkpoint")) == 2)
    stop(run)
    wait_for_end(run)
    assert run.state().status == Status.STOPPED


def test_records_wait_while_not_one_byte_is_left(make: MakeRun, disk: Path) -> None:
    run = make(disk)
    launch(run)
    wait_for_step(run, 3)
    filler = fill(disk, 0)
    logged = len(RecordReader(run.metrics_path).read_new())
    time.sleep(2)
    filler.unlink()
    wait_until(lambda: len(RecordReader(run.metrics_path).read_new()) > logged + 50)
    stop(run)
    wait_for_end(run)
    assert run.state().status == Status.STOPPED, run.state()
    reader = RecordReader(run.metrics_path)
    records = reader.read_new()
    assert reader.bad_lines == 0
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    steps = [record["step"] for record in records if record["kind"] == "train"]
    assert steps == list(range(1, len(steps) + 1))


def test_a_stop_on_a_full_disk_does_not_claim_a_checkpoint(make: MakeRun, disk: Path) -> None:
    run = make(disk)
    launch(run)
    wait_for_step(run, 3)
    fill(disk, 256 * 1024)
    stop(run)
    wait_for_end(run)
    assert (run.state().status, run.exit["code"]) == (Status.FAILED, 1)
    assert "could not be saved" in run.state().reason


def test_a_launch_on_a_full_disk_is_refused_in_a_sentence(make: MakeRun, disk: Path) -> None:
    run = make(disk)
    filler = fill(disk, 0)
    result = subprocess.run(
        [sys.executable, "-m", "stickgen", "train", "--run-dir", str(run.path), "--resume", "latest"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert result.returncode == 2, result.stdout + result.stderr
    assert "cannot be launched (No space left on device)" in result.stderr or "did not start" in result.stderr
    assert "Traceback" not in result.stderr
    filler.unlink()
    launch(run)
    wait_for_step(run, 2)
    stop(run)  # here: the disk goes before the runs are looked through
    wait_for_end(run)


LIMITED = """
import logging, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from stickgen.train.checkpoints import saver as saving
from stickgen.train.trainer_process import run_training
saving.PATIENCE_SECONDS = 0
logging.basicConfig(level=logging.INFO)
sys.exit(run_training(Path(sys.argv[1])))
"""


def test_files_that_may_not_grow_stop_no_training(make: MakeRun) -> None:
    """A limit on the size of files (ulimit -f), where no disk can be mounted: neither weights nor log fit."""
    run = make(**{"training.epochs": 40})
    result = subprocess.run(
        [sys.executable, "-c", LIMITED, run.path], capture_output=True, text=True, timeout=400
    )
    assert result.returncode == 1, result.stderr
    assert "WAS NOT SAVED (File too large)" in result.stderr and "Traceback" not in result.stderr
    assert "trained 40 epochs, 200 steps, but its checkpoint could not be saved" in result.stderr
    assert newest_checkpoint(run.checkpoints_dir) == (None, [])
    reader = RecordReader(run.metrics_path)
    records = reader.read_new()
    assert records and reader.bad_lines == 0
