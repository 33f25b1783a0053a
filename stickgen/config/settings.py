"""The values of a config, typed: one frozen dataclass a section, and a copy with some of them changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stickgen.config.key import Section, Value
from stickgen.config.keys.data import Data
from stickgen.config.keys.device import Device
from stickgen.config.keys.diffusion import Diffusion
from stickgen.config.keys.evaluation import Evaluation
from stickgen.config.keys.logging import Logging
from stickgen.config.keys.lora import Lora
from stickgen.config.keys.loss_weights import LossWeights
from stickgen.config.keys.model import Model
from stickgen.config.keys.notify import Notify
from stickgen.config.keys.training import Training
from stickgen.config.keys.watchdog import Watchdog

Edit = tuple[str, Value]  # a key by its dotted path, and its new value


@dataclass(frozen=True)
class Settings:
    """A complete config: `settings.training.epochs` is an int, and `settings.get("training.epochs")` the same.

    The sections stand in the order in which a file and the form show them.
    """

    model: Model = Model()
    training: Training = Training()
    loss_weights: LossWeights = LossWeights()
    diffusion: Diffusion = Diffusion()
    lora: Lora = Lora()
    data: Data = Data()
    device: Device = Device()
    logging: Logging = Logging()
    evaluation: Evaluation = Evaluation()
    watchdog: Watchdog = Watchdog()
    notify: Notify = Notify()

    @property
    def effective_batch(self) -> int:
        """Clips an optimizer step learns from: batch_size × grad_accum_steps."""
        return self.training.batch_size * self.training.grad_accum_steps

    def get(self, path: str, default: Any = None) -> Any:
        """The value at `group.name`, a whole group as a dict, or `default` for a key that does not exist."""
        group, _, name = path.partition(".")
        if group not in SECTIONS:
            return default
        section: Section = getattr(self, group)
        return section.get(name, default) if name else dict(section)

    def replace(self, edits: Iterable[Edit] | Mapping[str, Value]) -> Settings:
        """These settings with other values for some keys: what if? Neither is checked against the rules.

        Raises KeyError for a key that does not exist.
        """
        changed: dict[str, dict[str, Value]] = {}
        for path, value in edits.items() if isinstance(edits, Mapping) else edits:
            group, _, name = path.partition(".")
            if group not in SECTIONS or name not in getattr(self, group):
                raise KeyError(path)
            changed.setdefault(group, {})[name] = value
        sections = {group: getattr(self, group) for group in SECTIONS}
        for group, values in changed.items():
            sections[group] = dataclasses.replace(sections[group], **values)
        return Settings(**sections)


SECTIONS: dict[str, type[Section]] = {name: type(section) for name, section in vars(Settings()).items()}
