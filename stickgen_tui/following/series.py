"""The points of one curve, kept so that any width can be drawn from any length at the same small cost.

Memory is 24 bytes a point. A redraw asks per column of dots, by bisection, for the smallest and largest
value (so a spike never vanishes) and for the mean of a window around it (prefix sums make that two
look-ups, however wide the window).
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from operator import lt


def _doubles(start: tuple[float, ...] = ()) -> array[float]:
    return array("d", start)


@dataclass
class Series:
    """Points in the order of their x; y is finite. What is not finite is counted instead."""

    xs: array[float] = field(default_factory=_doubles)
    ys: array[float] = field(default_factory=_doubles)
    not_finite: int = 0
    _sums: array[float] = field(default_factory=lambda: _doubles((0.0,)))

    def __len__(self) -> int:
        return len(self.xs)

    @property
    def last(self) -> float | None:
        return self.ys[-1] if self.ys else None

    def append(self, x: float, y: float) -> None:
        """Add a point. A run that resumed from an older checkpoint goes back in x: its former tail is cut."""
        if not math.isfinite(y):
            self.not_finite += 1
            return
        if self.xs and x <= self.xs[-1]:
            keep = bisect_left(self.xs, x)
            del self.xs[keep:], self.ys[keep:], self._sums[keep + 1 :]
        self.xs.append(x)
        self.ys.append(y)
        self._sums.append(self._sums[-1] + y)

    def extend(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """Add many points; the common case, all finite and in order, goes without a loop."""
        rising = all(map(lt, xs, islice(xs, 1, None))) and (not self.xs or not xs or xs[0] > self.xs[-1])
        if not rising or not all(map(math.isfinite, ys)):
            for x, y in zip(xs, ys, strict=True):
                self.append(x, y)
            return
        self.xs.extend(xs)
        self.ys.extend(ys)
        self._sums.extend(islice(accumulate(ys, initial=self._sums[-1]), 1, None))

    def columns(self, low_x: float, high_x: float, width: int) -> list[tuple[int, float, float]]:
        """(column, smallest, largest) of every column of `width` between the two x that holds a point."""
        out: list[tuple[int, float, float]] = []
        span = high_x - low_x
        if not self.xs or width < 1:
            return out
        if len(self.xs) <= width:
            for x, y in zip(self.xs, self.ys, strict=True):
                if low_x <= x <= high_x:
                    out.append((_column(x, low_x, span, width), y, y))
            return out
        start = bisect_left(self.xs, low_x)
        for column in range(width):
            edge = low_x + span * (column + 0.5) / max(width - 1, 1)
            end = bisect_right(self.xs, edge, start)
            if end > start:
                part = self.ys[start:end]
                out.append((column, min(part), max(part)))
                start = end
        return out

    def smooth(self, low_x: float, high_x: float, width: int, share: float) -> list[tuple[int, float]]:
        """(column, mean over a window of `share` of the points seen, centred there), as far as points go."""
        first, end = bisect_left(self.xs, low_x), bisect_right(self.xs, high_x)
        half = max(int((end - first) * share / 2), 1)
        span = high_x - low_x

        def mean(index: int) -> float:
            # the window shrinks at the ends, and stays centred, so that the curve does not hang behind
            reach = min(half, index - first, end - 1 - index)
            low, high = index - reach, index + reach + 1
            return (self._sums[high] - self._sums[low]) / (high - low)

        if end - first <= width:
            return [(_column(self.xs[at], low_x, span, width), mean(at)) for at in range(first, end)]
        out: list[tuple[int, float]] = []
        for column in range(width):
            index = bisect_right(self.xs, low_x + span * column / max(width - 1, 1)) - 1
            if first <= index < end:
                out.append((column, mean(index)))
        return out

    def extent(self, low_x: float, high_x: float) -> tuple[float, float] | None:
        """Smallest and largest y between the two x."""
        start, end = bisect_left(self.xs, low_x), bisect_right(self.xs, high_x)
        if end <= start:
            return None
        part = self.ys[start:end]
        return min(part), max(part)


def _column(x: float, low_x: float, span: float, width: int) -> int:
    return round((x - low_x) / span * (width - 1)) if span > 0 else 0
