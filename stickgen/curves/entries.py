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
        lows, highs = self.lows, self.highs
        return [
            (column, lows[start], highs[start])
            if end == start + 1
            else (column, min(lows[start:end]), max(highs[start:end]))
            for column, start, end in self._spans(edges)
        ]

    def smooth(self, edges: Sequence[float], half: float) -> list[tuple[int, float]]:
        """(column, mean of the points up to `half` points away from its middle) of every column with an entry.

        The window shrinks where points end, and stays centred, so that the curve does not hang behind. It adds up
        what it sees instead of subtracting running sums: after a value of 1e17 those know nothing of values near 1.
        """
        columns, sums, counts = self._cells(edges)
        before = [0, *accumulate(counts)]
        most = before[-1]
        out: list[tuple[int, float]] = []
        start = end = 0  # of the window; both only ever move on
        for at, column in enumerate(columns):
            if column is None:
                continue
            place = before[at] + counts[at] / 2
            reach = min(half, place, most - place)
            start = bisect_left(before, place - reach, start)
            end = bisect_right(before, place + reach, end) - 1
            first, last = min(start, at), max(end, at + 1)
            out.append((column, sum(sums[first:last]) / (before[last] - before[first])))
            end = max(end, 0)
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
        own_sums, own_counts = self.sums, self.counts
        more: list[int | None] = [None] * (len(self.xs) - last)
        if last - first <= PER_CELL * len(spans):
            for column, start, end in spans:
                cell: list[int | None] = [None] * (end - start)
                cell[(end - start - 1) // 2] = column
                columns += cell
            return columns + more, own_sums.tolist(), own_counts
        columns += [column for column, _, _ in spans]
        sums = [sum(own_sums[start:end]) for _, start, end in spans]
        usual = own_counts[first]
        if own_counts.count(usual) == len(own_counts):
            counts = [usual * (end - start) for _, start, end in spans]
        else:
            counts = [sum(own_counts[start:end]) for _, start, end in spans]
        return (
            columns + more,
            [*own_sums[:first], *sums, *own_sums[last:]],
            [*own_counts[:first], *counts, *own_counts[last:]],
        )

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
