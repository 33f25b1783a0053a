"""The learning rate of each step: a straight climb, then half a cosine."""

from __future__ import annotations

import math


def learning_rate(
    step: int, *, peak: float, warmup_steps: int, total_steps: int, min_lr_ratio: float
) -> float:
    """Learning rate of optimizer step `step`, counted from 0.

    It climbs to `peak` over `warmup_steps` and falls to `peak * min_lr_ratio` at the last of `total_steps`
    (Loshchilov and Hutter, arXiv 1608.03983, without restarts). A run that is all warm-up never falls.
    """
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(total_steps - warmup_steps - 1, 1)
    cosine = 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
    return peak * (min_lr_ratio + (1 - min_lr_ratio) * cosine)
