"""What every reader gives: the joints of a skeleton in space, or of a body in a picture, frame by frame."""

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


@dataclass
class Keypoints:
    """The figure's ten joints in a picture, [t, 10, 2] in the order of JOINTS, in any unit with square pixels."""

    points: Floats  # NaN if a joint was not seen
    confidence: Floats  # [t, 10]; 0 if a joint was not seen
    fps: float  # 0 if the file gives none
    y_down: bool  # whether y grows downwards, as in pictures
    across: Floats | None = None  # [t]: how far the left hip and shoulder are to the right of the others
    ahead: Floats | None = None  # [t]: how far the nose is to the right of the ears, or of the neck
    first: int = 0  # number of the first frame in the source
