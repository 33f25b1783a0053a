"""While the loss is not finite or far off, nothing is saved, nothing is pruned, and the end says so."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import RunFailedError
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, create_run
from stickgen.train import loop
from stickgen.train.checkpoints.checkpoint import newest_checkpoint
from stickgen.train.checkpoints.guard import FIRST, LAST, LossGuard
from stickgen.train.loop import Trainer
from stickgen.train.optim.step import StepResult
from stickgen.train.reporting.journal import SilentJournal

TINY = {
    "model.embedding_dim": 16, "model.d_model": 16, "model.nhead": 2, "model.num_layers": 1,
    "training.batch_size": 20, "training.grad_accum_steps": 1, "training.epochs": 20,
    "training.val_fraction": 0.0, "logging.save_interval": 1, "logging.sample_minutes": 0.0,
    "diffusion.sampling_steps": 1,
}  # fmt: skip


def result(loss: float) -> StepResult:
    return StepResult({"total": loss}, 1.0, 4, 40, skipped=not math.isfinite(loss))


@pytest.mark.parametrize(
    ("losses", "unfit"),
    [
        ([1.0] * 40, ""),
        ([1.0] * 40 + [99.0] * 2, ""),  # a single step, or two, may be odd
        ([1.0] * 40 + [99.0] * LAST, "the loss has diverged (99 now, 1 in the first 20 steps)"),
        ([1.0] * 40 + [99.0] * LAST + [1.0] * LAST, ""),
        ([1.0] * 40 + [math.nan], "the last step has no finite loss"),
        ([1.0] * 40 + [math.inf] * 3, "the last 3 steps have no finite loss"),
        ([1.0] * 40 + [math.nan] * 3 + [1.0], ""),
        ([99.0] * 5, ""),  # it may well begin so
    ],
)
def test_what_is_not_worth_a_checkpoint(run: Run, losses: list[float], unfit: str) -> None:
    guard = LossGuard(SilentJournal(run, 1))
    for loss in losses:
        guard.look_at(result(loss))
    assert guard.unfit == unfit
    resumed = LossGuard(SilentJournal(run, 2), guard.first)
    for _ in range(LAST):
        resumed.look_at(result(99.0))
    assert bool(resumed.unfit) is (guard.first is not None)
    assert FIRST > LAST


@pytest.fixture
def run(tmp_path: Path, tiny_dataset: Path) -> Run:
    config = TrainingConfig(preset_path("quickstart"), TINY)
    return create_run(config, root=tmp_path, data_path=str(tiny_dataset))


@pytest.fixture
def losses_from(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, float], None]:
    """Make every step from a certain one on have that loss."""
    step = loop.optimizer_step

    def set_losses(first: int, loss: float) -> None:
        def changed(*values: Any, **facts: Any) -> StepResult:
            true = step(*values, **facts)
            if facts["step"] < first:
                return true
            return StepResult(
                {**true.losses, "total": loss}, 1.0, true.clips, true.frames, skipped=not math.isfinite(loss)
            )

        monkeypatch.setattr(loop, "optimizer_step", changed)

    return set_losses


def said(run: Run, kind: str) -> list[str]:
    return [r["message"] for r in RecordReader(run.events_path).read_new() if r["event"] == kind]


def test_a_streak_of_bad_steps_leaves_the_last_good_checkpoints(
    run: Run, losses_from: Callable[[int, float], None]
) -> None:
    losses_from(7, math.nan)
    with pytest.raises(RunFailedError, match="20 steps in a row"):
        Trainer(run).train()
    newest, skipped = newest_checkpoint(run.checkpoints_dir)
    assert newest is not None and (newest.step, skipped) == (6, [])
    told = [sentence for sentence in said(run, "alert") if sentence.startswith("not saved: ")]
    assert told[0].startswith("not saved: the last step has no finite loss; the checkpoint of step ")
    assert told[-1].endswith("; the checkpoint of step 6 is kept")  # at first it may still be written
    losses_from(10**9, 0.0)
    assert Trainer(run).train() == 0


def test_a_stop_in_a_streak_keeps_the_last_good_one(
    run: Run, losses_from: Callable[[int, float], None]
) -> None:
    losses_from(6, math.nan)
    trainer = Trainer(run)
    look = trainer.guard.look_at

    def stop_soon(seen: StepResult) -> None:
        look(seen)
        trainer.asked.stop = trainer.guard.bad_steps == 3

    trainer.guard.look_at = stop_soon  # type: ignore[method-assign,assignment]
    assert trainer.train() == 130
    newest, _ = newest_checkpoint(run.checkpoints_dir)
    assert newest is not None and newest.step == 6
    assert said(run, "stopped") == [
        "stopped after step 9; the last 3 steps have no finite loss, so an earlier checkpoint is the last"
    ]


def test_a_run_whose_loss_is_far_off_does_not_end_as_finished(
    run: Run, losses_from: Callable[[int, float], None]
) -> None:
    losses_from(30, 1e9)
    with pytest.raises(RunFailedError, match="trained 20 epochs.* but the loss has diverged .1e.09 now"):
        Trainer(run).train()
    newest, _ = newest_checkpoint(run.checkpoints_dir)
    assert newest is not None and newest.step < 30 + LAST
    assert said(run, "finished") == []
    assert run.identity["first_loss"] > 0
