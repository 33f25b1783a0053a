"""A pose as line segments, and a canvas of braille dots to draw them on; plain Python, for any screen."""

from __future__ import annotations

from collections.abc import Sequence

from stickgen.motion.skeleton import BONES, HEAD, NECK, NECK_ALONG_SPINE, PELVIS

Point = tuple[float, float]
Stroke = tuple[float, float, float, float]
HEAD_RADIUS = 0.06  # skeleton units

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row, by column of the cell
_EMPTY_CELL = 0x2800


def strokes(pose: Sequence[float]) -> tuple[list[Stroke], Point]:
    """The ten bones of a pose (20 numbers) as `x0, y0, x1, y1`, in the order of BONES, and the head's centre."""
    points = list(zip(pose[0::2], pose[1::2], strict=True))
    (px, py), (hx, hy) = points[PELVIS], points[HEAD]
    neck = (px + NECK_ALONG_SPINE * (hx - px), py + NECK_ALONG_SPINE * (hy - py))

    def at(joint: int) -> Point:
        return neck if joint == NECK else points[joint]

    return [(*at(start), *at(end)) for start, end in BONES], points[HEAD]


def bounds(motion: Sequence[Sequence[float]]) -> Stroke:
    """`x_min, y_min, x_max, y_max` of all joints of all frames, with room for the head."""
    xs = [value for pose in motion for value in pose[0::2]]
    ys = [value for pose in motion for value in pose[1::2]]
    return min(xs) - HEAD_RADIUS, min(ys) - HEAD_RADIUS, max(xs) + HEAD_RADIUS, max(ys) + HEAD_RADIUS


class BrailleCanvas:
    """A grid of characters with 2 × 4 dots each; (0, 0) is the dot at the top left.

    What lies outside the grid is clipped, however far outside: a model early in training draws anywhere.
    """

    def __init__(self, width_cells: int, height_cells: int) -> None:
        self.width, self.height = 2 * width_cells, 4 * height_cells  # in dots
        self._cells = [bytearray(width_cells) for _ in range(height_cells)]

    def dot(self, x: int, y: int) -> None:
        """Set one dot."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self._cells[y >> 2][x >> 1] |= _DOTS[y & 3][x & 1]

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

    def rows(self) -> list[str]:
        """The canvas as lines of braille characters, from top to bottom."""
        return ["".join(chr(_EMPTY_CELL | cell) for cell in row) for row in self._cells]

    def _clip(self, x0: float, y0: float, x1: float, y1: float) -> Stroke | None:
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
