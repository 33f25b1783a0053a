"""A motion in braille characters, for terminals without pictures: some of its poses, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from stickgen.braille import BrailleCanvas
from stickgen.motion.draw import HEAD_RADIUS, bounds, strokes
from stickgen.motion.skeleton import PELVIS
from stickgen.motion_export.format import Motion
from stickgen.motion_export.raster import check_motion
from stickgen.motion_export.stage import PERSON

CELL_COLUMNS, CELL_ROWS = 11, 7  # characters per pose


def poses_in_terminal(motion: Motion, columns: int) -> list[str]:
    """As many poses of a motion as fit into `columns` characters, standing on one floor.

    Raises StickgenError if the motion cannot be drawn.
    """
    check_motion(motion)
    count = max(columns // CELL_COLUMNS, 1)
    canvas = BrailleCanvas(count * CELL_COLUMNS, CELL_ROWS)
    floor = canvas.height - 2
    scale = (floor - 1) / max(bounds(motion)[3], 1.05 * PERSON)
    canvas.line(0, floor + 1, canvas.width - 1, floor + 1)
    for cell in range(count):
        pose = motion[round(cell * (len(motion) - 1) / max(count - 1, 1))]
        _draw_pose(canvas, pose, (cell + 0.5) * 2 * CELL_COLUMNS, floor, scale)
    return canvas.rows()


def _draw_pose(
    canvas: BrailleCanvas, pose: Sequence[float], middle: float, floor: float, scale: float
) -> None:
    left = middle - pose[2 * PELVIS] * scale
    bones, (head_x, head_y) = strokes(pose)
    for x0, y0, x1, y1 in bones:
        canvas.line(left + x0 * scale, floor - y0 * scale, left + x1 * scale, floor - y1 * scale)
    canvas.circle(left + head_x * scale, floor - head_y * scale, max(HEAD_RADIUS * scale, 1.4))
