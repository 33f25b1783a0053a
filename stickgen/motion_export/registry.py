"""The formats that motions are written in."""

from __future__ import annotations

from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.motion_export.format import Export
from stickgen.motion_export.formats import (
    asciinema,
    bvh,
    csv,
    frames,
    gif,
    images,
    json,
    lottie,
    npz,
    openpose,
    sheet,
    svg,
    video,
)
from stickgen.text import clean

EXPORTS: tuple[Export, ...] = (
    gif.EXPORT, sheet.EXPORT, svg.EXPORT, lottie.EXPORT, video.MP4, video.WEBM, images.APNG, images.WEBP,
    frames.SEQUENCE, frames.SPRITES, asciinema.EXPORT,
    bvh.EXPORT, openpose.BODY, openpose.COCO, json.EXPORT, csv.EXPORT, npz.EXPORT,
)  # fmt: skip
NAMES = tuple(export.name for export in EXPORTS)


def export_of(path: Path, name: str | None = None) -> Export:
    """The format called `name`, or else the one whose ending `path` has. Raises StickgenError with what there is."""
    for export in EXPORTS:
        if export.name == name:
            return export
    fitting = [
        (len(suffix), export.name)
        for export in EXPORTS
        for suffix in export.suffixes
        if path.name.lower().endswith(suffix)
    ]
    if fitting and name is None:
        return export_of(path, max(fitting)[1])  # .lottie.json before .json
    endings = ", ".join(export.suffixes[0] for export in EXPORTS if export.suffixes)
    if name is not None:
        raise StickgenError(
            f"--format {clean(name, limit=40)}: there is no such format; there are {', '.join(NAMES)}"
        )
    raise StickgenError(f"{clean(path)}: no format ends like this; name a file with {endings}, or a --format")
