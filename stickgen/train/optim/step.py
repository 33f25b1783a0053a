"""One optimizer step: forward, backward, clip, step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import torch
from torch import Tensor

from stickgen.config.loading import TrainingConfig
from stickgen.model.normalise import Normaliser
from stickgen.model.objective import TERMS, Batch, Draw, clip_losses, mixed_seed, training_loss
from stickgen.model.transformer import MotionTransformer
from stickgen.run_contract import StepPart
from stickgen.train.batching.batches import empty_batch
from stickgen.train.optim.out_of_memory import MicroBatchLimit
from stickgen.train.optim.profile import Profile
from stickgen.train.placement.distributed import ALONE, Ranks
from stickgen.train.placement.sharding import whole

LOSSES = (*TERMS, "total")


@dataclass(frozen=True)
class Learner:
    """What stays the same from step to step: the model, its optimizer, and where and how they compute."""

    model: MotionTransformer
    normaliser: Normaliser
    optimizer: torch.optim.Optimizer
    config: TrainingConfig
    device: torch.device
    precision: str  # of the forward pass: "fp32" or "bf16"; weights stay in fp32
    limit: MicroBatchLimit = field(default_factory=MicroBatchLimit)
    ranks: Ranks = ALONE
    profile: Profile = field(default_factory=lambda: Profile(torch.device("cpu")))


@dataclass
class StepResult:
    """What one optimizer step did."""

    losses: dict[str, float]  # means over the step's clips: total and each term
    grad_norm: float  # before clipping
    clips: int
    frames: int  # real ones, without padding
    skipped: bool  # the loss or the gradient was not finite, so the weights did not move


def optimizer_step(
    learner: Learner,
    micro_batches: Iterable[Batch],
    *,
    step: int,
    clips: int,
    share: float = 0.0,
    passes: int = 0,
) -> StepResult:
    """Take optimizer step number `step` on this process's `micro_batches` of the step's `clips` clips.

    `share` is how much of the schedule is over. Every random choice follows from the seed and the step number, so
    a step can be repeated bit for bit. If the loss or the gradient is not finite, weights and optimizer stay as
    they were. If memory runs out, the step starts over with smaller micro-batches.

    With sharded weights, every process must make the same number of `passes` over the model, and running out
    of memory is an error, because the other processes could not start over. Raises MemoryError if a single
    clip does not fit.
    """
    model, optimizer, ranks = learner.model, learner.optimizer, learner.ranks
    batches = learner.profile.timed(StepPart.DATA, iter(micro_batches))

    def forward_and_backward(parts: Iterable[Batch]) -> Tensor:
        return accumulate_gradients(learner, parts, step=step, clips=clips, share=share)

    if model.sharded:
        sums = forward_and_backward(_filled_up(batches, passes, model))
    else:
        sums = learner.limit.replay(forward_and_backward, batches, undo=optimizer.zero_grad)
    with learner.profile.part(StepPart.OPTIMIZER):
        if not model.sharded:
            ranks.sum_gradients(model.parameters())
        sums = ranks.sum(sums)
        max_norm = learner.config.training.max_grad_norm
        norm = whole(torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm))
        # read the device once for all of them: each read waits for it
        *losses, frames, grad_norm = torch.cat((sums, norm.to(sums.device)[None])).tolist()
        finite = all(map(math.isfinite, (*losses, grad_norm)))
        if finite:
            optimizer.step()
        optimizer.zero_grad()
    means = {name: loss / clips for name, loss in zip(LOSSES, losses, strict=True)}
    return StepResult(means, grad_norm, clips, int(frames), skipped=not finite)


def accumulate_gradients(
    learner: Learner, batches: Iterable[Batch], *, step: int, clips: int, share: float = 0.0
) -> Tensor:
    """Add the gradients of `batches` to those of the model, each clip weighted by 1 / `clips`.

    Returns, on the device, the sum over the clips of each of LOSSES, then the number of real frames.
    """
    config, device = learner.config, learner.device
    seed = config.training.seed, step
    sums = torch.zeros(len(LOSSES) + 1, device=device)
    for batch in batches:
        frames = int(batch.mask.sum())
        draw = Draw.random(
            batch, mixed_seed(*seed), config.diffusion.condition_dropout,
            time_shift=config.diffusion.time_shift,
            noise_correlation=config.diffusion.noise_correlation,
        )  # fmt: skip
        draw, batch = draw.to(device, non_blocking=True), batch.to(device, non_blocking=True)
        torch.manual_seed(mixed_seed(*seed, batch.clips[0]))  # of dropout
        with learner.profile.part(StepPart.FORWARD), autocast(device, learner.precision):
            losses = clip_losses(learner.model, learner.normaliser, batch, draw, config.loss_weights)
            loss = training_loss(losses, draw, config.loss_weights, config.diffusion, share)
        with learner.profile.part(StepPart.BACKWARD):
            (loss.sum() / clips).backward()
        sums[:-1] += torch.stack([losses[name].detach().sum() for name in LOSSES])
        sums[-1] += frames
    return sums


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """bf16 arithmetic if the run uses it; weights stay in fp32."""
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def _filled_up(batches: Iterable[Batch], passes: int, model: MotionTransformer) -> Iterator[Batch]:
    """`batches`, then empty ones up to the number of `passes`: every process takes part in each exchange."""
    made = 0
    for batch in batches:
        made += 1
        yield batch
    for _ in range(made, passes):
        yield empty_batch(model.config)
