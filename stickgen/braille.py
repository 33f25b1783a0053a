"""A canvas of braille dots, for figures and curves in a terminal: a character is two dots wide and four high."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row, by column of the cell
EMPTY_CELL = 0x2800
# the dots of a stroke within a cell, by its side, its first and its last row
_UPRIGHTS = tuple(
    tuple(
        tuple(sum(_DOTS[y][side] for y in range(top, bottom + 1)) for bottom in range(4)) for top in range(4)
    )
    for side in range(2)
)


def braille_text(cells: bytes | bytearray, blank: str = " ") -> str:
    """A row of cells, a bit for each dot, as characters; `blank` stands for a cell without a dot."""
    return cells.decode("latin-1").translate(_characters(blank))


@functools.cache
def _characters(blank: str) -> dict[int, str]:
    """A table for `str.translate`."""
    return {0: blank, **{bits: chr(EMPTY_CELL + bits) for bits in range(1, 256)}}


class BrailleCanvas:
    """A grid of characters with 2 × 4 dots each; (0, 0) is the dot at the top left.

    What lies outside the grid is clipped, however far outside: a model early in training draws anywhere.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.width, self.height = 2 * columns, 4 * rows  # in dots
        self.cells = [bytearray(columns) for _ in range(rows)]  # the dots of each character, a bit each

    def dot(self, x: int, y: int) -> None:
        """Set one dot."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self.cells[y >> 2][x >> 1] |= _DOTS[y & 3][x & 1]

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Set the dots from one point to another, both included."""
        inside = self._clip(x0, y0, x1, y1)
        if inside is None:
            return
        x0, y0, x1, y1 = inside
        steps = max(round(max(abs(x1 - x0), abs(y1 - y0))), 1)
        for step in range(steps + 1):
            part = step / steps
            self.dot(round(x0 + (x1 - x0) * part), round(y0 + (y1 - y0) * part))

    def circle(self, x: float, y: float, radius: float) -> None:
        """Set the dots of a circle's edge."""
        for dx, dy in _edge(radius, min(int(radius + 1), self.width + self.height)):
            self.dot(round(x) + dx, round(y) + dy)

    def upright(self, x: int, top: int, bottom: int) -> None:
        """Set the dots of a vertical stroke, both ends included."""
        self.uprights(((x, top, bottom),))

    def uprights(self, strokes: Iterable[tuple[int, int, int]]) -> None:
        """Set the dots of many vertical strokes, each as (x, one end, the other)."""
        cells, width, lowest = self.cells, self.width, self.height - 1
        for x, top, bottom in strokes:
            if top > bottom:
                top, bottom = bottom, top
            if top < 0:
                top = 0
            if bottom > lowest:
                bottom = lowest
            if not 0 <= x < width or top > bottom:
                continue
            column, own, first, last = x >> 1, _UPRIGHTS[x & 1], top >> 2, bottom >> 2
            if first == last:
                cells[first][column] |= own[top & 3][bottom & 3]
                continue
            cells[first][column] |= own[top & 3][3]
            for row in range(first + 1, last):
                cells[row][column] |= own[0][3]
            cells[last][column] |= own[0][bottom & 3]

    def dashes(self, y: int, on: int = 4, off: int = 4) -> None:
        """Set the dots of a dashed horizontal line."""
        for x in range(self.width):
            if x % (on + off) < on:
                self.dot(x, y)

    def path(self, points: Sequence[tuple[int, int]]) -> None:
        """Join points by uprights, which suits a curve with one value a column: steep parts stay thin."""
        if not points:
            return
        self.dot(*points[0])
        self.uprights(_joined(points))

    def rows(self, blank: str = chr(EMPTY_CELL)) -> list[str]:
        """The canvas as lines of characters, from top to bottom; `blank` stands in a cell without a dot."""
        return [braille_text(row, blank) for row in self.cells]

    def _clip(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float] | None:
        """The part of a segment that can be seen (Liang and Barsky); None if there is none."""
        dx, dy = x1 - x0, y1 - y0
        first, last = 0.0, 1.0
        for slope, room in (
            (-dx, x0 + 0.5), (dx, self.width - 0.5 - x0),
            (-dy, y0 + 0.5), (dy, self.height - 0.5 - y0),
        ):  # fmt: skip
            if slope == 0:
                if room < 0:
                    return None
            elif slope < 0:
                first = max(first, room / slope)
            else:
                last = min(last, room / slope)
        if not first <= last:
            return None
        return x0 + first * dx, y0 + first * dy, x0 + last * dx, y0 + last * dy


@functools.lru_cache(maxsize=32)
def _edge(radius: float, reach: int) -> tuple[tuple[int, int], ...]:
    """The dots of a circle's edge around its middle, up to `reach` away: the same in every picture of a motion."""
    span = range(-reach, reach + 1)
    return tuple((dx, dy) for dy in span for dx in span if abs((dx * dx + dy * dy) ** 0.5 - radius) < 0.5)


def _joined(points: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """The strokes that join points: each column takes the dots from just past its neighbour's height to its own."""
    x0, before = points[0]
    for x1, y1 in points[1:]:
        if x1 - x0 <= 1:
            yield x1, before + (y1 > before) - (y1 < before), y1
        else:
            start, steps = before, x1 - x0
            for step in range(1, steps + 1):
                y = round(start + (y1 - start) * step / steps)
                yield x0 + step, before + (y > before) - (y < before), y
                before = y
        x0, before = x1, y1
