"""Killed without warning: the status says so, and the run goes on as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
import torch
from real_run import (
    MakeRun,
    events,
    kill_supervisor,
    kill_trainer,
    wait_for_end,
    wait_for_step,
    wait_until,
)

from stickgen.errors import StickgenError
from stickgen.record_log import RecordReader
from stickgen.runs.launch import launch, stop
from stickgen.runs.store import Run, Status
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors

pytestmark = pytest.mark.drill
KILLS = 6
OFTEN = {"training.epochs": 240, "logging.save_interval": 1}  # 1200 steps, a checkpoint every five


def weights(run: Run) -> dict[str, torch.Tensor]:
    checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and skipped == []
    stems = ("model", "ema", "optimizer")
    return {f"{stem}/{name}": t for stem in stems for name, t in read_tensors(checkpoint, stem).items()}


def losses(run: Run) -> dict[int, float]:
    """By step; a step that was done again says the last."""
    records = RecordReader(run.metrics_path).read_new()
    return {r["step"]: r["loss"] for r in records if r["kind"] == "train"}


def test_killed_at_random_moments_it_ends_with_the_weights_of_the_undisturbed_run(make: MakeRun) -> None:
    undisturbed, killed = make(**OFTEN), make(**OFTEN)
    launch(undisturbed)
    wait_for_end(undisturbed)
    assert undisturbed.state().status == Status.FINISHED
    moments = random.Random(7)
    launch(killed)
    for _ in range(KILLS):
        step = killed.state().step
        wait_for_step(killed, step + 6)
        time.sleep(moments.uniform(0, 0.4))
        kill_trainer(killed)
        wait_for_end(killed)
        state = killed.state()
        assert (state.status, killed.exit["signal"]) == (Status.DIED, "SIGKILL")
        assert "SIGKILL" in state.reason
        checkpoint, skipped = newest_checkpoint(killed.checkpoints_dir)
        assert checkpoint is not None and skipped == []
        launch(killed)
        wait_until(lambda: events(killed, "resumed") or events(killed, "started"))
        (resumed,) = [r for r in RecordReader(killed.events_path).read_new()
                      if r["event"] == "resumed" and r["launch"] == len(killed.launches)]  # fmt: skip
        assert resumed["step"] == checkpoint.step
    wait_for_end(killed)
    assert killed.state().status == Status.FINISHED, killed.state()
    assert losses(killed) == losses(undisturbed)
    one, other = weights(undisturbed), weights(killed)
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    assert not list(killed.checkpoints_dir.glob(".*.tmp"))  # what the kills left was cleared


def test_a_killed_supervisor_takes_nobody_with_it(make: MakeRun) -> None:
    run = make()
    launch(run)
    wait_for_step(run, 3)
    kill_supervisor(run)
    step = run.state().step
    wait_for_step(run, step + 20)
    with pytest.raises(StickgenError, match="is running already"):
        launch(run)
    assert run.state().status == Status.RUNNING
    stop(run)
    wait_for_end(run)
    state = run.state()
    assert state.status == Status.STOPPED and "with a checkpoint" in state.reason
    assert not run.exit_path.exists()
    launch(run)
    wait_for_step(run, state.step + 1)


def test_both_killed_is_died_and_goes_on_from_the_last_checkpoint(make: MakeRun) -> None:
    run = make(**OFTEN)
    launch(run)
    wait_until(lambda: events(run, "checkpoint"))
    kill_supervisor(run)
    kill_trainer(run)
    wait_for_end(run)
    assert run.state().status == Status.DIED and "did not say why" in run.state().reason
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    launch(run)
    wait_for_step(run, checkpoint.step + 1)
    assert len(events(run, "resumed")) == 1


def test_a_paused_trainer_is_seen_and_still_stops(make: MakeRun) -> None:
    run = make()
    launch(run)
    wait_for_step(run, 3)
    os.kill(run.launches[-1]["pid"], signal.SIGSTOP)
    wait_until(lambda: run.state().status == Status.STALLED)
    assert "paused" in run.state().reason
    stop(run)
    wait_for_end(run)
    assert run.state().status == Status.STOPPED
