"""A disk that turns read-only, and folders that vanish: training goes on, says so, and recovers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import forked
import pytest
from real_run import MakeRun, wait_until

from stickgen.errors import StickgenError
from stickgen.record_log import RecordReader
from stickgen.runs.launch import launch
from stickgen.runs.store import Run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint

pytestmark = pytest.mark.drill


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own. Mounting takes root; without it the drill is skipped."""
    place = tmp_path / "disk"
    place.mkdir()
    if sys.platform != "linux" or mount("-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)):
        pytest.skip("cannot mount a disk here (it takes root)")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def mount(*words: str) -> int:
    return subprocess.run(["mount", *words], capture_output=True).returncode


def said(run: Run, kind: str) -> list[str]:
    return [r["message"] for r in RecordReader(run.events_path).read_new() if r["event"] == kind]


def steps_logged(run: Run) -> list[int]:
    return [r["step"] for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "train"]


def stop(trainer: BaseProcess) -> None:
    os.kill(trainer.pid or 0, signal.SIGTERM)
    trainer.join(60)
    assert trainer.exitcode == 130


def test_a_run_on_a_read_only_disk_is_refused_before_the_model_is_built(make: MakeRun, disk: Path) -> None:
    run = make(disk)
    assert mount("-o", "remount,ro", str(disk)) == 0
    with pytest.raises(StickgenError, match=r"cannot be (launched|written) \(Read-only file system\)"):
        launch(run)
    assert mount("-o", "remount,rw", str(disk)) == 0
    assert run.launches == [] and not run.exit_path.exists()


def test_a_disk_that_turns_read_only_stops_no_training(make: MakeRun, disk: Path) -> None:
    """As ext4 does it on an error of the disk: what is open for writing fails too. A bind mount, for tmpfs will not."""
    run = make(disk)
    trainer = forked.start(run, 0)
    wait_until(lambda: len(steps_logged(run)) > 3)
    os.kill(trainer.pid or 0, signal.SIGUSR1)
    wait_until(lambda: said(run, "checkpoint"))
    whole = newest_checkpoint(run.checkpoints_dir)
    assert mount("--bind", str(run.checkpoints_dir), str(run.checkpoints_dir)) == 0
    try:
        assert mount("-o", "remount,bind,ro", str(run.checkpoints_dir)) == 0
        os.kill(trainer.pid or 0, signal.SIGUSR1)
        wait_until(lambda: said(run, "alert"))
        (alert,) = said(run, "alert")
        assert "WAS NOT SAVED (Read-only file system)" in alert
        assert newest_checkpoint(run.checkpoints_dir) == whole
        done = len(steps_logged(run))
        wait_until(lambda: len(steps_logged(run)) > done + 5)
        assert mount("-o", "remount,bind,rw", str(run.checkpoints_dir)) == 0
        os.kill(trainer.pid or 0, signal.SIGUSR1)
        wait_until(lambda: len(said(run, "checkpoint")) == 2)
        assert "after 1 failed attempt" in said(run, "checkpoint")[1]
    finally:
        subprocess.run(["umount", "--lazy", str(run.checkpoints_dir)], check=True)
    stop(trainer)


def test_folders_and_logs_that_vanish_are_made_again(make: MakeRun) -> None:
    run = make()
    trainer = forked.start(run, 0)
    wait_until(lambda: len(steps_logged(run)) > 3)
    for folder in (run.checkpoints_dir, run.samples_dir, run.control_dir):
        shutil.rmtree(folder)
    run.metrics_path.unlink()
    run.events_path.unlink()
    os.kill(trainer.pid or 0, signal.SIGUSR1)
    wait_until(lambda: said(run, "checkpoint"))
    wait_until(lambda: len(steps_logged(run)) > 3)
    stop(trainer)
    assert newest_checkpoint(run.checkpoints_dir)[1] == []
    assert said(run, "stopped")


def test_a_vanished_run_folder_is_not_made_anew_and_ends_the_run_in_the_end(make: MakeRun) -> None:
    run = make(**{"training.epochs": 30})
    trainer = forked.start(run, 0, "no_patience")
    wait_until(lambda: len(steps_logged(run)) > 3)
    run.path.rename(run.path.with_name("elsewhere"))
    trainer.join(60)
    assert trainer.exitcode == 1 and not run.path.exists()
    moved = Run(run.path.with_name("elsewhere"))
    assert "could not be saved" in (moved.log_path).read_text() or said(moved, "failed")
