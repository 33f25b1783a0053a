"""Figures as pixels: a canvas that smooths edges, a sheet of poses, and the pictures of an animation."""

from __future__ import annotations

import bisect
import functools
import io
import math
from collections.abc import Callable, Iterator, Sequence

from PIL import Image, ImageColor, ImageDraw, ImageFont

from stickgen.errors import StickgenError
from stickgen.motion.draw import bounds, strokes
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
from stickgen.motion_export.format import Clip, Motion
from stickgen.motion_export.look import TRANSPARENT, Look
from stickgen.motion_export.stage import PERSON, Stage
from stickgen.text import clean

Colour = tuple[int, int, int, int]
TICK = 6  # pixels that a mark on the floor is long
OVERSAMPLE = 3  # pictures are drawn larger by this and shrunk, which smooths edges
_LEFT_JOINTS = {LEFT_ELBOW, LEFT_HAND, LEFT_KNEE}
_RIGHT_JOINTS = {RIGHT_ELBOW, RIGHT_HAND, RIGHT_KNEE}


def rgba(colour: str, *, pale: float = 0.0, paper: str = TRANSPARENT) -> Colour:
    """A colour of a `Look` as numbers, faded by `pale` (0 to 1) towards `paper`, or to nothing if that is clear."""
    if colour == TRANSPARENT:
        return 0, 0, 0, 0
    red, green, blue, alpha = (*ImageColor.getrgb(colour), 255)[:4]
    if paper == TRANSPARENT:
        return red, green, blue, round(alpha * (1 - pale))
    # what shows of the paper; drawing does not blend, so a colour that is half clear would be a hole in it
    through = 1 - alpha / 255 * (1 - pale)
    base = ImageColor.getrgb(paper)
    red, green, blue = (
        round(c + (p - c) * through) for c, p in zip((red, green, blue), base[:3], strict=True)
    )
    return red, green, blue, 255


def colour_of_bone(bone: tuple[int, int], look: Look) -> str:
    """The colour of a bone: that of the left or the right side of the body, or of its middle."""
    joints = set(bone)
    return look.left if joints & _LEFT_JOINTS else look.right if joints & _RIGHT_JOINTS else look.body


class Canvas:
    """A picture that figures are drawn into, oversampled until `shrunk`. Positions are in pixels of the result."""

    def __init__(self, width: int, height: int, look: Look) -> None:
        self.look = look
        size = width * OVERSAMPLE, height * OVERSAMPLE
        paper = rgba(look.background)
        self.image = Image.new("RGB" if paper[3] == 255 else "RGBA", size, paper)
        self._draw = ImageDraw.Draw(self.image)

    def text(self, x: float, y: float, text: str, width: float) -> None:
        """Write one line at pixel (x, y), cut to `width` pixels."""
        shown = cut(clean(text, single_line=True, limit=500), width)
        self._draw.text((x * OVERSAMPLE, y * OVERSAMPLE), shown, fill=rgba(self.look.text), font=_font())

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
        look = self.look
        for bone, (x0, y0, x1, y1) in zip(BONES, bones, strict=True):
            colour = rgba(colour_of_bone(bone, look), pale=pale, paper=look.background)
            self.line(
                left + x0 * scale, floor - y0 * scale, left + x1 * scale, floor - y1 * scale,
                colour, width=look.line_width * scale,
            )  # fmt: skip
        colour = rgba(look.head, pale=pale, paper=look.background)
        centre = (left + head_x * scale) * OVERSAMPLE, (floor - head_y * scale) * OVERSAMPLE
        self._disc(*centre, look.head_radius * scale * OVERSAMPLE, colour, filled=look.head_filled)

    def shrunk(self) -> Image.Image:
        """The finished picture, RGBA."""
        # this weights colours by how opaque they are, or clear pixels would darken every edge
        return self.image.reduce(OVERSAMPLE).convert("RGBA")

    def _disc(self, x: float, y: float, radius: float, colour: Colour, *, filled: bool = True) -> None:
        box = (x - radius, y - radius, x + radius, y + radius)
        if filled:
            self._draw.ellipse(box, fill=colour)
        else:
            self._draw.ellipse(box, outline=colour, width=max(round(radius / 3), OVERSAMPLE))


@functools.cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(12 * OVERSAMPLE)


def cut(line: str, width: float) -> str:
    """`line` if it is at most `width` pixels wide as captions are written, else its beginning with an ellipsis."""
    return _fitted(line, width * OVERSAMPLE, _font().getlength)


