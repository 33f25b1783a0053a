"""One optimizer step: micro-batches forward and backward, the guard, the clip, the move."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from stickgen.config.loading import TrainingConfig
from stickgen.model.losses import UNLABELLED
from stickgen.model.normalise import Normaliser
from stickgen.model.objective import TERMS, Batch, Draw, clip_losses, mixed_seed
from stickgen.model.transformer import MotionTransformer
from stickgen.train.batching.batches import PAD_TO
from stickgen.train.optim.out_of_memory import MicroBatchLimit, is_out_of_memory
from stickgen.train.optim.profile import NO_PROFILE, Profile
from stickgen.train.placement.distributed import ALONE, Ranks
from stickgen.train.placement.sharding import whole

LOSSES = (*TERMS, "total")


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
    limit: MicroBatchLimit | None = None,
    profile: Profile = NO_PROFILE,
    ranks: Ranks = ALONE,
    passes: int = 0,
) -> StepResult:
    """Train on `micro_batches` as optimizer step number `step`, of `clips` clips over all processes.

    Every random choice comes from the seed and the step, so the step can be repeated to the bit. A loss or
    gradient that is not finite leaves weights and optimizer as they were. When memory runs out, the step
    begins anew with micro-batches of half the size; MemoryError when not even one clip fits. Where weights are
    sharded, every process makes `passes` over the model, some of them without clips, and memory that runs out
    is an error: the others could not begin anew.
    """
    limit = limit or MicroBatchLimit()
    work = _Gradients(
        model, normaliser, clips, config, step, device, precision, profile, passes if model.sharded else 0
    )
    source = profile.timed("data", iter(micro_batches))
    seen: list[Batch] = []

    def all_of_them() -> Iterator[Batch]:
        yield from list(seen)
        for batch in source:
            seen.append(batch)
            yield batch

    while True:
        try:
            sums, frames = work.of(part for batch in all_of_them() for part in limit.cut(batch))
            break
        except (RuntimeError, MemoryError) as error:
            if model.sharded or not is_out_of_memory(error):
                raise
            reason = str(error)
        # outside of the handler, whose exception holds the tensors of every frame it came through
        optimizer.zero_grad(set_to_none=True)
        limit.halve(max(map(len, seen)), reason)
    with profile.part("optimizer"):
        if not model.sharded:
            ranks.sum_gradients(model.parameters())
        nothing = torch.zeros((), device=device)
        totals = ranks.sum(torch.stack([sums.get(name, nothing) for name in LOSSES] + [nothing + frames]))
        norm = whole(torch.nn.utils.clip_grad_norm_(model.parameters(), config.training["max_grad_norm"]))
        # one look at the device for all of it
        *values, frames_trained, grad_norm = torch.cat((totals, norm.to(device)[None])).tolist()
        finite = all(map(math.isfinite, (*values, grad_norm)))
        if finite:
            optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    means = {name: value / clips for name, value in zip(LOSSES, values, strict=True)}
    return StepResult(means, grad_norm, clips, int(frames_trained), skipped=not finite)


@dataclass(frozen=True)
class _Gradients:
    """Adds up the gradients of one step."""

    model: MotionTransformer
    normaliser: Normaliser
    clips: int
    config: TrainingConfig
    step: int
    device: torch.device
    precision: str
    profile: Profile
    passes: int

    def of(self, micro_batches: Iterable[Batch]) -> tuple[dict[str, Tensor], int]:
        """The sums of every loss over the clips, on the device, and the number of real frames."""
        sums: dict[str, Tensor] = {}
        frames = passes = 0
        for batch in micro_batches:
            passes += 1
            frames += int(batch.mask.sum())
            for name, value in self._one(batch).items():
                sums[name] = sums[name] + value if name in sums else value
        for _ in range(passes, self.passes):
            self._one(self._nobody())
        return sums, frames

    def _nobody(self) -> Batch:
        """One clip without a frame: its losses and gradients are nothing, but it takes part in every exchange."""
        model = self.model.config
        motion, text = torch.zeros(1, PAD_TO, model.input_dim), torch.zeros(1, model.embedding_dim)
        blank = torch.zeros(1, PAD_TO, dtype=torch.bool)
        return Batch(motion, blank, torch.full((1, PAD_TO), UNLABELLED), text, (0,))

    def _one(self, batch: Batch) -> dict[str, Tensor]:
        seed = (self.config.training["seed"], self.step)
        draw = Draw.random(batch, mixed_seed(*seed), self.config.diffusion["condition_dropout"])
        draw, batch = draw.to(self.device, non_blocking=True), batch.to(self.device, non_blocking=True)
        torch.manual_seed(mixed_seed(*seed, batch.clips[0]))  # dropout
        with self.profile.part("forward"), autocast(self.device, self.precision):
            losses = clip_losses(self.model, self.normaliser, batch, draw, self.config.loss_weights)
        with self.profile.part("backward"):
            (losses["total"].sum() / self.clips).backward()
        return {name: value.detach().sum() for name, value in losses.items()}
