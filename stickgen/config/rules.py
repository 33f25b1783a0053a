"""What must hold between keys, each with the edit that mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stickgen.config.schema import Value


@dataclass(frozen=True)
class BrokenRule:
    """A rule between keys that does not hold; `path` is the key to look at, `edit` a key and value that mend it."""

    severity: Literal["error", "warning"]
    path: str
    message: str
    fix: str
    edit: tuple[str, Value]


def valid_heads(d_model: int) -> list[int]:
    """The values of nhead that cut d_model into heads of an even width, as rotary positions need."""
    return [n for n in range(1, min(d_model, 256) + 1) if d_model % n == 0 and (d_model // n) % 2 == 0]


def broken_rules(values: Mapping[str, Value]) -> list[BrokenRule]:
    """The rules that the complete `values` by dotted path break."""
    broken: list[BrokenRule] = []

    def number(path: str) -> int:
        value = values[path]
        assert isinstance(value, int)
        return value

    d_model, nhead = number("model.d_model"), number("model.nhead")
    valid = valid_heads(d_model)
    if nhead not in valid:
        why = (
            f"{nhead} does not divide d_model {d_model}"
            if d_model % nhead
            else f"{nhead} cuts d_model {d_model} into heads of an odd width"
        )
        fix = (
            "use one of " + ", ".join(map(str, [n for n in valid if n <= 64]))
            if valid
            else f"make d_model even, for example {d_model + 1}"
        )
        nearest = min(valid, key=lambda n: (abs(n - nhead), n), default=None)
        edit = ("model.d_model", d_model + 1) if nearest is None else ("model.nhead", nearest)
        broken.append(BrokenRule("error", "model.nhead", why, fix, edit))
    if number("training.warmup_epochs") > number("training.epochs"):
        tenth = max(number("training.epochs") // 10, 1)
        broken.append(
            BrokenRule(
                "warning",
                "training.warmup_epochs",
                f"the warm-up of {values['training.warmup_epochs']} epochs is longer than the whole training of "
                f"{values['training.epochs']}",
                f"use {tenth}",
                ("training.warmup_epochs", tenth),
            )
        )
    if values["device.pin_memory"] and values["device.type"] in {"cpu", "mps"}:
        broken.append(
            BrokenRule(
                "warning",
                "device.pin_memory",
                f"has no effect on {values['device.type']}",
                "set it to false",
                ("device.pin_memory", False),
            )
        )
    return broken
