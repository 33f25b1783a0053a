"""What every reader of motion capture gives: the joints of a skeleton in space, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass
class Capture:
    """Global joint positions [t, j, 3] and those of the rest pose [j, 3], in the file's units."""

    names: list[str]
    positions: Floats
    rest: Floats
    fps: float  # from the file's frame time, which may be wrong; 0 if there is none
    rest_frames: int  # how many frames of T-pose were removed at the start
    parents: tuple[int, ...] = ()  # of each joint, -1 for a root; () if unknown
