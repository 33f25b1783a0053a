"""Motions as pictures: an animated GIF, or a sheet with a row of poses for each clip."""

from __future__ import annotations

import bisect
import io
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from stickgen.atomic import write_bytes
from stickgen.errors import StickgenError
from stickgen.motion.draw import HEAD_RADIUS, bounds, strokes
from stickgen.motion.skeleton import (
    BONES,
    FPS,
    LEFT_ELBOW,
    LEFT_HAND,
    LEFT_KNEE,
    PELVIS,
    POSE_DIM,
    RIGHT_ELBOW,
    RIGHT_HAND,
    RIGHT_KNEE,
)
from stickgen.text import clean

Motion = Sequence[Sequence[float]]  # [t][20]
Colour = tuple[int, int, int]
PAPER, INK, FAINT = (250, 249, 246), (40, 44, 52), (196, 196, 192)
LEFT, RIGHT = (196, 78, 56), (46, 104, 168)
OVERSAMPLE = 3  # pictures are drawn larger by this and shrunk, which smooths edges
PANEL = 320, 260  # pixels of a clip in an animation
PERSON = 1.0  # approximate height of a figure with its head, in skeleton units
_LEFT_JOINTS = {LEFT_ELBOW, LEFT_HAND, LEFT_KNEE}
_RIGHT_JOINTS = {RIGHT_ELBOW, RIGHT_HAND, RIGHT_KNEE}


