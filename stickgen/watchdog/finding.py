"""What a rule of the watchdog found, and what is to be done about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stickgen.config.settings import Edit
from stickgen.run_contract import Field
from stickgen.yaml_edit import format_value


class Action(StrEnum):
    """What the watchdog does about a finding, as its key in the config says."""

    OFF = "off"
    ALERT = "alert"
    STOP = "stop"
    ROLLBACK = "rollback"
    RESTART = "restart"  # of all processes of a group, from the last checkpoint


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, in plain words, and the edits that may help."""

    rule: str  # the key under `watchdog` that says what is done about it
    message: str
    suggest: tuple[Edit, ...] = ()
    certain: bool = True  # False: worth an alert, and never more than that

    @property
    def sentence(self) -> str:
        """The message with its edits: `…; try training.learning_rate: 0.0005`."""
        if not self.suggest:
            return self.message
        edits = ", ".join(f"{path}: {format_value(value)}" for path, value in self.suggest)
        return f"{self.message}; try {edits}"

    @property
    def facts(self) -> dict[str, Any]:
        """The fields that an event of it has beside its message."""
        facts: dict[str, Any] = {Field.RULE: self.rule}
        if self.suggest:
            facts[Field.SUGGEST] = dict(self.suggest)
        return facts


Record = Mapping[str, Any]  # a line of the metrics log, or what it would hold


def number(record: Record, field: str) -> float | None:
    """The number in `field`; None if it is missing or not finite."""
    value = record.get(field)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)
