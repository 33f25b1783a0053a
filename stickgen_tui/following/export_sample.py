"""A sample as a GIF in the working folder, under a name that is free."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from stickgen.motion_export.format import Clip
from stickgen.motion_export.registry import export_of
from stickgen.motion_export.write import Place
from stickgen_tui.following.sample import Sample


def export_gif(sample: Sample) -> Path:
    """Write it; returns the file. Raises StickgenError or OSError."""
    words = re.sub(r"[^a-z0-9]+", "-", sample.text.lower()).strip("-")[:40] or "motion"
    for number in count(1):
        path = Path(f"{words}-step-{sample.step}{f'-{number}' if number > 1 else ''}.gif")
        if not path.exists():
            break
    motion = [list(pose) for pose in sample.motion]
    Place(path, export_of(path, None)).write([Clip(sample.text, motion)], None)
    return path
