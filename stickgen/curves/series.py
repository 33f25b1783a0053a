"""The points of one curve, kept so that any width can be drawn from any length at the same small cost.

The newest points are kept as they are. All points are also kept in levels: a level's entry is the first x, the
smallest and the largest value and the sum of sixteen entries of the level below. Drawing takes entries of the coarsest level that
is still finer than the dots, so that a spike never vanishes and a redraw touches a few thousand numbers at most.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import lt

from stickgen.curves.entries import Entries, doubles

GROUP = 16  # entries of a level that are one entry of the next
KEPT = 32_768  # of the newest points, as they are; a multiple of GROUP
PER_DOT = 2  # entries of a level that fall on a column of dots, at least


@dataclass
class Level:
    """Whole groups of points, each by its first x, its smallest and largest value and its sum."""

    xs: array[float] = field(default_factory=doubles)
    lows: array[float] = field(default_factory=doubles)
    highs: array[float] = field(default_factory=doubles)
    sums: array[float] = field(default_factory=doubles)

    def __len__(self) -> int:
        return len(self.xs)

    def cut(self, length: int) -> None:
        """Keep the first `length` entries."""
        for part in (self.xs, self.lows, self.highs, self.sums):
            del part[length:]

    def add(self, xs: array[float], lows: array[float], highs: array[float], sums: array[float]) -> None:
        """Add an entry for each GROUP of these, whose number it must divide."""
        self.xs.extend(xs[::GROUP])
        groups = _groups(lows)
        if sums is highs is lows:  # points: the extremes of each group by one call
            ordered = list(map(sorted, groups))
            self.lows.extend(array("d", [group[0] for group in ordered]))
            self.highs.extend(array("d", [group[-1] for group in ordered]))
            self.sums.extend(array("d", list(map(sum, groups))))
            return
        self.lows.extend(array("d", list(map(min, groups))))
        self.highs.extend(array("d", list(map(max, _groups(highs)))))
        self.sums.extend(array("d", list(map(sum, _groups(sums)))))


@dataclass(frozen=True)
class Detail:
    """All points of a series from one x to another."""

    low_x: float
    high_x: float
    points: Series

    def covers(self, low_x: float, high_x: float) -> bool:
        """Whether it has all there is between these."""
        return self.low_x <= low_x and high_x <= self.high_x


@dataclass
class Series:
    """Points in the order of their x; y is finite. What is not finite is counted instead.

    `xs` and `ys` are the newest points, at least KEPT of them if there are so many; `first` points came before.
    """

    xs: array[float] = field(default_factory=doubles)
    ys: array[float] = field(default_factory=doubles)
    not_finite: int = 0
    first: int = 0
    levels: list[Level] = field(default_factory=list)
    cut_too_deep: bool = False  # points were replaced that are only known by groups: read the log again
    ahead: Series | None = None  # points from further on that were read before those in between
    detail: Detail | None = None  # a stretch of old points, read once more to be seen closely

    def __len__(self) -> int:
        return self._count + (len(self.ahead) if self.ahead is not None else 0)

    @property
    def _count(self) -> int:
        return self.first + len(self.xs)

    @property
    def last(self) -> float | None:
        """The newest value."""
        if self.ahead is not None and self.ahead.ys:
            return self.ahead.last
        return self.ys[-1] if self.ys else None

    @property
    def first_x(self) -> float | None:
        """The x of the oldest point."""
        if self.first:
            return self.levels[0].xs[0]
        return self.xs[0] if self.xs else self.ahead.first_x if self.ahead is not None else None

    @property
    def last_x(self) -> float | None:
        """The x of the newest point."""
        if self.ahead is not None and self.ahead.xs:
            return self.ahead.last_x
        return self.xs[-1] if self.xs else None

    def append(self, x: float, y: float) -> None:
        """Add a point. A run that resumed from an older checkpoint goes back in x: its former tail is cut."""
        if not math.isfinite(y):
            self.not_finite += 1
            return
        self._cut(x)
        self.xs.append(x)
        self.ys.append(y)
        self._group()

    def extend(self, xs: Sequence[float], ys: Sequence[float], *, rising: bool | None = None) -> None:
        """Add many points; the common case, all finite and in order, goes without a loop.

        `rising` says that the xs are known to rise, or not to.
        """
        if rising is None:
            rising = all(map(lt, xs, islice(xs, 1, None)))
        # the sum of what is not finite is not finite
        if not rising or not math.isfinite(sum(ys)):
            for x, y in zip(xs, ys, strict=True):
                self.append(x, y)
            return
        if not xs:
            return
        self._cut(xs[0])
        self.xs.extend(xs)
        self.ys.extend(ys)
        self._group()

    def forget_old_points(self) -> None:
        """Keep of the old points only what the levels say of them."""
        drop = (len(self.xs) - KEPT) // GROUP * GROUP
        if drop >= KEPT // 2:
            del self.xs[:drop], self.ys[:drop]
            self.first += drop

    def columns(self, low_x: float, high_x: float, width: int) -> list[tuple[int, float, float]]:
        """(column, smallest, largest) of every column of `width` between the two x that holds a point."""
        return self.entries(low_x, high_x, width).columns(straight_edges(low_x, high_x, width))

    def smooth(self, low_x: float, high_x: float, width: int, share: float) -> list[tuple[int, float]]:
        """(column, mean over a window of `share` of the points seen, centred there), as far as points go."""
        return self.smooth_at(straight_edges(low_x, high_x, width), share)

    def columns_at(self, edges: Sequence[float]) -> list[tuple[int, float, float]]:
        """As `columns`, for the columns between these rising x."""
        return self.entries(edges[0], edges[-1], len(edges) - 1).columns(edges)

    def smooth_at(self, edges: Sequence[float], share: float) -> list[tuple[int, float]]:
        """As `smooth`, for the columns between these rising x. The window reaches past them if there are points."""
        if self.detail is not None and self.detail.covers(edges[0], edges[-1]):
            return self.detail.points.smooth_at(edges, share)
        start, end = self._place(edges[0]), self._place(edges[-1], after=True)
        half = max(int((end - start) * share / 2), 1) + 0.5
        reach = math.ceil(half) + GROUP
        wide = self._between(
            max(start - reach, 0), min(end + reach, self._count), self._level(end - start, len(edges))
        )
        return self._with_ahead(wide, edges[-1]).smooth(edges, half)

    def extent(self, low_x: float, high_x: float) -> tuple[float, float] | None:
        """Smallest and largest y between the two x."""
        found = self.entries(low_x, high_x, GROUP)
        return (min(found.lows), max(found.highs)) if len(found) else None

    @property
    def whole_extent(self) -> tuple[float, float] | None:
        """Smallest and largest y of all points."""
        low_x, high_x = self.first_x, self.last_x
        return None if low_x is None or high_x is None else self.extent(low_x, high_x)

    def entries(self, low_x: float, high_x: float, width: int) -> Entries:
        """What there is between two x (both included), at least PER_DOT × `width` entries if there are as many."""
        if self.detail is not None and self.detail.covers(low_x, high_x):
            return self.detail.points.entries(low_x, high_x, width)
        start, end = self._place(low_x), self._place(high_x, after=True)
        found = self._between(start, end, self._level(end - start, width))
        return self._with_ahead(found, high_x, low_x)

    def coarse_between(self, low_x: float, high_x: float) -> int:
        """How many points there are between two x if some are only known by groups; 0 if each is known."""
        if not self.first or low_x >= self.xs[0]:
            return 0
        if self.detail is not None and self.detail.covers(low_x, high_x):
            return 0
        return self._place(high_x, after=True) - self._place(low_x)

    def near(self, x: float) -> tuple[float, float, float, float] | None:
        """(x, mean, smallest, largest) of the newest point at or before `x`, or of the group that it is in."""
        if self.ahead is not None and self.ahead.xs and x >= self.ahead.xs[0]:
            return self.ahead.near(x)
        if self.xs and (x >= self.xs[0] or not self.first):
            at = max(bisect_right(self.xs, x) - 1, 0)
            return self.xs[at], self.ys[at], self.ys[at], self.ys[at]
        if not self.first:
            return None
        if self.detail is not None and self.detail.covers(x, x):
            return self.detail.points.near(x)
        level = self.levels[0]
        at = max(bisect_right(level.xs, x) - 1, 0)
        return level.xs[at], level.sums[at] / GROUP, level.lows[at], level.highs[at]

    # -- points by their number, from 0

    def _place(self, x: float, *, after: bool = False) -> int:
        """The number of the first point at or past `x` (`after`: past it), or of the group where it may be."""
        if not self.first or (self.xs and x >= self.xs[0]):
            return self.first + (bisect_right if after else bisect_left)(self.xs, x)
        groups = self.levels[0].xs
        place = bisect_right(groups, x)
        return min(GROUP * (place if after else max(place - 1, 0)), self.first)

    def _level(self, points: int, width: int) -> int:
        """The coarsest level whose entries are fine enough for `width` columns; 0 are the points themselves."""
        level = 0
        while points >= PER_DOT * max(width, 1) * GROUP ** (level + 1) and level < len(self.levels):
            level += 1
        return level

    def _between(self, start: int, end: int, level: int) -> Entries:
        """The points from number `start` to `end`, as entries of `level`, finer ones at both ends."""
        out = Entries()
        self._collect(out, start, end, level)
        return out

    def _collect(self, out: Entries, start: int, end: int, level: int) -> None:
        if start >= end:
            return
        if level == 0:
            if start < self.first:  # only known by groups
                groups = slice(start // GROUP, -(-min(end, self.first) // GROUP))
                self._take(out, groups, 1)
                start = self.first
            if start < end:
                points = slice(start - self.first, end - self.first)
                ys = self.ys[points]
                out.add(self.xs[points], ys, ys, ys, 1)
            return
        size = GROUP**level
        first, last = -(-start // size), min(end // size, len(self.levels[level - 1]))
        if first >= last:
            self._collect(out, start, end, level - 1)
            return
        self._collect(out, start, first * size, level - 1)
        self._take(out, slice(first, last), level)
        self._collect(out, last * size, end, level - 1)

    def _take(self, out: Entries, part: slice, level: int) -> None:
        found = self.levels[level - 1]
        out.add(found.xs[part], found.lows[part], found.highs[part], found.sums[part], GROUP**level)

    def _with_ahead(self, found: Entries, high_x: float, low_x: float = -math.inf) -> Entries:
        if self.ahead is not None and (not self.xs or high_x > self.xs[-1]):
            after = math.nextafter(self.xs[-1], math.inf) if self.xs else -math.inf
            more = self.ahead.entries(max(low_x, after), high_x, 10**9)
            found.join(more)
        return found

    def _cut(self, x: float) -> None:
        """Take away the points at and past `x`."""
        if not self.xs or x > self.xs[-1]:
            return
        if self.detail is not None and x <= self.detail.high_x:
            self.detail = None
        keep = bisect_left(self.xs, x)
        if keep == 0 and self.first:
            self.cut_too_deep = True
        del self.xs[keep:], self.ys[keep:]
        size = GROUP
        for level in self.levels:
            level.cut(self._count // size)
            size *= GROUP

    def _group(self) -> None:
        """Add what has become whole to the levels."""
        if self._count // GROUP == (len(self.levels[0]) if self.levels else 0):
            return
        if not self.levels:
            self.levels.append(Level())
        start, end = len(self.levels[0]) * GROUP - self.first, self._count // GROUP * GROUP - self.first
        ys = self.ys[start:end]
        self.levels[0].add(self.xs[start:end], ys, ys, ys)
        below = 0
        while len(self.levels[below]) >= GROUP:
            if below + 1 == len(self.levels):
                self.levels.append(Level())
            fine, coarse = self.levels[below], self.levels[below + 1]
            part = slice(len(coarse) * GROUP, len(fine) // GROUP * GROUP)
            if part.start < part.stop:
                coarse.add(fine.xs[part], fine.lows[part], fine.highs[part], fine.sums[part])
            below += 1


def straight_edges(low_x: float, high_x: float, width: int) -> list[float]:
    """The edges of `width` columns whose first is centred on `low_x` and whose last on `high_x`."""
    step = (high_x - low_x) / max(width - 1, 1)
    inner = [low_x + step * (column - 0.5) for column in range(1, width)]
    return [low_x, *inner, high_x] if high_x > low_x else [low_x] * (width + 1)


def _groups(values: array[float]) -> list[tuple[float, ...]]:
    return list(zip(*[iter(values)] * GROUP, strict=False))
