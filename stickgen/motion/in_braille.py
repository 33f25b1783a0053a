"""A pose of a motion as rows of braille: the camera fits the height, and follows sideways on a marked floor."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stickgen.braille import BrailleCanvas
from stickgen.motion.draw import HEAD_RADIUS, strokes
from stickgen.motion.skeleton import BONES, HEAD, NECK, PELVIS

_MARK_EVERY = 0.5  # of the figure's unit, which is about a person's height: strokes below the floor
_INSIDE_HEAD = BONES.index((NECK, HEAD))


def draw_figure(motion: Sequence[Sequence[float]], frame: int, columns: int, rows: int) -> list[str]:
    """One frame of a motion as rows of `columns` characters; [] if there is no room."""
    if columns < 4 or rows < 3 or not motion:
        return []
    return BrailleView(motion, columns, rows).draw(frame)


class BrailleView:
    """A motion seen by one camera. The scale is the same in all frames."""

    def __init__(
        self,
        motion: Sequence[Sequence[float]],
        columns: int,
        rows: int,
        *,
        beside: Sequence[Sequence[Sequence[float]]] = (),
    ) -> None:
        """For a motion of at least one frame, and at least 4 columns and 3 rows.

        Motions that stand `beside` it fit as well, so that views of all of them have one scale and one floor.
        """
        self._motion, self._columns, self._rows = motion, columns, rows
        self._width, self._height = 2 * columns, 4 * rows
        shown = (motion, *beside)
        top = max(max(max(max(p[1::2]) for p in one) for one in shown) + HEAD_RADIUS, 0.6)
        self._bottom = min(min(min(min(p[1::2]) for p in one) for one in shown), 0.0)
        widest = max(max(_widest(one) for one in shown), 0.3)
        self._scale = min((self._height - 2) / (top - self._bottom), (self._width - 2) / widest)
        self._low = min(min(pose[::2]) for pose in motion)
        self._high = max(max(pose[::2]) for pose in motion)

    def draw(self, frame: int) -> list[str]:
        """A frame, or the nearest one, as rows of characters."""
        frame = min(max(frame, 0), len(self._motion) - 1)
        canvas = BrailleCanvas(self._columns, self._rows)
        middle = self._camera(frame)

        def at(x: float, y: float) -> tuple[int, int]:
            across = self._width / 2 + (x - middle) * self._scale
            return round(across), round(self._height - 2 - (y - self._bottom) * self._scale)

        _, floor = at(0.0, 0.0)
        canvas.line(0, floor + 1, self._width - 1, floor + 1)
        reach = self._width / 2 / self._scale
        first, last = math.ceil((middle - reach) / _MARK_EVERY), math.floor((middle + reach) / _MARK_EVERY)
        for index in range(first, last + 1):
            x, _ = at(index * _MARK_EVERY, 0.0)
            canvas.line(x, floor + 1, x, floor + 2)
        bones, head = strokes(self._motion[frame])
        for index, (x0, y0, x1, y1) in enumerate(bones):
            if index != _INSIDE_HEAD:
                canvas.line(*at(x0, y0), *at(x1, y1))
        canvas.circle(*at(*head), max(HEAD_RADIUS * self._scale, 1.5))
        return canvas.rows(" ")

    def _camera(self, frame: int) -> float:
        """x at the middle of the picture: fixed where the whole way fits, else with the figure, smoothly."""
        if self._high - self._low <= self._width / self._scale * 0.95:
            return (self._low + self._high) / 2
        around = self._motion[max(frame - 12, 0) : frame + 13]
        return sum(pose[2 * PELVIS] for pose in around) / len(around)


def _widest(motion: Sequence[Sequence[float]]) -> float:
    """How far the figure ever reaches to both sides of its pelvis, as a width."""
    return 2 * max(max(abs(x - pose[2 * PELVIS]) for x in pose[::2]) for pose in motion) + 0.1
