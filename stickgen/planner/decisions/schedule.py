"""The learning rate of each step: linear warm-up, then a decay as the config says."""

from __future__ import annotations

import math

from stickgen.config.settings import Settings


def learning_rate(
    step: float, *, peak: float, warmup_steps: int, total_steps: int, min_lr_ratio: float, schedule: str
) -> float:
    """Learning rate of optimizer step `step`, counted from 0; between two steps, where a schedule is shortened.

    It climbs to `peak` over `warmup_steps`. With `schedule` "cosine" (Loshchilov and Hutter, arXiv 1608.03983,
    without restarts) or "linear", it then falls to `peak * min_lr_ratio` at the last of `total_steps`; with
    "constant", it stays. In a run that is all warm-up, it never falls.
    """
    if step < warmup_steps:
        return min(peak * (step + 1) / warmup_steps, peak)
    progress = min((step - warmup_steps) / max(total_steps - warmup_steps - 1, 1), 1.0)
    if schedule == "constant":
        height = 1.0
    elif schedule == "linear":
        height = 1.0 - progress
    else:
        height = 0.5 * (1 + math.cos(math.pi * progress))
    return peak * (min_lr_ratio + (1 - min_lr_ratio) * height)


def share_by_steps(step: float, total_steps: int) -> float:
    """How much of the schedule is over when step `step`, counted from 0, begins: 1 at the last of `total_steps`."""
    return min(step / max(total_steps - 1, 1), 1.0)


def scheduled_rate(config: Settings, step: int, steps_per_epoch: int, share: float = 0.0) -> float:
    """The learning rate of optimizer step `step`, counted from 0, as `config` schedules it.

    `share` is how much of the schedule is over by the limits of a launch; it counts where the steps are behind it and
    `training.schedule_until` is not "epochs".
    """
    training = config.training
    total = training.epochs * steps_per_epoch
    at: float = step
    if training.schedule_until != "epochs" and share > share_by_steps(step, total):
        at = share * (total - 1)
    return learning_rate(
        at,
        peak=training.learning_rate,
        warmup_steps=training.warmup_epochs * steps_per_epoch,
        total_steps=total,
        min_lr_ratio=training.min_lr_ratio,
        schedule=training.schedule,
    )
