"""Decodes the vectors of HumanML3D and KIT-ML (263 and 251 numbers a frame) to the joints they stand for."""

from __future__ import annotations

import numpy as np

from stickgen.errors import StickgenError
from stickgen.importing.capture import Floats

# a turn, a step along two axes and a height of the root; three numbers, then six of a rotation for each other joint;
# a velocity for each joint; four contacts of the feet
WIDTHS = {4 + 9 * (joints - 1) + 3 * joints + 4: joints for joints in (22, 21)}


def decode_vectors(vectors: Floats, name: str) -> Floats:
    """Joint positions [t, j, 3] of vectors [t, 263] or [t, 251], Y up.

    The root turns by twice the stored angle a frame (half of a rotation's angle stands in its quaternion), and its
    steps are given as it faces. Raises StickgenError if the vectors are normalised, as models take and give them.
    """
    joints = WIDTHS[vectors.shape[1]]
    height = float(np.median(vectors[:, 3]))
    if height <= 0 or np.abs(vectors[:, -4:]).max() > 2:
        raise StickgenError(
            f"{name}: the vectors are normalised (the root is at a height of {height:.3g}); multiply them by Std.npy "
            "and add Mean.npy, or import new_joints instead"
        )
    angle = 2 * np.concatenate(([0.0], np.cumsum(vectors[:-1, 0])))
    steps = np.zeros((len(vectors), 1, 3))
    steps[1:, 0, [0, 2]] = vectors[:-1, 1:3]
    root = np.cumsum(_turned(steps, angle), axis=0)
    root[:, 0, 1] = vectors[:, 3]
    others = _turned(vectors[:, 4 : 4 + 3 * (joints - 1)].reshape(len(vectors), joints - 1, 3), angle)
    others[..., [0, 2]] += root[..., [0, 2]]
    return np.concatenate((root, others), axis=1)


def _turned(points: Floats, angle: Floats) -> Floats:
    """Points [t, j, 3] turned back around Y by the angle [t] of each frame."""
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack((cos * x - sin * z, y, sin * x + cos * z), axis=-1)
