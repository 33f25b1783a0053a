"""Motions as pictures: an animated GIF, or a sheet with a row of poses a clip."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from stickgen.atomic import write_bytes
from stickgen.motion.draw import HEAD_RADIUS, strokes
from stickgen.motion.skeleton import (
    BONES,
    FPS,
    HEAD,
    LEFT_ELBOW,
    LEFT_HAND,
    LEFT_KNEE,
    RIGHT_ELBOW,
    RIGHT_HAND,
    RIGHT_KNEE,
)
from stickgen.text import clean

Motion = Sequence[Sequence[float]]  # [t][20]
PAPER, INK, FLOOR = (250, 249, 246), (40, 44, 52), (190, 190, 186)
LEFT, RIGHT = (196, 78, 56), (46, 104, 168)
OVERSAMPLE = 3
_LEFT_JOINTS = {LEFT_ELBOW, LEFT_HAND, LEFT_KNEE}
_RIGHT_JOINTS = {RIGHT_ELBOW, RIGHT_HAND, RIGHT_KNEE}


def _figure(draw: ImageDraw.ImageDraw, pose: Sequence[float], x: float, floor: float, scale: float) -> None:
    """Draw `pose` with its pelvis column at pixel `x` less the pelvis's own x, the floor at pixel `floor`."""
    for (start, end), (x0, y0, x1, y1) in zip(BONES, strokes(pose)[0], strict=True):
        side = {start, end}
        colour = LEFT if side & _LEFT_JOINTS else RIGHT if side & _RIGHT_JOINTS else INK
        line = (x + x0 * scale, floor - y0 * scale, x + x1 * scale, floor - y1 * scale)
        draw.line(line, fill=colour, width=max(round(0.03 * scale), 2))
    hx, hy = x + pose[2 * HEAD] * scale, floor - pose[2 * HEAD + 1] * scale
    r = HEAD_RADIUS * scale
    draw.ellipse((hx - r, hy - r, hx + r, hy + r), fill=INK)


def draw_sheet(clips: Sequence[tuple[str, Motion]], path: Path, *, poses: int = 12) -> None:
    """Write a PNG with one row a clip: `poses` moments from left to right, its text above."""
    cell, height = 90 * OVERSAMPLE, 150 * OVERSAMPLE
    image = Image.new("RGB", (cell * poses, height * len(clips)), PAPER)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(12 * OVERSAMPLE)
    scale = 100.0 * OVERSAMPLE
    for row, (text, motion) in enumerate(clips):
        floor = (row + 1) * height - 12 * OVERSAMPLE
        draw.line((0, floor, image.width, floor), fill=FLOOR, width=OVERSAMPLE)
        caption = f"{clean(text, single_line=True, limit=110)}   ({len(motion) / FPS:.1f} s)"
        draw.text((6 * OVERSAMPLE, row * height + 4 * OVERSAMPLE), caption, fill=INK, font=font)
        for column in range(poses):
            pose = motion[round(column * (len(motion) - 1) / max(poses - 1, 1))]
            _figure(draw, pose, (column + 0.5) * cell - pose[2] * scale, floor, scale)
    image = image.resize((image.width // OVERSAMPLE, image.height // OVERSAMPLE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    write_bytes(path, buffer.getvalue())


def draw_gif(text: str, motion: Motion, path: Path) -> None:
    """Write an animated GIF at 25 fps; the view follows the pelvis, and ticks on the floor show the travel."""
    width, height, scale = 320 * OVERSAMPLE, 260 * OVERSAMPLE, 170.0 * OVERSAMPLE
    font = ImageFont.load_default(12 * OVERSAMPLE)
    floor = height - 26 * OVERSAMPLE
    frames = []
    for pose in motion:
        image = Image.new("RGB", (width, height), PAPER)
        draw = ImageDraw.Draw(image)
        draw.line((0, floor, width, floor), fill=FLOOR, width=OVERSAMPLE)
        left = width / 2 - pose[2] * scale
        first = int(-left / scale * 2) - 1
        for tick in range(first, first + int(width / scale * 2) + 3):
            x = left + tick / 2 * scale
            draw.line((x, floor, x, floor + 6 * OVERSAMPLE), fill=FLOOR, width=OVERSAMPLE)
        draw.text(
            (8 * OVERSAMPLE, 6 * OVERSAMPLE), clean(text, single_line=True, limit=48), fill=INK, font=font
        )
        _figure(draw, pose, left, floor, scale)
        small = image.resize((width // OVERSAMPLE, height // OVERSAMPLE), Image.Resampling.LANCZOS)
        frames.append(small.quantize(64, dither=Image.Dither.NONE))
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=1000 // FPS, loop=0)
    write_bytes(path, buffer.getvalue())