def _fitted(line: str, room: float, length: Callable[[str], float]) -> str:
    """`line` if its `length` is at most `room`, else as much of its beginning as fits with an ellipsis."""
    if length(line) <= room:  # first, because the ellipsis may be wider than the character it replaces
        return line

    def cut(count: int) -> str:
        return line[:count].rstrip() + "…"

    fitting = bisect.bisect_right(range(len(line)), room, key=lambda count: length(cut(count)))
    return cut(max(fitting - 1, 0))


def sheet(clips: Sequence[Clip], look: Look, *, poses: int = 12) -> bytes:
    """A PNG with one row per clip: its text above, and `poses` poses from left to right.

    Every pose stands in the middle of its cell. A clip that jumps high is drawn smaller.
    """
    cell, height, text_height, below = 88, 132, 22, 10
    canvas = Canvas(cell * poses, height * len(clips), look)
    for row, (text, motion) in enumerate(clips):
        floor = (row + 1) * height - below
        room = height - text_height - below
        scale = room / max(bounds(motion)[3], 1.05 * PERSON)
        canvas.line(0, floor, cell * poses, floor, rgba(look.floor, paper=look.background))
        if look.caption:
            canvas.text(6, row * height + 4, f"{text}   ({len(motion) / FPS:.1f} s)", cell * poses - 12)
        for column in range(poses):
            pose = motion[round(column * (len(motion) - 1) / max(poses - 1, 1))]
            canvas.figure(pose, (column + 0.5) * cell - pose[2 * PELVIS] * scale, floor, scale)
    buffer = io.BytesIO()
    canvas.shrunk().save(buffer, "PNG")
    return buffer.getvalue()


def picture(stage: Stage, number: int) -> Image.Image:
    """One picture of an animation, RGBA, its text above if the look says so.

    Pale figures trail behind, and ticks mark every half unit of the floor.
    """
    look, left, floor, scale = stage.look, stage.left(number), stage.floor, stage.scale
    canvas = Canvas(look.width, look.height, look)
    if look.floor != TRANSPARENT:
        canvas.line(0, floor, look.width, floor, rgba(look.floor, paper=look.background))
        for x in stage.ticks(number):
            canvas.line(left + x, floor, left + x, floor + TICK, rgba(look.floor, paper=look.background))
    if look.caption:
        canvas.text(8, 6, stage.text, look.width - 16)
    for ago, pale in stage.ghosts():
        if number >= ago:
            canvas.figure(stage.motion[number - ago], left, floor, scale, pale=pale)
    canvas.figure(stage.motion[number], left, floor, scale)
    return canvas.shrunk()


def pictures(clip: Clip, look: Look) -> Iterator[Image.Image]:
    """The pictures of an animation of one clip at the rate of `look`, one after the other."""
    stage = Stage(clip, look)
    return (picture(stage, number) for number in range(len(stage.motion)))


class Film:
    """An animation of all clips, a panel each; shorter clips stop at their end. Its pages are drawn as they are asked for."""

    def __init__(self, clips: Sequence[Clip], look: Look, *, most: float = math.inf) -> None:
        """Raises StickgenError if it has more than `most` pixels in all pages, for formats that hold all in memory."""
        self._look, self._stages = look, [Stage(clip, look) for clip in clips]
        self._columns = math.ceil(math.sqrt(len(clips)))
        self.size = self._columns * look.width, math.ceil(len(clips) / self._columns) * look.height
        self.length = max(len(stage.motion) for stage in self._stages)
        if self.length * self.size[0] * self.size[1] > most:
            raise StickgenError(
                f"{self.length} pictures of {self.size[0]} x {self.size[1]} are more than this format holds in memory; "
                "write .webm or .mp4, or fewer clips, or say a smaller size or rate with --style"
            )

    def page(self, number: int, before: Image.Image | None = None) -> Image.Image:
        """One page; `before` is the page before it, if there is one, and spares drawing what has ended."""
        page = Image.new("RGBA", self.size, rgba(self._look.background)) if before is None else before.copy()
        for place, stage in enumerate(self._stages):
            if before is None or number < len(stage.motion):
                row, column = divmod(place, self._columns)
                shown = picture(stage, min(number, len(stage.motion) - 1))
                page.paste(shown, (column * self._look.width, row * self._look.height))
        return page

    def __iter__(self) -> Iterator[Image.Image]:
        page = None
        for number in range(self.length):
            page = self.page(number, page)
            yield page


def check_motion(motion: Motion) -> None:
    """Raise StickgenError if a motion has no frames, or values that cannot be drawn."""
    if not len(motion) or any(len(pose) != POSE_DIM for pose in motion):
        raise StickgenError(f"nothing to draw: a motion needs at least one frame, of {POSE_DIM} numbers each")
    for frame, pose in enumerate(motion):
        if not all(math.isfinite(value) and abs(value) < 1e4 for value in pose):
            raise StickgenError(f"frame {frame} of the motion has a value that cannot be drawn")
