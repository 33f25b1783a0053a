"""Bodies whose origin is between their hips, as MediaPipe's world landmarks: they have no path, so their feet make one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stickgen.importing.capture import Keypoints
from stickgen.importing.gaps import filled
from stickgen.motion.skeleton import LEFT_FOOT, RIGHT_FOOT

Floats = NDArray[np.float64]
NOTE = "its origin is between the hips, so it has no path: it goes as if the lower foot stood, and does not leave the floor"
_NEAR = 0.05  # of the size of the body


def is_hip_centred(names: Sequence[str], bodies: Floats) -> bool:
    """Whether the middle of the hips of bodies [t, n, 3] is nearly always at 0, 0."""
    if not {"left hip", "right hip"} <= set(names):
        return False
    hips = bodies[:, [list(names).index("left hip"), list(names).index("right hip")], :2].mean(axis=1)
    places = bodies[..., :2]
    known = np.isfinite(hips).all(axis=1)
    if not known.any() or not np.isfinite(places).any():
        return False
    size = np.nanpercentile(places[..., 1], 95) - np.nanpercentile(places[..., 1], 5)
    return float(np.percentile(np.abs(hips[known]).max(axis=1), 90)) < _NEAR * float(size)


def on_its_feet(motion: Keypoints) -> Keypoints:
    """The motion with the lower foot on the floor, and standing there until the other foot is lower."""
    points = filled(motion.points)
    up = -1.0 if motion.y_down else 1.0
    feet = points[:, [LEFT_FOOT, RIGHT_FOOT]]
    lower = (feet[..., 1] * up).argmin(axis=1)
    rows = np.arange(len(points))
    path = np.zeros((len(points), 2))
    stood = lower[:-1]
    path[1:, 0] = -np.cumsum(feet[rows[1:], stood, 0] - feet[rows[:-1], stood, 0])
    path[:, 1] = -feet[rows, lower, 1]
    motion.points = motion.points + path[:, None]
    return motion
