"""What a person chose for the charts of one run: limits of y and the part of x, found again when the run is opened."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stickgen_tui.following.clock import Over
from stickgen_tui.remembered import recall

REMEMBERED = "charts.runs"
MOST_RUNS = 50  # whose choices are kept

Limits = tuple[float, float]


@dataclass(frozen=True)
class RunCharts:
    """`limits` are of y, by curve; `window` is the part of x that is seen, None for all of it, along `over`."""

    limits: Mapping[str, Limits] = field(default_factory=dict)
    window: Limits | None = None
    over: Over = Over.STEP

    def limited(self, curve: str, limits: Limits | None) -> RunCharts:
        """With these limits of a curve; None leaves it free again."""
        others = {name: own for name, own in self.limits.items() if name != curve}
        return replace(self, limits=others if limits is None else {**others, curve: limits})

    def window_over(self, over: Over) -> Limits | None:
        """The part of x that was seen, if it was chosen along the same."""
        return self.window if over == self.over else None

    def to_json(self) -> dict[str, Any]:
        """What is kept, as `_from_json` reads it."""
        return {"limits": dict(self.limits), "window": self.window, "over": str(self.over)}


def charts_of(run: Path) -> RunCharts:
    """What was chosen for a run, as far as it can be used."""
    kept = recall(REMEMBERED)
    return _from_json(kept.get(str(run)) if isinstance(kept, Mapping) else None)


def with_run(run: Path, charts: RunCharts) -> dict[str, Any] | None:
    """What is to be remembered of all runs with these of one: the newest choice last, the oldest given up."""
    kept = recall(REMEMBERED)
    runs = (
        {name: value for name, value in kept.items() if name != str(run)} if isinstance(kept, Mapping) else {}
    )
    if charts.limits or charts.window is not None:
        runs[str(run)] = charts.to_json()
    return dict(list(runs.items())[-MOST_RUNS:]) or None


def read_limits(text: str) -> Limits | None:
    """`0.1 0.5`, `0.1 to 0.5` or `0.1, 0.5`; None for nothing. Raises ValueError with what is wrong."""
    words = text.replace(",", " ").replace("…", " ").replace(" to ", " ").split()
    if not words:
        return None
    try:
        low, high = map(float, words)
    except ValueError:
        raise ValueError("two numbers, the lower one first: 0.1 0.5") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError("the first number must be below the second, and both finite")
    return low, high


def _from_json(value: Any) -> RunCharts:
    if not isinstance(value, Mapping):
        return RunCharts()
    limits = value.get("limits")
    found = (
        {name: pair for name, two in limits.items() if (pair := _pair(two))}
        if isinstance(limits, Mapping)
        else {}
    )
    over = value.get("over")
    return RunCharts(found, _pair(value.get("window")), Over(over) if over in set(Over) else Over.STEP)


def _pair(value: Any) -> Limits | None:
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(isinstance(end, int | float) for end in value)
    ):
        return None
    low, high = map(float, value)
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None
