"""Which checkpoint is the best is a question of a figure; when it is another figure, what was best no longer counts."""

from __future__ import annotations

from stickgen.config.loading import TrainingConfig


def measures_best_otherwise(before: TrainingConfig, after: TrainingConfig) -> bool:
    """Whether the figure by which a checkpoint is the best is another one, so that what was best no longer counts."""
    if before.evaluation.best_by != after.evaluation.best_by:
        return True
    return after.evaluation.best_by == "loss" and before.loss_weights != after.loss_weights
