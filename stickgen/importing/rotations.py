"""Rotations of joints as matrices."""

from __future__ import annotations

import numpy as np

from stickgen.importing.capture import Floats


def about_axis(axis: int, angle: Floats) -> Floats:
    """Rotations [t, 3, 3] by `angle` [t] in radians about x, y or z (`axis` 0, 1, 2)."""
    matrix = np.zeros((len(angle), 3, 3))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[:, axis, axis] = 1
    matrix[:, first, first] = matrix[:, second, second] = np.cos(angle)
    matrix[:, second, first] = np.sin(angle)
    matrix[:, first, second] = -matrix[:, second, first]
    return matrix


def of_quaternions(quaternions: Floats) -> Floats:
    """Rotations [t, 3, 3] of quaternions [t, 4], real part first, of any length but zero."""
    w, x, y, z = (quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True)).T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
