"""A stop in any phase leaves one whole checkpoint of the last step within the grace of service managers."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.process import BaseProcess

import forked
import pytest
from real_run import MakeRun, wait_until

from stickgen.record_log import RecordReader
from stickgen.runs.store import Run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint

pytestmark = pytest.mark.drill


def begin(run: Run, *patches: str) -> BaseProcess:
    """A trainer that has begun the slow thing."""
    trainer = forked.start(run, 0, *patches)
    wait_until(lambda: (run.path / "slow").exists())
    return trainer


def said(run: Run, kind: str) -> list[str]:
    return [r["message"] for r in RecordReader(run.events_path).read_new() if r["event"] == kind]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("phase", ["slow_step", "slow_validation", "slow_save", "slow_data"])
def test_a_stop_in_any_phase_leaves_a_checkpoint(make: MakeRun, phase: str, number: int) -> None:
    run = make(**{"logging.save_interval": 1})
    first = phase in {"slow_step", "slow_data"}  # the first step is the slow one: nothing was trained
    trainer = begin(run, phase)
    began = time.monotonic()
    os.kill(trainer.pid or 0, number)
    trainer.join(60)
    assert trainer.exitcode == 130
    assert time.monotonic() - began < 20 * forked.SLOW_SECONDS
    checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
    assert skipped == []
    if first:
        assert said(run, "stopped") == ["stopped before the first step; nothing was trained yet"]
    else:
        assert checkpoint is not None
        assert said(run, "stopped") == [f"stopped after step {checkpoint.step}, with a checkpoint"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("phase", ["slow_step", "slow_save"])
def test_a_second_one_ends_it_at_once_and_damages_nothing(make: MakeRun, phase: str, number: int) -> None:
    run = make(**{"logging.save_interval": 1})
    trainer = begin(run, phase, "two_stops_count_at_once")
    os.kill(trainer.pid or 0, number)
    time.sleep(0.1)
    began = time.monotonic()
    os.kill(trainer.pid or 0, number)
    trainer.join(60)
    assert trainer.exitcode == -number and time.monotonic() - began < forked.SLOW_SECONDS
    assert newest_checkpoint(run.checkpoints_dir)[1] == []
    again = forked.start(run, 1)
    wait_until(lambda: len(said(run, "started") + said(run, "resumed")) == 2)
    os.kill(again.pid or 0, signal.SIGTERM)
    again.join(60)
    assert again.exitcode == 130


def test_a_loss_that_is_not_finite_moves_nothing_and_the_run_goes_on(make: MakeRun) -> None:
    run = make(**{"training.epochs": 2})
    trainer = forked.start(run, 0, "nan_at_step_3")
    trainer.join(60)
    assert trainer.exitcode == 0
    assert said(run, "alert") == ["step 4: the loss or gradient is not finite; the weights did not move"]
    checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and (checkpoint.step, skipped) == (10, [])
    assert checkpoint.trainer["ema_updates"] == 9


def test_a_worker_that_outlives_its_trainer_holds_no_lock_and_does_not_stay(make: MakeRun) -> None:
    import psutil

    run = make(**{"device.num_workers": 2, "logging.save_interval": 1})
    trainer = forked.start(run, 0)
    wait_until(lambda: newest_checkpoint(run.checkpoints_dir)[0] is not None)
    workers: list[psutil.Process] = []
    wait_until(lambda: workers.extend(psutil.Process(trainer.pid).children()) or len(workers) >= 2)
    forked.kill(trainer)
    again = forked.start(run, 1)
    wait_until(lambda: said(run, "resumed"), 20)
    os.kill(again.pid or 0, signal.SIGTERM)
    again.join(60)
    assert again.exitcode == 130
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []
