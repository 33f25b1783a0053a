"""Curves as braille dots, two columns and four rows a cell: one plane of bits a curve, so that each keeps its colour."""

from __future__ import annotations

_LEFT = (0x01, 0x02, 0x04, 0x40)
_RIGHT = (0x08, 0x10, 0x20, 0x80)
BLANK = 0x2800


class Plane:
    """The dots of one curve on a grid of `columns` × `rows` cells; (0, 0) is the dot at the top left."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.cells = [bytearray(columns) for _ in range(rows)]

    @property
    def width(self) -> int:
        return 2 * self.columns

    @property
    def height(self) -> int:
        return 4 * self.rows

    def dot(self, x: int, y: int) -> None:
        """Set one dot; outside the grid nothing happens."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self.cells[y >> 2][x >> 1] |= (_RIGHT if x & 1 else _LEFT)[y & 3]

    def upright(self, x: int, top: int, bottom: int) -> None:
        """A vertical stroke, both ends included, clipped to the grid."""
        if top > bottom:
            top, bottom = bottom, top
        for y in range(max(top, 0), min(bottom, self.height - 1) + 1):
            self.dot(x, y)

    def path(self, points: list[tuple[int, int]]) -> None:
        """Points joined by uprights, as a curve with one value a column wants it: steep parts stay thin."""
        for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
            steps = max(x1 - x0, 1)
            before = y0
            for step in range(1, steps + 1):
                y = round(y0 + (y1 - y0) * step / steps)
                x = x0 + step if x1 > x0 else x1
                # each column takes the dots from just past its neighbour's height to its own
                start = before + (1 if y > before else -1 if y < before else 0)
                self.upright(x, start, y)
                before = y
        for x, y in points:
            self.dot(x, y)

    def text(self) -> list[str]:
        """The rows as characters, a space where a cell is empty."""
        return ["".join(chr(BLANK + cell) if cell else " " for cell in row) for row in self.cells]

    def dashes(self, y: int, on: int = 4, off: int = 4) -> None:
        """A dashed horizontal line."""
        for x in range(self.width):
            if x % (on + off) < on:
                self.dot(x, y)
