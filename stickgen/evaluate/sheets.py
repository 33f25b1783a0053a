"""Contact sheets as SVG: some poses of a motion side by side, on one floor."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from stickgen.motion.draw import HEAD_RADIUS, bounds, strokes
from stickgen.motion.skeleton import (
    BONES,
    LEFT_ELBOW,
    LEFT_HAND,
    LEFT_KNEE,
    PELVIS,
    RIGHT_ELBOW,
    RIGHT_HAND,
    RIGHT_KNEE,
)

POSES = 10
_CELL, _HEIGHT, _BELOW = 62, 84, 6  # pixels
_PERSON = 1.05  # height of a figure with its head: the least vertical room
_LEFT, _RIGHT = {LEFT_ELBOW, LEFT_HAND, LEFT_KNEE}, {RIGHT_ELBOW, RIGHT_HAND, RIGHT_KNEE}
_FAR = 50.0  # body heights: coordinates are clamped to this distance


def sheet(motion: Tensor, poses: int = POSES) -> str:
    """An SVG element with `poses` poses of a motion [t, 20]. Classes `l`, `r` and `m` colour the sides."""
    frames = motion.clamp(-_FAR, _FAR).nan_to_num(0.0).tolist()
    floor = _HEIGHT - _BELOW
    scale = (floor - 2) / max(bounds(frames)[3], _PERSON)
    width = _CELL * poses
    parts = [f'<line class="f" x1="0" y1="{floor}" x2="{width}" y2="{floor}"/>']
    for cell in range(poses):
        pose = frames[round(cell * (len(frames) - 1) / max(poses - 1, 1))]
        parts.append(_figure(pose, (cell + 0.5) * _CELL - pose[2 * PELVIS] * scale, floor, scale))
    return f'<svg viewBox="0 0 {width} {_HEIGHT}" width="{width}" height="{_HEIGHT}" role="img">{"".join(parts)}</svg>'


def _figure(pose: Sequence[float], left: float, floor: float, scale: float) -> str:
    bones, (head_x, head_y) = strokes(pose)
    lines = []
    for joints, (x0, y0, x1, y1) in zip(BONES, bones, strict=True):
        side = "l" if _LEFT & set(joints) else "r" if _RIGHT & set(joints) else "m"
        lines.append(
            f'<line class="{side}" x1="{left + x0 * scale:.1f}" y1="{floor - y0 * scale:.1f}" '
            f'x2="{left + x1 * scale:.1f}" y2="{floor - y1 * scale:.1f}"/>'
        )
    radius = HEAD_RADIUS * scale
    lines.append(
        f'<circle cx="{left + head_x * scale:.1f}" cy="{floor - head_y * scale:.1f}" r="{radius:.1f}"/>'
    )
    return "".join(lines)
