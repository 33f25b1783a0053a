"""The formats that an import reads, in the order in which they claim files."""

from __future__ import annotations

from stickgen.importing.format import Format
from stickgen.importing.formats import (
    acclaim,
    amass,
    bvh,
    c3d,
    coco,
    deepmimic,
    humanml3d,
    mediapipe,
    openpose,
    table,
    trc,
)

FORMATS: tuple[Format, ...] = (
    bvh.FORMAT,
    humanml3d.FORMAT,
    amass.FORMAT,
    acclaim.FORMAT,
    deepmimic.FORMAT,
    c3d.FORMAT,
    trc.FORMAT,
    openpose.FORMAT,
    coco.FORMAT,
    mediapipe.FORMAT,
    table.FORMAT,
)
BY_NAME = {entry.name: entry for entry in FORMATS}
