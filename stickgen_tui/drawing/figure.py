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
    """Rows of `columns` characters; [] if there is no room. The scale is the same in all frames."""
    if columns < 4 or rows < 3 or not motion:
        return []
    canvas = BrailleCanvas(columns, rows)
    width, height = 2 * columns, 4 * rows
    pose = motion[min(max(frame, 0), len(motion) - 1)]
    top = max(max(max(p[1::2]) for p in motion) + HEAD_RADIUS, 0.6)
    bottom = min(min(min(p[1::2]) for p in motion), 0.0)
    across = _widest(motion)
    scale = min((height - 2) / (top - bottom), (width - 2) / max(across, 0.3))
    middle = _camera(motion, frame, width / scale)

    def at(x: float, y: float) -> tuple[int, int]:
        return round(width / 2 + (x - middle) * scale), round(height - 2 - (y - bottom) * scale)

    _, floor = at(0.0, 0.0)
    canvas.line(0, floor + 1, width - 1, floor + 1)
    first = math.ceil((middle - width / 2 / scale) / _MARK_EVERY)
    last = math.floor((middle + width / 2 / scale) / _MARK_EVERY)
    for index in range(first, last + 1):
        x, _ = at(index * _MARK_EVERY, 0.0)
        canvas.line(x, floor + 1, x, floor + 2)
    bones, head = strokes(pose)
    for index, (x0, y0, x1, y1) in enumerate(bones):
        if index != _INSIDE_HEAD:
            canvas.line(*at(x0, y0), *at(x1, y1))
    canvas.circle(*at(*head), max(HEAD_RADIUS * scale, 1.5))
    return canvas.rows(" ")


def _widest(motion: Sequence[Sequence[float]]) -> float:
    """How far the figure ever reaches to both sides of its pelvis, as a width."""
    return 2 * max(max(abs(x - pose[2 * PELVIS]) for x in pose[::2]) for pose in motion) + 0.1


def _camera(motion: Sequence[Sequence[float]], frame: int, seen: float) -> float:
    """x at the middle of the picture: fixed where the whole way fits, else with the figure, smoothly."""
    xs = [pose[2 * PELVIS] for pose in motion]
    low = min(min(pose[::2]) for pose in motion)
    high = max(max(pose[::2]) for pose in motion)
    if high - low <= seen * 0.95:
        return (low + high) / 2
    start, end = max(frame - 12, 0), min(frame + 13, len(xs))
    return sum(xs[start:end]) / (end - start)
