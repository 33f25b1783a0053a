"""The engine's own training, an optimizer step at a time: what `stickgen train` does without its run directory."""

from __future__ import annotations

import torch

from stickgen.config.loading import TrainingConfig
from stickgen.model.normalise import Normaliser
from stickgen.planner.arithmetic.workload import frames_at_once
from stickgen.train.batching.batches import load_batches
from stickgen.train.batching.clips import Clips
from stickgen.train.batching.plan import MicroBatch, plan_epoch
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.optim.step import Learner, StepResult, optimizer_step
from stickgen.train.placement.compiled_blocks import compile_blocks
from stickgen.train.placement.device import choose_precision

CPU = torch.device("cpu")


class Engine:
    """A model of `config` in training on a CPU."""

    def __init__(self, config: TrainingConfig, clips: Clips, normaliser: Normaliser) -> None:
        self.config, self.clips = config, clips
        self.precision = choose_precision(config.device.precision, CPU)
        self.state = TrainState(config, normaliser, CPU)
        if config.training.compile == "always":
            compile_blocks(self.state.model)
        self.epoch = 0
        self._planned: list[list[MicroBatch]] = []

    def forget_plan(self) -> None:
        """Begin a new epoch with the next step, of other clips than those planned for."""
        self._planned = []

    def step(self, rate: float | None = None, share: float = 0.0) -> StepResult:
        """One optimizer step, at this learning rate where one is given, with this share of the schedule over."""
        config, state = self.config, self.state
        if not self._planned:
            self._planned = plan_epoch(
                self.clips.train.lengths,
                effective_batch=config.effective_batch,
                batch_size=config.training.batch_size,
                seed=config.training.seed,
                epoch=self.epoch,
                most_frames=frames_at_once(config.model.d_model, config.model.patch_frames, "cpu"),
            )[::-1]
            self.clips.train.set_epoch(self.epoch)
            self.epoch += 1
        if rate is not None:
            for group in state.optimizer.param_groups:
                group["lr"] = rate
        micro_batches = self._planned.pop()
        learner = Learner(
            state.model, state.normaliser, state.optimizer, config, CPU, precision=self.precision
        )
        batches = load_batches(self.clips.train, micro_batches)
        result = optimizer_step(
            learner, batches, step=state.step, clips=sum(map(len, micro_batches)), share=share
        )
        state.advance(moved=not result.skipped)
        return result
