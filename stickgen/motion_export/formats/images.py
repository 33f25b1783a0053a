"""Animated pictures with as many colours as there are, and clear where nothing is drawn: APNG and WebP."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import CLEAR, Look
from stickgen.motion_export.raster import Film
from stickgen.outputs import Kind, begins

_MOST_PIXELS = 4e8  # of all pages; Pillow holds them all, four bytes each


def _is_webp(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] == b"RIFF" and head[8:] == b"WEBP"  # a sound file begins with RIFF too


def render_apng(clips: Sequence[Clip], look: Look) -> bytes:
    """A PNG whose pictures move."""
    pages = list(Film(clips, look, most=_MOST_PIXELS))
    buffer = io.BytesIO()
    pages[0].save(
        buffer, "PNG", save_all=True, append_images=pages[1:], duration=1000 / look.fps, loop=0,
        disposal=0, blend=0,
    )  # fmt: skip
    return buffer.getvalue()


def render_webp(clips: Sequence[Clip], look: Look) -> bytes:
    """A WebP without loss."""
    pages = list(Film(clips, look, most=_MOST_PIXELS))
    buffer = io.BytesIO()
    pages[0].save(
        buffer, "WEBP", save_all=True, append_images=pages[1:], duration=1000 / look.fps, loop=0,
        lossless=True, method=3,
    )  # fmt: skip
    return buffer.getvalue()


APNG = Export(
    name="apng",
    suffixes=(".apng",),
    kind=Kind("a PNG picture", begins(b"\x89PNG\r\n\x1a\n"), suffixes=(".apng", ".png")),
    about="the figure as an animation in all colours, clear around it",
    opened_by="browsers, image viewers",
    render=render_apng,
    look=CLEAR,
)
WEBP = Export(
    name="webp",
    suffixes=(".webp",),
    kind=Kind("a WebP picture", _is_webp, suffixes=(".webp",)),
    about="the same, smaller",
    opened_by="browsers, image viewers, stickers",
    limits="the time of a picture is a whole number of milliseconds",
    render=render_webp,
    look=CLEAR,
)
