"""While the loss is not finite or far off, nothing is saved, nothing is pruned, and the end says so."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, create_run
from stickgen.train import loop
from stickgen.train.optim.step import StepResult
from stickgen.train.reporting.journal import SilentJournal
from stickgen.train.watch import Watch
from stickgen.watchdog.divergence import FIRST, LAST

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
        ([1.0] * 40 + [99.0] * LAST, "the loss has diverged (99 now, 1 at the beginning)"),
        ([1.0] * 40 + [99.0] * LAST + [1.0] * LAST, ""),
        ([1.0] * 40 + [math.nan], "the last step has no finite loss"),
        ([1.0] * 40 + [math.inf] * 3, "the last 3 steps have no finite loss"),
        ([1.0] * 40 + [math.nan] * 3 + [1.0], ""),
        ([99.0] * 5, ""),  # it may well begin so
    ],
)
def test_what_is_not_worth_a_checkpoint(run: Run, losses: list[float], unfit: str) -> None:
    watch = Watch(run.config(), SilentJournal(run, 1))
    for loss in losses:
        watch.step_taken(result(loss))
    assert watch.unfit == unfit
    resumed = Watch(run.config(), SilentJournal(run, 2), watch.first_loss)
    for _ in range(LAST):
        resumed.step_taken(result(99.0))
    assert bool(resumed.unfit) is (watch.first_loss is not None)
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
                {**true.losses, "total": loss, "pose": loss},
                1.0,
                true.clips,
                true.frames,
                skipped=not math.isfinite(loss),
            )

        monkeypatch.setattr(loop, "optimizer_step", changed)

    return set_losses


def said(run: Run, kind: str) -> list[str]:
    return [r["message"] for r in RecordReader(run.events_path).read_new() if r["event"] == kind]


def test_a_streak_of_bad_steps_leaves_the_last_good_checkpoints(
    run: Run, losses_from: Callable[[int, float], None]
) -> None:
    run.update_identity(rollbacks=3)
