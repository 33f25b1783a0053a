"""Scales and ticks: where a value lies on an axis, and which round numbers stand beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Scale:
    """A mapping of values onto 0…1, linear or logarithmic (then only of values above 0)."""

    low: float
    high: float
    log: bool = False

    def position(self, value: float) -> float:
        """0 at `low`, 1 at `high`; clipped to 0…1."""
        if self.log and value <= 0:
            return 0.0
        return min(max(self.share(value), 0.0), 1.0)

    def share(self, value: float) -> float:
        """0 at `low`, 1 at `high`, below and above them outside of that; on a logarithmic scale only of what is above 0."""
        low, high = self._ends
        value = math.log(value) if self.log else value
        return (value - low) / (high - low) if high > low else 0.5

    def at(self, share: float) -> float:
        """The value at a share of the scale: the inverse of `share`."""
        low, high = self._ends
        value = low + (high - low) * share
        return math.exp(value) if self.log else value

    @cached_property
    def _ends(self) -> tuple[float, float]:
        return (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)

    def rows(self, values: Sequence[float], bottom: int) -> list[int]:
        """Which row of dots each value lies in, of 0 (top) to `bottom`."""
        low, high = self._ends
        per_row = bottom / (high - low) if high > low else 0.0
        if self.log:
            log = math.log
            found = [round((high - log(value)) * per_row) if value > 0 else bottom for value in values]
        else:
            found = [round((high - value) * per_row) for value in values]
        if found and (min(found) < 0 or max(found) > bottom):
            return [min(max(row, 0), bottom) for row in found]
        return found

    def edges(self, width: int) -> list[float]:
        """The values between which `width` columns lie, the first centred on `low` and the last on `high`."""
        low, high = self._ends
        step = (high - low) / max(width - 1, 1)
        inner = [low + step * (column - 0.5) for column in range(1, width)]
        if self.log:
            inner = list(map(math.exp, inner))
        return [self.low, *inner, self.high]

    def part(self, first: float, last: float) -> Scale:
        """The scale from one share of this one to another."""
        return Scale(self.at(first), self.at(last), self.log)


def value_scale(low: float, high: float, log: bool) -> Scale:
    """A scale that shows `low`…`high` with a little air; a logarithm is used only where all is above 0."""
    if log and low > 0:
        if high / low < 1.05:
            low, high = low / 1.05, high * 1.05
        air = (high / low) ** 0.04
        return Scale(low / air, high * air, log=True)
    if high - low < 1e-12 * max(abs(low), abs(high), 1e-12):
        pad = abs(high) * 0.1 or 1.0
        return Scale(low - pad, high + pad)
    air = (high - low) * 0.05
    return Scale(max(low - air, 0.0) if low >= 0 else low - air, high + air)


def steady(new: Scale, before: Scale | None) -> Scale:
    """The scale to draw with: the one before, as long as it holds all of `new` and `new` fills most of it.

    So the labels of a live chart stay where they are, and move once when they must.
    """
    if before is None or before.log != new.log or new.low < before.low or new.high > before.high:
        return new
    filled = before.share(new.high) - before.share(new.low)
    return before if filled > 0.7 else new


def round_step(span: float, count: int) -> float:
    """The step of 1, 2 or 5 times a power of ten that cuts `span` into at most `count` parts."""
    raw = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    for factor in (1, 2, 5, 10):
        if factor * power >= raw * (1 - 1e-9):
            return factor * power
    return 10 * power


def ticks(scale: Scale, count: int) -> list[float]:
    """Round values inside the scale, about `count` of them; a logarithmic one gets 1, 2, 5 or decades."""
    if scale.high <= scale.low:
        return [scale.low]
    if scale.log:
        out = _log_ticks(scale, count)
        if len(out) >= 2:
            return out
    step = round_step(scale.high - scale.low, count)
    first = math.ceil(scale.low / step - 1e-9)
    last = math.floor(scale.high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def _log_ticks(scale: Scale, count: int) -> list[float]:
    first, last = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
    out: list[float] = []
    for factors in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        out = [f * 10.0**d for d in range(first, last + 1) for f in factors]
        out = [value for value in out if scale.low <= value <= scale.high]
        if len(out) <= count:
            return out
    keep = math.ceil(len(out) / max(count, 1))
    return out[::keep]


def tick_text(value: float, step: float) -> str:
    """`value` with just the decimals that a step of `step` needs: `0.25`, `1,500`, `2e-05`."""
    size = abs(value)
    if size < step * 1e-6:
        return "0"
    if size < 1e-3 or size >= 1e7:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return f"{value:,.{decimals}f}"


def value_labels(scale: Scale, rows: int) -> dict[int, str]:
    """Row of cells → the tick beside it; no two on neighbouring rows."""
    marks = ticks(scale, max(rows // 3, 3))
    step = min(
        (b - a for a, b in zip(marks, marks[1:], strict=False)), default=abs(marks[0]) if marks else 1.0
    )
    out: dict[int, str] = {}
    for number, value in enumerate(marks):
        row = round((1 - scale.position(value)) * (rows * 4 - 1)) // 4
        if row not in out and row - 1 not in out and row + 1 not in out:
            # on a logarithmic axis the neighbours say how exact a number must be
            gaps = [abs(value - near) for near in marks[max(number - 1, 0) : number + 2] if near != value]
            out[row] = tick_text(value, min([abs(value), *gaps]) if scale.log else step)
    return out


def count_tick_text(value: float, largest: float) -> str:
    """A step number on an x axis that reaches `largest`: `900`, `12k`, `1.5M`; one unit along an axis."""
    if value == 0:
        return "0"
    for size, scale, unit in ((1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if largest >= size:
            return f"{value / scale:g}{unit}"
    return f"{value:g}"
