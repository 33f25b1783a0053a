"""The running average of the weights, used for samples and validation."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from stickgen.train.optim.lora import AdaptedLinear, trained_weights
from stickgen.train.placement.sharding import own_part


class AveragedWeights:
    """An exponential moving average of a model's parameters, in fp32 beside the model.

    The decay warms up as (1 + n) / (10 + n), so that the average of a short run is not its random start.
    With a decay of 0 it is the model itself. The exception are models that get adapters (`adapted`): the
    averaged model is always a plain one, with adapters merged into its weights, so that readers need not know
    of them.
    """

    def __init__(self, model: nn.Module, decay: float, *, adapted: bool = False) -> None:
        self.decay = decay
        self.updates = 0
        self._source = model
        shared = decay == 0 and not adapted
        self.model = model if shared else copy.deepcopy(model).requires_grad_(False).eval()
        self._lists: tuple[list[Tensor], list[Tensor]] | None = None

    @torch.no_grad()
    def update(self) -> None:
        """Move the average one step towards the model."""
        self.updates += 1
        if self.model is self._source:
            return
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        averaged, trained = self._pairs()
        torch._foreach_lerp_(averaged, trained, 1 - decay)

    def _pairs(self) -> tuple[list[Tensor], list[Tensor]]:
        """The averaged weights and the weights they follow; looked up once unless adapters have to be merged."""
        if self._lists is not None:
            return self._lists
        own: dict[str, Tensor] = dict(self.model.named_parameters())
        trained = trained_weights(self._source)
        lists = [own_part(own[name]) for name in trained], [own_part(weight) for weight in trained.values()]
        if not any(isinstance(module, AdaptedLinear) for module in self._source.modules()):
            self._lists = lists
        return lists

    def state(self) -> dict[str, Tensor]:
        """The averaged tensors by name."""
        return self.model.state_dict()

    @contextmanager
    def evaluating(self) -> Iterator[nn.Module]:
        """The averaged model in evaluation mode; afterwards in the mode that it was in."""
        was_training = self.model.training
        self.model.eval()
        try:
            yield self.model
        finally:
            self.model.train(was_training)
