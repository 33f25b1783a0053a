"""What a run is at a step: weights, their average, the normaliser, the optimizer's moments, and a few numbers.

There is no random state: what a step draws follows from the seed and the step number (plan.py, step.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from stickgen.config.key import Value
from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.model.normalise import Normaliser
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.train.checkpoints.checkpoint import (
    Checkpoint,
    load_module,
    load_optimizer,
    optimizer_tensors,
)
from stickgen.train.checkpoints.initial import load_initial
from stickgen.train.optim.ema import AveragedWeights
from stickgen.train.optim.lora import add_adapters
from stickgen.train.optim.optimizer import build_optimizer
from stickgen.train.placement.sharding import cut_like, gathered, shard


class TrainState:
    """Everything that a checkpoint holds, on the device."""

    def __init__(self, config: TrainingConfig, normaliser: Normaliser, device: torch.device) -> None:
        torch.manual_seed(config.training.seed)
        self.model = MotionTransformer(ModelConfig.from_training(config)).to(device)
        self.model.activation_checkpointing = config.training.activation_checkpointing
        self.normaliser = normaliser.to(device)
        lora = config.lora
        self.ema = AveragedWeights(self.model, config.training.ema_decay, adapted=lora.enabled)
        if lora.enabled:
            add_adapters(self.model, lora.rank, lora.alpha)
        self.config, self.device = config, device
        self.optimizer = self._new_optimizer()
        self.step = 0
        self.whole = (
            True  # weights, average and step count belong together; false while a step moves the weights
        )
        self.provenance: dict[str, Any] = {}  # what the weights were trained on; see runs/provenance.py
        self._gathered: dict[
            str, dict[str, Tensor]
        ] = {}  # the whole of sharded tensors, by file stem, after this step
        self.best_val = math.inf
        self.best_step: int | None = None
        self.val_loss: float | None = None  # that of the last validation
        # of the schedule, over by the time and not by the steps; see schedule_clock.py
        self.schedule_share = 0.0
        self.live: dict[str, Value] = {}  # values that live changes gave keys until this step

    def _new_optimizer(self) -> torch.optim.Optimizer:
        optimizer = build_optimizer(self.model, self.config.training)
        optimizer.register_step_pre_hook(self._begin_to_move)
        return optimizer

    def _begin_to_move(self, *_: Any) -> None:
        self.whole, self._gathered = False, {}

    def advance(self, *, moved: bool) -> None:
        """Count a step. If the weights `moved`, their average follows."""
        self.step += 1
        if moved:
            self.ema.update()
        self.whole = True

    def restore(self, checkpoint: Checkpoint) -> None:
        """Become what the checkpoint holds. Raises StickgenError if it does not fit the config's model."""
        for module, stem in (
            (self.model, "model"),
            (self.ema.model, "ema"),
            (self.normaliser, "normaliser"),
        ):
            load_module(module, checkpoint, stem)
        load_optimizer(self.model, self.optimizer, checkpoint)
        numbers = checkpoint.trainer
        try:
            self.step, self.ema.updates = int(numbers["step"]), int(numbers["ema_updates"])
            self.best_step = None if numbers["best_step"] is None else int(numbers["best_step"])
            self.best_val = math.inf if self.best_step is None else float(numbers["best_val"])
            loss = numbers.get("val_loss")
            self.val_loss = None if loss is None else float(loss)
            self.schedule_share = min(max(float(numbers.get("schedule_by_time", 0.0)), 0.0), 1.0)
        except (KeyError, TypeError, ValueError) as error:
            raise StickgenError(
                f"{checkpoint.path / 'trainer.json'}: a number is missing or damaged; use another checkpoint"
            ) from error

    def start_from(self, initial: Checkpoint, config: TrainingConfig) -> None:
        """Take the weights and the normaliser of another run, and nothing else of it."""
        load_initial(initial, config, self.ema.model, self.normaliser)
        self.model.load_state_dict(self.ema.model.state_dict(), strict=False)  # adapters start at zero

    @torch.no_grad()
    def become(self, other: TrainState) -> None:
        """Take over what `other` holds, which lies whole on the CPU. Tensors keep their place, their device and shards."""
        pairs = [(self.model, other.model)]
        if self.ema.model is not self.model:
            assert isinstance(self.ema.model, MotionTransformer) and isinstance(
                other.ema.model, MotionTransformer
            )
            pairs.append((self.ema.model, other.ema.model))
        for mine, theirs in pairs:
            found = theirs.state_dict()
            for name, tensor in mine.state_dict().items():
                tensor.copy_(self._laid_out(found[name], tensor))
        self.normaliser.load_state_dict(other.normaliser.state_dict())
        names = dict(other.model.named_parameters())
        self.optimizer.state.clear()
        for name, parameter in self.model.named_parameters():
            for moment, value in other.optimizer.state.get(names[name], {}).items():
                self.optimizer.state[parameter][moment] = self._laid_out(value, parameter)
        self.optimizer.zero_grad()
        self.step, self.ema.updates = other.step, other.ema.updates
        self.best_val, self.best_step = other.best_val, other.best_step
        self.schedule_share = other.schedule_share
        self.whole, self._gathered = True, {}

    def _laid_out(self, tensor: Tensor, like: Tensor) -> Tensor:
        """`tensor` on the device of `like`, and cut as it is if it is sharded."""
        return cut_like(tensor, like) if hasattr(like, "to_local") else tensor.to(like.device)

    def shard(self, device: torch.device, processes: int) -> None:
        """Keep this process's part of everything that is trained, on `device`; until now the whole lay on the CPU."""
        before = dict(self.model.named_parameters())
        moments = self.optimizer.state
        shard(self.model, device, processes)
        if self.ema.model is not self.model:
            assert isinstance(self.ema.model, MotionTransformer)
            shard(self.ema.model, device, processes)
        self.normaliser, self.device = self.normaliser.to(device), device
        self.optimizer = self._new_optimizer()
        for name, parameter in self.model.named_parameters():
            of_it = moments.get(before[name], {})
            self.optimizer.state[parameter] = {
                key: cut_like(value, parameter) for key, value in of_it.items()
            }

    def gather(self, *stems: str, keep: bool) -> None:
        """Bring sharded tensors together on those who `keep` them. All processes call it after the same step.

        `stems` names the files whose tensors are wanted, all by default. Without sharding there is nothing to do.
        """
        if self.model.sharded:
            own = self._own()
            for stem in stems or own:
                if stem not in self._gathered:
                    self._gathered[stem] = gathered(own[stem], keep=keep)

    @property
    def at_hand(self) -> bool:
        """Whether `tensors` works without the other processes."""
        return not self.model.sharded or self._gathered.keys() == self._own().keys()

    @contextmanager
    def evaluating(self) -> Iterator[MotionTransformer]:
        """The averaged model in evaluation mode; for sharded weights, what `gather` brought together."""
        if not self.model.sharded:
            with self.ema.evaluating() as model:
                assert isinstance(model, MotionTransformer)
                yield model
            return
        whole = MotionTransformer(self.model.config)
        whole.load_state_dict(self._gathered["ema"])
        yield whole.to(self.device).requires_grad_(False).eval()

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """All tensors by file stem and name: the tensors themselves, not copies.

        For sharded weights, what `gather` brought together.
        """
        if not self.model.sharded:
            return self._own()
        assert self.at_hand, "sharded weights are gathered by all processes first"
        return self._gathered

    def _own(self) -> dict[str, dict[str, Tensor]]:
        return {
            "model": self.model.state_dict(),
            "ema": self.ema.state(),
            "normaliser": self.normaliser.state_dict(),
            "optimizer": optimizer_tensors(self.model, self.optimizer),
        }

    def numbers(self) -> dict[str, Any]:
        """What trainer.json holds."""
        return {
            "step": self.step,
            "defaults": self.config.defaults,
            "ema_updates": self.ema.updates,
            "best_val": self.best_val if self.best_step is not None else None,
            "best_step": self.best_step,
            "val_loss": self.val_loss,
            **({"schedule_by_time": self.schedule_share} if self.schedule_share else {}),
            **({"live": self.live} if self.live else {}),
            **self.provenance,
        }
