"""An animated GIF with a panel for each clip."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import Look
from stickgen.motion_export.raster import panels
from stickgen.outputs import GIF


def render(clips: Sequence[Clip], look: Look) -> bytes:
    """One palette for all frames, so that nothing flickers, taken from the middle of the animation."""
    pages = panels(clips, look)
    clear = look.is_transparent
    colours = [page.convert("RGB") for page in pages]
    palette = colours[len(colours) // 2].quantize(63 if clear else 64, dither=Image.Dither.NONE)
    flat = [page.quantize(palette=palette, dither=Image.Dither.NONE) for page in colours]
    options: dict[str, object] = {}
    if clear:  # one more colour, which is not shown
        for page, shown in zip(pages, flat, strict=True):
            shown.paste(63, mask=page.getchannel("A").point(lambda alpha: 255 if alpha < 128 else 0))
        options = {"transparency": 63, "disposal": 2}
    buffer = io.BytesIO()
    flat[0].save(
        buffer, "GIF", save_all=True, append_images=flat[1:], duration=round(1000 / look.fps), loop=0,
        optimize=False, **options,
    )  # fmt: skip
    return buffer.getvalue()


EXPORT = Export(
    name="gif",
    suffixes=(".gif",),
    kind=GIF,
    about="an animation with a panel for each clip, its text above",
    opened_by="browsers, chats, slides",
    limits="64 colours; a pixel is clear or not",
    render=render,
)
