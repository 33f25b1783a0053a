"""A PNG with a row of poses for each clip."""

from __future__ import annotations

from stickgen.motion_export.format import Export
from stickgen.motion_export.raster import sheet
from stickgen.outputs import PNG

EXPORT = Export(
    name="sheet",
    suffixes=(".png",),
    kind=PNG,
    about="a sheet with a row of poses for each clip",
    opened_by="everything",
    limits="still",
    render=sheet,
)
