"""An animated GIF with a panel for each clip."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise

from PIL import Image

from stickgen.errors import StickgenError
from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import Look
from stickgen.motion_export.raster import Film
from stickgen.outputs import GIF

_FASTEST = 50  # pictures a second: browsers slow down what is shown for less than 20 ms
_MOST_PIXELS = 1e9  # of all pages; Pillow holds them all, a byte each


def render(clips: Sequence[Clip], look: Look) -> bytes:
    """One palette for all pages, so that nothing flickers, taken from the middle of the animation."""
    if look.fps > _FASTEST:
        raise StickgenError(
            f"a GIF shows at most {_FASTEST} pictures a second; say fps: {_FASTEST} or less in the style"
        )
    film = Film(clips, look, most=_MOST_PIXELS)
    clear = look.is_transparent
    middle = film.page(film.length // 2).convert("RGB")
    palette = middle.quantize(63 if clear else 64, dither=Image.Dither.NONE)
    pages = []
    for page in film:
        flat = page.convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
        if clear:  # one more colour, which is not shown
            flat.paste(63, mask=page.getchannel("A").point(lambda alpha: 255 if alpha < 128 else 0))
        pages.append(flat)
    # hundredths of a second: at 30 pictures a second, 3, 4, 3, 3, 4 …, which together are as long as the motion
    times = [round(number * 100 / look.fps) * 10 for number in range(len(pages) + 1)]
    options: dict[str, object] = {"transparency": 63, "disposal": 2} if clear else {}
    buffer = io.BytesIO()
    pages[0].save(
        buffer, "GIF", save_all=True, append_images=pages[1:], loop=0, optimize=False,
        duration=[after - before for before, after in pairwise(times)], **options,
    )  # fmt: skip
    return buffer.getvalue()


EXPORT = Export(
    name="gif",
    suffixes=(".gif",),
    kind=GIF,
    about="an animation with a panel for each clip, its text above",
    opened_by="browsers, chats, slides",
    limits="64 colours; a pixel is clear or not; up to 50 pictures a second",
    render=render,
)
