"""Other things than the step that a curve can be drawn over: epochs, wall time, clips seen. All of them rise with it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from stickgen.curves.series import GROUP, Series
from stickgen.run_contract import Field


class Over(StrEnum):
    """What lies along the x axis."""

    STEP = "step"
    EPOCH = "epoch"
    TIME = "wall time"  # since the first record, pauses included
    CLIPS = "clips seen"


@dataclass(frozen=True)
class Clock:
    """What each of those was at a step, by the records of training; what is not known is the step itself."""

    series: Mapping[str, Series] = field(default_factory=dict)  # History's clocks
    clips: int = 0  # that are trained on in an epoch; 0: not known

    def knows(self, over: Over) -> bool:
        """Whether curves of this run can be drawn over that."""
        if over is Over.STEP:
            return True
        return bool(len(self.series.get(_FIELDS[over], ()))) and (over is not Over.CLIPS or self.clips > 0)

    def at(self, over: Over, step: float) -> float:
        """How much of it there was at a step: epochs, seconds or clips."""
        if not self.knows(over) or over is Over.STEP:
            return step
        series = self.series[_FIELDS[over]]
        value = _between(series, step, from_x=True)
        if over is Over.TIME:
            return value - _first(series)
        return value * self.clips if over is Over.CLIPS else value

    def step(self, over: Over, value: float) -> float:
        """The step at which there was so much of it."""
        if not self.knows(over) or over is Over.STEP:
            return value
        series = self.series[_FIELDS[over]]
        if over is Over.TIME:
            value += _first(series)
        return _between(series, value / self.clips if over is Over.CLIPS else value, from_x=False)

    def moment(self, step: float) -> float | None:
        """When that step was logged, in seconds since 1970; None if that is not known."""
        series = self.series.get(Field.TIME)
        return _between(series, step, from_x=True) if series is not None and len(series) else None


_FIELDS = {Over.EPOCH: Field.EPOCH, Over.TIME: Field.TIME, Over.CLIPS: Field.EPOCH}


def clips_in_an_epoch(identity: Mapping[str, Any]) -> int:
    """How many clips a run trains on, by its run.json; 0 if that does not say."""
    facts = identity.get("dataset")
    if not isinstance(facts, dict):
        return 0
    clips, held_out = facts.get("clips"), facts.get("clips_val", 0)
    return max(clips - held_out, 0) if isinstance(clips, int) and isinstance(held_out, int) else 0


def _first(series: Series) -> float:
    parts = _parts(series)
    return parts[0][1][0] if parts else 0.0


def _parts(series: Series) -> list[tuple[array[float], array[float], int]]:
    """(x, value, how many of them) of its points, those only known by groups first: the first value is the lowest."""
    out = []
    if series.first:
        level = series.levels[0]
        out.append((level.xs, level.lows, series.first // GROUP))
    if series.xs:
        out.append((series.xs, series.ys, len(series.xs)))
    if series.ahead is not None:
        out += _parts(series.ahead)
    return out


def _between(series: Series, value: float, *, from_x: bool) -> float:
    """The y at an x, or the x at a y, on the line from point to point; before and past all of them, the nearest."""
    parts = _parts(series)
    sides = [(xs, ys, count) if from_x else (ys, xs, count) for xs, ys, count in parts]
    number = next((n for n in range(len(sides) - 1, -1, -1) if value >= sides[n][0][0]), None)
    if number is None:
        return sides[0][1][0]
    known, wanted, count = sides[number]
    at = bisect_right(known, value, 0, count) - 1
    if at + 1 < count:
        next_known, next_wanted = known[at + 1], wanted[at + 1]
    elif number + 1 < len(sides):
        next_known, next_wanted = sides[number + 1][0][0], sides[number + 1][1][0]
    else:
        return wanted[at]
    if next_known <= known[at]:
        return wanted[at]
    return wanted[at] + (next_wanted - wanted[at]) * (value - known[at]) / (next_known - known[at])
