"""The running average of the weights, which samples and validation use."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class AveragedWeights:
    """An exponential moving average of a model's parameters, in fp32 beside the model.

    The decay warms up as (1 + n) / (10 + n), so that the average of a short run is not its random start.
    With a decay of 0 it is the model itself.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.model = model if decay == 0 else copy.deepcopy(model).requires_grad_(False).eval()
        self._trained: list[Tensor] = list(model.parameters())
        self._averaged: list[Tensor] = list(self.model.parameters())

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the model by one step."""
        self.updates += 1
        if self.decay == 0:
            return
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self._averaged, self._trained, 1 - decay)

    def state(self) -> dict[str, Tensor]:
        """The averaged tensors by name."""
        return self.model.state_dict()

    @contextmanager
    def evaluating(self) -> Iterator[nn.Module]:
        """The averaged model in evaluation mode, and back as it was."""
        was_training = self.model.training
        self.model.eval()
        try:
            yield self.model
        finally:
            self.model.train(was_training)
