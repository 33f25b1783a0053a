"""What the planner reads of a config, and a config with some values changed, without a line of YAML parsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from stickgen.config.schema import Value

Edit = tuple[str, Value]  # a key by its dotted path, and its new value


class Settings(Protocol):
    """A complete config: `TrainingConfig`, or one with changes."""

    @property
    def model(self) -> Mapping[str, Any]: ...

    @property
    def training(self) -> Mapping[str, Any]: ...

    @property
    def loss_weights(self) -> Mapping[str, Any]: ...

    @property
    def diffusion(self) -> Mapping[str, Any]: ...

    @property
    def data(self) -> Mapping[str, Any]: ...

    @property
    def device(self) -> Mapping[str, Any]: ...

    @property
    def lora(self) -> Mapping[str, Any]: ...

    @property
    def evaluation(self) -> Mapping[str, Any]: ...

    @property
    def effective_batch(self) -> int: ...


class Changed:
    """`config` with `edits` made to it: what if? The config itself stays as it is.

    An edit of a key that the planner does not read changes nothing.
    """

    def __init__(self, config: Settings, edits: Iterable[Edit]) -> None:
        self.model = dict(config.model)
        self.training = dict(config.training)
        self.loss_weights = dict(config.loss_weights)
        self.diffusion = dict(config.diffusion)
        self.data = dict(config.data)
        self.device = dict(config.device)
        self.lora = dict(config.lora)
        self.evaluation = dict(config.evaluation)
        for path, value in edits:
            group, _, name = path.partition(".")
            section: dict[str, Any] | None = getattr(self, group, None)
            if section is not None:
                section[name] = value

    @property
    def effective_batch(self) -> int:
        """Clips an optimizer step learns from."""
        return int(self.training["batch_size"] * self.training["grad_accum_steps"])


def value_of(config: Settings, path: str) -> Any:
    """The value at a dotted path; None where this version has no such key."""
    group, _, name = path.partition(".")
    return getattr(config, group).get(name)
