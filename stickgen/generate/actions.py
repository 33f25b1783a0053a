"""Which action a motion shows when: `walk:2,wave:1` is two parts of walking, then one of waving."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stickgen.data.actions import ACTIONS, action_of_label
from stickgen.errors import StickgenError
from stickgen.text import clean


@dataclass(frozen=True)
class ActionPlan:
    """Actions in order, each with its share of the motion."""

    parts: tuple[tuple[str, float], ...]  # (name as written, weight)

    @classmethod
    def parse(cls, written: str) -> ActionPlan:
        """Read `walk:2,wave:1`; a name alone has the weight 1. Raises StickgenError if it is none."""
        parts = []
        for part in written.split(","):
            name, colon, weight = part.partition(":")
            if not name.strip():
                raise StickgenError(
                    f"actions {clean(written, limit=80)!r}: an action is missing; write them as walk:2,wave:1"
                )
            parts.append((name.strip(), _weight(name.strip(), weight.strip()) if colon else 1.0))
        return cls(tuple(parts))

    def frames(self, total: int, names: Sequence[str]) -> Tensor:
        """The index in `names` of each frame's action, [total] int64.

        Raises StickgenError if an action is unknown, or gets no frame.
        """
        whole = sum(weight for _, weight in self.parts)
        frames = torch.empty(total, dtype=torch.int64)
        done, start = 0.0, 0
        for name, weight in self.parts:
            done += weight
            end = round(total * done / whole)
            if end == start:
                raise StickgenError(
                    f"action {clean(name)}: its share of {total} frames is less than one frame; give it more weight"
                )
            frames[start:end] = index_of(name, names)
            start = end
        return frames


def index_of(name: str, names: Sequence[str]) -> int:
    """The index of an action in `names`, by its name or another label for it; "" stands for one that is not known.

    Raises StickgenError if it is none of them.
    """
    plain = name.lower().replace("-", "_").replace(" ", "_")
    if plain and plain in names:
        return names.index(plain)
    label = action_of_label(name)
    if label is not None and ACTIONS[label].name in names:
        return names.index(ACTIONS[label].name)
    known = [name for name in names if name]
    if not known:
        raise StickgenError(
            f"action {clean(name, limit=80)}: the model learned from a dataset without actions"
        )
    alike = difflib.get_close_matches(plain, known, n=1)
    hint = f"did you mean {alike[0]}?" if alike else f"name one of {', '.join(known)}"
    raise StickgenError(f"action {clean(name, limit=80)}: the model knows no such action; {hint}")


def _weight(name: str, written: str) -> float:
    try:
        weight = float(written)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight) or weight <= 0:
        raise StickgenError(
            f"action {clean(name, limit=80)}: its weight {clean(written, limit=40)!r} must be a number above 0"
        )
    return weight
