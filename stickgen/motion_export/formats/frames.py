"""Pictures for editors and game engines: a PNG a frame, or all on one sheet with a table of where each is."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Sequence

from PIL import Image

from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import Look
from stickgen.motion_export.raster import pictures
from stickgen.outputs import PNG
from stickgen.text import clean


def png_sequence(clips: Sequence[Clip], look: Look) -> Iterator[tuple[str, bytes]]:
    """`0001.png`, `0002.png`, …, in a folder for each clip if there are several."""
    for number, clip in enumerate(clips, 1):
        folder = f"{number:03d}/" if len(clips) > 1 else ""
        for frame, picture in enumerate(pictures(clip, look), 1):
            yield f"{folder}{frame:04d}.png", _png(picture)


def sprites(clips: Sequence[Clip], look: Look) -> Iterator[tuple[str, bytes]]:
    """`sprites.png` and `sprites.json`, in the layout of Aseprite's and TexturePacker's JSON (Hash)."""
    drawn = [list(pictures(clip, look)) for clip in clips]
    count = sum(map(len, drawn))
    columns = math.ceil(math.sqrt(count * look.height / look.width))
    size = columns * look.width, math.ceil(count / columns) * look.height
    page = Image.new("RGBA", size)
    frames: dict[str, object] = {}
    tags = []
    for number, (clip, shown) in enumerate(zip(clips, drawn, strict=True), 1):
        begin = len(frames)
        for frame, picture in enumerate(shown):
            row, column = divmod(len(frames), columns)
            x, y = column * look.width, row * look.height
            page.paste(picture, (x, y))
            box = {"x": 0, "y": 0, "w": look.width, "h": look.height}
            frames[f"{number:03d}_{frame:04d}.png"] = {
                "frame": {**box, "x": x, "y": y}, "rotated": False, "trimmed": False, "spriteSourceSize": box,
                "sourceSize": {"w": look.width, "h": look.height}, "duration": round(1000 / look.fps),
            }  # fmt: skip
        name = clean(clip.text, single_line=True, limit=200)
        tags.append({"name": name, "from": begin, "to": len(frames) - 1, "direction": "forward"})
    meta = {
        "app": "stickgen", "version": "1.0", "image": "sprites.png", "format": "RGBA8888",
        "size": {"w": size[0], "h": size[1]}, "scale": "1", "frameTags": tags,
    }  # fmt: skip
    yield "sprites.png", _png(page)
    yield "sprites.json", json.dumps({"frames": frames, "meta": meta}, ensure_ascii=False, indent=1).encode()


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


SEQUENCE = Export(
    name="png-sequence",
    suffixes=(),
    kind=PNG,
    about="a folder with a PNG a frame, `0001.png` and so on",
    opened_by="video editors, compositors",
    limits="only by --format; -o names the folder",
    several=png_sequence,
)
SPRITES = Export(
    name="sprites",
    suffixes=(),
    kind=PNG,
    about="a folder with `sprites.png` and `sprites.json`, the layout of Aseprite and TexturePacker (hash)",
    opened_by="Phaser, PixiJS, Godot, Unity importers",
    limits="only by --format; -o names the folder",
    several=sprites,
)
