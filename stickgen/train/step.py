"""One optimizer step: micro-batches forward and backward, the guard, the clip, the move."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from stickgen.config.loading import TrainingConfig
from stickgen.model.normalise import Normaliser
from stickgen.model.objective import Batch, Draw, clip_losses
from stickgen.model.transformer import MotionTransformer


@dataclass
class StepResult:
    """What one optimizer step did."""

    losses: dict[str, float]  # means over the step's clips: total and each term
    grad_norm: float  # before clipping
    clips: int
    frames: int  # real ones, without padding
    skipped: bool  # the loss or the gradient was not finite, and the weights did not move


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """bf16 arithmetic where the run uses it; weights stay in fp32."""
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def optimizer_step(
    model: MotionTransformer,
    normaliser: Normaliser,
    optimizer: torch.optim.Optimizer,
    micro_batches: Iterable[Batch],
    *,
    clips: int,
    config: TrainingConfig,
    step: int,
    device: torch.device,
    precision: str,
) -> StepResult:
    """Train on `micro_batches`, `clips` clips in all, as optimizer step number `step`.

    Every random choice comes from the seed and the step, so the step can be repeated to the bit. A loss or
    gradient that is not finite leaves weights and optimizer as they were.
    """
    seed = config.training["seed"] * 1_000_003 + step
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)  # dropout
    sums: dict[str, Tensor] = {}
    frames = 0
    for batch in micro_batches:
        frames += int(batch.mask.sum())
        batch = batch.to(device, non_blocking=True)
        draw = Draw.random(batch, generator, config.diffusion["condition_dropout"])
        with autocast(device, precision):
            losses = clip_losses(model, normaliser, batch, draw, config.loss_weights)
        (losses["total"].sum() / clips).backward()
        for name, value in losses.items():
            sums[name] = sums.get(name, torch.zeros((), device=device)) + value.detach().sum()
    means = {name: value.item() / clips for name, value in sums.items()}
    grad_norm = torch.nn.utils.clip_grad_norm_(model.parameters(), config.training["max_grad_norm"]).item()
    finite = all(math.isfinite(value) for value in (*means.values(), grad_norm))
    if finite:
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return StepResult(means, grad_norm, clips, frames, skipped=not finite)
