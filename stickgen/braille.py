"""A canvas of braille dots, for figures and curves in a terminal: a character is two dots wide and four high."""

from __future__ import annotations

from collections.abc import Sequence

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row, by column of the cell
EMPTY_CELL = 0x2800
# the dots of a stroke within a cell, by its side, its first and its last row
_UPRIGHTS = tuple(
    tuple(
        tuple(sum(_DOTS[y][side] for y in range(top, bottom + 1)) for bottom in range(4)) for top in range(4)
    )
    for side in range(2)
)


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
        reach = min(int(radius + 1), self.width + self.height)
        for dy in range(-reach, reach + 1):
            for dx in range(-reach, reach + 1):
                if abs((dx * dx + dy * dy) ** 0.5 - radius) < 0.5:
                    self.dot(round(x) + dx, round(y) + dy)

    def upright(self, x: int, top: int, bottom: int) -> None:
        """Set the dots of a vertical stroke, both ends included."""
        if top > bottom:
            top, bottom = bottom, top
        top, bottom = max(top, 0), min(bottom, self.height - 1)
        if not 0 <= x < self.width or top > bottom:
            return
        column, side, first, last = x >> 1, x & 1, top >> 2, bottom >> 2
        if first == last:
            self.cells[first][column] |= _UPRIGHTS[side][top & 3][bottom & 3]
            return
        self.cells[first][column] |= _UPRIGHTS[side][top & 3][3]
        for row in range(first + 1, last):
            self.cells[row][column] |= _UPRIGHTS[side][0][3]
        self.cells[last][column] |= _UPRIGHTS[side][0][bottom & 3]

    def dashes(self, y: int, on: int = 4, off: int = 4) -> None:
        """Set the dots of a dashed horizontal line."""
        for x in range(self.width):
            if x % (on + off) < on:
                self.dot(x, y)

    def path(self, points: Sequence[tuple[int, int]]) -> None:
        """Join points by uprights, which suits a curve with one value a column: steep parts stay thin."""
        for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
            steps = max(x1 - x0, 1)
            before = y0
            if steps == 1:
                self.upright(x1, before + (y1 > before) - (y1 < before), y1)
                continue
            for step in range(1, steps + 1):
                y = round(y0 + (y1 - y0) * step / steps)
                x = x0 + step if x1 > x0 else x1
                # each column takes the dots from just past its neighbour's height to its own
                start = before + (1 if y > before else -1 if y < before else 0)
                self.upright(x, start, y)
                before = y
        for x, y in points:
            self.dot(x, y)

    def rows(self, blank: str = chr(EMPTY_CELL)) -> list[str]:
        """The canvas as lines of characters, from top to bottom; `blank` stands in a cell without a dot."""
        return ["".join(chr(EMPTY_CELL | cell) if cell else blank for cell in row) for row in self.cells]

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