class _View:
    """A picture that figures are drawn into, oversampled until `shrunk`. Positions are in pixels of the result."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("RGB", (width * OVERSAMPLE, height * OVERSAMPLE), PAPER)
        self._draw = ImageDraw.Draw(self.image)
        self._font = ImageFont.load_default(12 * OVERSAMPLE)

    def text(self, x: float, y: float, text: str, width: float) -> None:
        """Write one line at pixel (x, y), cut to `width` pixels."""
        shown = _fitted(
            clean(text, single_line=True, limit=500),
            width * OVERSAMPLE,
            lambda part: self._draw.textlength(part, font=self._font),
        )
        self._draw.text((x * OVERSAMPLE, y * OVERSAMPLE), shown, fill=INK, font=self._font)

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, width: float = 1.0) -> None:
        """Draw a line with round ends."""
        ends = [value * OVERSAMPLE for value in (x0, y0, x1, y1)]
        thick = max(round(width * OVERSAMPLE), 1)
        self._draw.line(ends, fill=colour, width=thick)
        if thick > 3:
            for x, y in (ends[:2], ends[2:]):
                self._disc(x, y, thick / 2, colour)

    def figure(
        self, pose: Sequence[float], left: float, floor: float, scale: float, *, pale: float = 0.0
    ) -> None:
        """Draw a pose with its origin at pixel (`left`, `floor`), `scale` pixels per unit, faded by `pale` (0 to 1)."""
        bones, (head_x, head_y) = strokes(pose)
        for (start, end), (x0, y0, x1, y1) in zip(BONES, bones, strict=True):
            joints = {start, end}
            colour = LEFT if joints & _LEFT_JOINTS else RIGHT if joints & _RIGHT_JOINTS else INK
            self.line(
                left + x0 * scale, floor - y0 * scale, left + x1 * scale, floor - y1 * scale,
                _mix(colour, pale), width=0.03 * scale,
            )  # fmt: skip
        self._disc(
            (left + head_x * scale) * OVERSAMPLE,
            (floor - head_y * scale) * OVERSAMPLE,
            HEAD_RADIUS * scale * OVERSAMPLE,
            _mix(INK, pale),
        )

    def shrunk(self) -> Image.Image:
        """The finished picture."""
        size = self.image.width // OVERSAMPLE, self.image.height // OVERSAMPLE
        return self.image.resize(size, Image.Resampling.BOX)

    def _disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _fitted(line: str, room: float, length: Callable[[str], float]) -> str:
    """`line` if its `length` is at most `room`, else as much of its beginning as fits with an ellipsis."""
    if length(line) <= room:  # first, because the ellipsis may be wider than the character it replaces
        return line

    def cut(count: int) -> str:
        return line[:count].rstrip() + "…"

    fitting = bisect.bisect_right(range(len(line)), room, key=lambda count: length(cut(count)))
    return cut(max(fitting - 1, 0))


def _mix(colour: Colour, pale: float) -> Colour:
    red, green, blue = (round(c + (p - c) * pale) for c, p in zip(colour, PAPER, strict=True))
    return red, green, blue


def draw_sheet(clips: Sequence[tuple[str, Motion]], path: Path, *, poses: int = 12) -> None:
    """Write a PNG with one row per clip: its text above, and `poses` poses from left to right.

    Every pose stands in the middle of its cell. A clip that jumps high is drawn smaller. Raises StickgenError if a
    motion cannot be drawn or the file cannot be written.
    """
    cell, height, text_height, below = 88, 132, 22, 10
    view = _View(cell * poses, height * len(clips))
    for row, (text, motion) in enumerate(clips):
        check_motion(motion)
        floor = (row + 1) * height - below
        room = height - text_height - below
        scale = room / max(bounds(motion)[3], 1.05 * PERSON)
        view.line(0, floor, cell * poses, floor, FAINT)
        view.text(6, row * height + 4, f"{text}   ({len(motion) / FPS:.1f} s)", cell * poses - 12)
        for column in range(poses):
            pose = motion[round(column * (len(motion) - 1) / max(poses - 1, 1))]
            view.figure(pose, (column + 0.5) * cell - pose[2 * PELVIS] * scale, floor, scale)
    buffer = io.BytesIO()
    view.shrunk().save(buffer, "PNG")
    _write(path, buffer.getvalue())


def draw_gif(clips: Sequence[tuple[str, Motion]], path: Path) -> None:
    """Write an animated GIF at 25 fps with one panel per clip, its text above. Shorter clips stop at their end.

    Two pale figures trail behind, and ticks mark every half unit of the floor. The view stands still if the whole
    path fits, else it follows the pelvis. Raises StickgenError if a motion cannot be drawn or the file cannot be
    written.
    """
    for _, motion in clips:
        check_motion(motion)
    columns = math.ceil(math.sqrt(len(clips)))
    size = columns * PANEL[0], math.ceil(len(clips) / columns) * PANEL[1]
    pages = [Image.new("RGB", size, PAPER) for _ in range(max(len(motion) for _, motion in clips))]
    for number, (text, motion) in enumerate(clips):
        row, column = divmod(number, columns)
        place = column * PANEL[0], row * PANEL[1]
        last = Image.new("RGB", PANEL, PAPER)
        panels = (view.shrunk() for view in _gif_views(text, motion))
        for page, panel in zip_longest(pages, panels):
            last = panel or last
            page.paste(last, place)
    # one palette for all frames, so that nothing flickers, taken from the middle of the animation
    palette = pages[len(pages) // 2].quantize(64, dither=Image.Dither.NONE)
    flat = [page.quantize(palette=palette, dither=Image.Dither.NONE) for page in pages]
    buffer = io.BytesIO()
    flat[0].save(
        buffer, "GIF", save_all=True, append_images=flat[1:], duration=1000 // FPS, loop=0, optimize=False
    )
    _write(path, buffer.getvalue())


def _gif_views(text: str, motion: Motion) -> Iterator[_View]:
    width, height = PANEL
    text_height, below = 26, 24
    floor = height - below
    x_low, _, x_high, y_high = bounds(motion)
    scale = (floor - text_height) / max(y_high, 1.05 * PERSON)
    fits = (x_high - x_low) * scale <= width - 16
    for frame, pose in enumerate(motion):
        centre = (x_low + x_high) / 2 if fits else _camera(motion, frame)
        left = width / 2 - centre * scale
        view = _View(width, height)
        view.line(0, floor, width, floor, FAINT)
        for tick in range(math.ceil(-left / scale * 2), math.floor((width - left) / scale * 2) + 1):
            x = left + tick / 2 * scale
            view.line(x, floor, x, floor + 6, FAINT)
        view.text(8, 6, text, width - 16)
        for ago, pale in ((8, 0.88), (4, 0.75)):
            if frame >= ago:
                view.figure(motion[frame - ago], left, floor, scale, pale=pale)
        view.figure(pose, left, floor, scale)
        yield view


def _camera(motion: Motion, frame: int) -> float:
    """x of the pelvis, averaged over a second around `frame`."""
    around = motion[max(frame - FPS // 2, 0) : frame + FPS // 2 + 1]
    return sum(pose[2 * PELVIS] for pose in around) / len(around)


def check_motion(motion: Motion) -> None:
    """Raise StickgenError if a motion has no frames, or values that cannot be drawn."""
    if not len(motion) or any(len(pose) != POSE_DIM for pose in motion):
        raise StickgenError(f"nothing to draw: a motion needs at least one frame, of {POSE_DIM} numbers each")
    for frame, pose in enumerate(motion):
        if not all(math.isfinite(value) and abs(value) < 1e4 for value in pose):
            raise StickgenError(f"frame {frame} of the motion has a value that cannot be drawn")


def _write(path: Path, data: bytes) -> None:
    try:
        write_bytes(path, data)
    except OSError as error:
        raise StickgenError(
            f"{path}: the picture could not be written ({error.strerror or error})"
        ) from error
