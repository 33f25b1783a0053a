"""A motion that the model drew during training, read from the run directory without numpy."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stickgen.foreign_files import read_regular
from stickgen.motion.skeleton import FPS, MAX_FRAMES, POSE_DIM
from stickgen.text import clean

_LARGEST_FILE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """`motion` is a list of poses of 20 numbers each, at `fps`."""

    step: int
    text: str
    fps: float
    motion: tuple[tuple[float, ...], ...]


def read_sample(path: Path) -> Sample | None:
    """The sample in `path`, or None when it is not one (half gone, foreign, or too large)."""
    try:
        found = json.loads(read_regular(path, _LARGEST_FILE))
        motion = tuple(tuple(float(value) for value in pose) for pose in found["motion"][: 4 * MAX_FRAMES])
        step, fps = int(found["step"]), float(found.get("fps", FPS))
        text = clean(found.get("text", ""), single_line=True, limit=300)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return Sample(step, text, fps, motion) if can_be_drawn(motion, fps) else None


def can_be_drawn(motion: Sequence[Sequence[float]], fps: float) -> bool:
    """Whether these are poses with a rate that a figure can have."""
    if not motion or not 1 <= fps <= 240:
        return False
    return all(len(pose) == POSE_DIM and all(map(math.isfinite, pose)) for pose in motion)
