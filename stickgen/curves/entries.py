"""A stretch of a curve as it is drawn: entries of one or several points each, by their extremes and their sums."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, repeat

PER_CELL = 3  # entries a column on average, beyond which smoothing adds up whole columns


def doubles(start: tuple[float, ...] = ()) -> array[float]:
    """An array of floats."""
    return array("d", start)


@dataclass
class Entries:
    """Parallel arrays: the first x, the smallest and the largest value, the sum and the number of points."""

    xs: array[float] = field(default_factory=doubles)
    lows: array[float] = field(default_factory=doubles)
    highs: array[float] = field(default_factory=doubles)
    sums: array[float] = field(default_factory=doubles)
    counts: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.xs)

    def add(
        self, xs: array[float], lows: array[float], highs: array[float], sums: array[float], points: int
    ) -> None:
        """Add entries of so many points each."""
        self.xs += xs
        self.lows += lows
        self.highs += highs
        self.sums += sums
        self.counts.extend(repeat(points, len(xs)))

    def join(self, more: Entries) -> None:
        """Add the entries of another stretch, which lies past this one."""
        self.xs += more.xs
        self.lows += more.lows
        self.highs += more.highs
        self.sums += more.sums
        self.counts += more.counts

    def columns(self, edges: Sequence[float]) -> list[tuple[int, float, float]]:
        """(column, smallest, largest) of every column that holds an entry; the last one includes its right edge."""
        out: list[tuple[int, float, float]] = []
        for column, start, end in self._spans(edges):
            if end == start + 1:
                out.append((column, self.lows[start], self.highs[start]))
            else:
                out.append((column, min(self.lows[start:end]), max(self.highs[start:end])))
        return out

    def smooth(self, edges: Sequence[float], half: float) -> list[tuple[int, float]]:
        """(column, mean of the points up to `half` points away from its middle) of every column with an entry.

        The window shrinks where points end, and stays centred, so that the curve does not hang behind. It adds up
        what it sees instead of subtracting running sums: after a value of 1e17 those know nothing of values near 1.
        """
        columns, sums, counts = self._cells(edges)
        before = [0, *accumulate(counts)]
        out: list[tuple[int, float]] = []
        for at, column in enumerate(columns):
            if column is None:
                continue
            place = before[at] + counts[at] / 2
            reach = min(half, place, before[-1] - place)
            start = min(bisect_left(before, place - reach), at)
            end = max(bisect_right(before, place + reach) - 1, at + 1)
            out.append((column, sum(sums[start:end]) / (before[end] - before[start])))
        return out

    def _cells(self, edges: Sequence[float]) -> tuple[list[int | None], list[float], list[int]]:
        """What a smoothing window is made of: (column or None outside of them, sum, points) of each cell.

        A cell is an entry where there are few, and all of a column where there are many.
        """
        spans = self._spans(edges)
        if not spans:
            return [], [], []
        first, last = spans[0][1], spans[-1][2]
        columns: list[int | None] = [None] * first
        sums, counts = list(self.sums[:first]), self.counts[:first]
        one_by_one = last - first <= PER_CELL * len(spans)
        for column, start, end in spans:
            if one_by_one:
                middle = (start + end - 1) // 2
                columns.extend(column if at == middle else None for at in range(start, end))
                sums += self.sums[start:end]
                counts += self.counts[start:end]
            else:
                columns.append(column)
                sums.append(sum(self.sums[start:end]))
                counts.append(sum(self.counts[start:end]))
        more = len(self.xs) - last
        return columns + [None] * more, sums + list(self.sums[last:]), counts + self.counts[last:]

    def _spans(self, edges: Sequence[float]) -> list[tuple[int, int, int]]:
        """(column, first entry, entry past the last) of every column that holds an entry."""
        out: list[tuple[int, int, int]] = []
        xs, last = self.xs, len(edges) - 2
        start = bisect_left(xs, edges[0])
        if start and self.counts[start - 1] > 1:
            start -= 1  # a group that begins before the first edge reaches past it
        for column in range(last + 1):
            right = edges[column + 1]
            end = bisect_right(xs, right, start) if column == last else bisect_left(xs, right, start)
            if end > start:
                out.append((column, start, end))
                start = end
        return out
