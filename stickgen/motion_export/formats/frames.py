"""Pictures for editors and game engines: a PNG a frame, or all on one sheet with a table of where each is."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Sequence

from PIL import Image

from stickgen.errors import StickgenError
from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import CLEAR, Look
from stickgen.motion_export.raster import picture, pictures
from stickgen.motion_export.stage import Stage
from stickgen.outputs import PNG
from stickgen.text import clean

_LARGEST = 16_384  # pixels a side


def png_sequence(clips: Sequence[Clip], look: Look) -> Iterator[tuple[str, bytes]]:
    """`0001.png`, `0002.png`, …, in a folder for each clip if there are several."""
    for number, clip in enumerate(clips, 1):
        folder = f"{number:03d}/" if len(clips) > 1 else ""
        for frame, shown in enumerate(pictures(clip, look), 1):
            yield f"{folder}{frame:04d}.png", _png(shown)


def sprites(clips: Sequence[Clip], look: Look) -> Iterator[tuple[str, bytes]]:
    """`sprites.png` and `sprites.json`, in the layout of Aseprite's and TexturePacker's JSON (Hash).

    Raises StickgenError if the sheet would be larger than what graphics cards take.
    """
    stages = [Stage(clip, look) for clip in clips]
    count = sum(len(stage.motion) for stage in stages)
    columns = math.ceil(math.sqrt(count * look.height / look.width))
    size = columns * look.width, math.ceil(count / columns) * look.height
    if max(size) > _LARGEST:
        raise StickgenError(
            f"{count} pictures of {look.width} x {look.height} make a sheet of {size[0]} x {size[1]}, and graphics cards "
            f"take {_LARGEST} at most; write fewer clips, or say a smaller size or rate with --style"
        )
    page = Image.new("RGBA", size)
    frames: dict[str, object] = {}
    tags = []
    for number, stage in enumerate(stages, 1):
        begin = len(frames)
        for frame in range(len(stage.motion)):
            row, column = divmod(len(frames), columns)
            x, y = column * look.width, row * look.height
            page.paste(picture(stage, frame), (x, y))
            box = {"x": 0, "y": 0, "w": look.width, "h": look.height}
            # milliseconds; rounded so that all of them are as long as the motion
            lasts = round((frame + 1) * 1000 / look.fps) - round(frame * 1000 / look.fps)
            frames[f"{number:03d}_{frame:04d}.png"] = {
                "frame": {**box, "x": x, "y": y}, "rotated": False, "trimmed": False, "spriteSourceSize": box,
                "sourceSize": {"w": look.width, "h": look.height}, "duration": lasts,
            }  # fmt: skip
        name = clean(stage.text, single_line=True, limit=200)
        tags.append({"name": name, "from": begin, "to": len(frames) - 1, "direction": "forward"})
    meta = {
        "app": "stickgen", "version": "1.0", "image": "sprites.png", "format": "RGBA8888",
        "size": {"w": size[0], "h": size[1]}, "scale": "1", "frameTags": tags,
    }  # fmt: skip
    yield "sprites.png", _png(page)
    yield "sprites.json", json.dumps({"frames": frames, "meta": meta}, ensure_ascii=False, indent=1).encode()


def _png(shown: Image.Image) -> bytes:
    buffer = io.BytesIO()
    shown.save(buffer, "PNG")
    return buffer.getvalue()


SEQUENCE = Export(
    name="png-sequence",
    suffixes=(),
    kind=PNG,
    about="a folder with a PNG a frame, `0001.png` and so on, clear around the figure",
    opened_by="video editors, compositors",
    limits="only by --format; -o names the folder",
    several=png_sequence,
    look=CLEAR,
)
SPRITES = Export(
    name="sprites",
    suffixes=(),
    kind=PNG,
    about="a folder with `sprites.png` and `sprites.json`, the layout of Aseprite and TexturePacker (hash), clear around the figure",
    opened_by="Phaser, PixiJS, Godot, Unity importers",
    limits="only by --format; -o names the folder; a sheet of up to 16384 x 16384",
    several=sprites,
    look=CLEAR,
)
