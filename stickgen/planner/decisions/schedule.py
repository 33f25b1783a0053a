"""The learning rate of each step: linear warm-up, then a decay as the config says."""

from __future__ import annotations

import math

from stickgen.config.loading import TrainingConfig


def learning_rate(
    step: int, *, peak: float, warmup_steps: int, total_steps: int, min_lr_ratio: float, schedule: str
) -> float:
    """Learning rate of optimizer step `step`, counted from 0.

    It climbs to `peak` over `warmup_steps`. With `schedule` "cosine" (Loshchilov and Hutter, arXiv 1608.03983,
    without restarts) or "linear", it then falls to `peak * min_lr_ratio` at the last of `total_steps`; with
    "constant", it stays. In a run that is all warm-up, it never falls.
    """
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min((step - warmup_steps) / max(total_steps - warmup_steps - 1, 1), 1.0)
    if schedule == "constant":
        height = 1.0
    elif schedule == "linear":
        height = 1.0 - progress
    else:
        height = 0.5 * (1 + math.cos(math.pi * progress))
    return peak * (min_lr_ratio + (1 - min_lr_ratio) * height)


def scheduled_rate(config: TrainingConfig, step: int, steps_per_epoch: int) -> float:
    """The learning rate of optimizer step `step`, counted from 0, as `config` schedules it."""
    training = config.training
    return learning_rate(
        step,
        peak=training.learning_rate,
        warmup_steps=training.warmup_epochs * steps_per_epoch,
        total_steps=training.epochs * steps_per_epoch,
        min_lr_ratio=training.min_lr_ratio,
        schedule=training.schedule,
    )
