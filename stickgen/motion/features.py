"""Motions as a model likes them: the pelvis's way, and the other joints as seen from the pelvis.

In absolute coordinates a ten-second walk spans several body heights and drowns the pose in its travel, so
feature 0 is the pelvis's step in x from the frame before, feature 1 its height, and the other 18 are the
nine other joints relative to the pelvis. The map is invertible, for x = 0 at the first pelvis. The same
arithmetic serves numpy arrays and torch tensors.
"""

from __future__ import annotations

from typing import Any

from stickgen.motion.skeleton import LEFT_FOOT, PELVIS, RIGHT_FOOT

Array = Any  # numpy.ndarray or torch.Tensor: whatever goes in comes out

_PX, _PY = 2 * PELVIS, 2 * PELVIS + 1
# the pelvis is stored in columns 0 and 1 of the features, the head in its place
assert PELVIS == 1

CONTACT_HEIGHT = 0.06  # of the ankle above the floor, in skeleton units
CONTACT_SPEED = 0.012  # units a frame: 0.3 units a second, about half a metre


def to_features(motion: Array) -> Array:
    """Absolute coordinates [..., t, 20] → features [..., t, 20]; the first step in x is 0."""
    features = _copy(motion)
    x, y = motion[..., _PX], motion[..., _PY]
    features[..., 0::2] = motion[..., 0::2] - x[..., None]
    features[..., 1::2] = motion[..., 1::2] - y[..., None]
    head_x, head_y = _copy(features[..., 0]), _copy(features[..., 1])
    features[..., _PX], features[..., _PY] = head_x, head_y
    features[..., 0] = 0.0
    features[..., 1:, 0] = x[..., 1:] - x[..., :-1]
    features[..., 1] = y
    return features


def from_features(features: Array) -> Array:
    """Features [..., t, 20] → absolute coordinates [..., t, 20], the inverse of `to_features`.

    Whatever the first step in x says, the first pelvis stands at x = 0.
    """
    motion = _copy(features)
    steps = features[..., 0]
    x = steps.cumsum(-1) - steps[..., :1]
    y = features[..., 1]
    motion[..., 0], motion[..., 1] = features[..., _PX], features[..., _PY]
    motion[..., 0::2] = motion[..., 0::2] + x[..., None]
    motion[..., 1::2] = motion[..., 1::2] + y[..., None]
    motion[..., _PX], motion[..., _PY] = x, y
    return motion


def foot_contacts(motion: Array) -> Array:
    """Which foot is planted, [..., t, 20] → bool [..., t, 2], left then right: low and nearly still.

    A frame is judged by the slower of the steps before and after it, so that the first and last frame of a
    stance count.
    """
    assert RIGHT_FOOT == LEFT_FOOT + 1
    feet = motion[..., 2 * LEFT_FOOT :].reshape(*motion.shape[:-1], 2, 2)  # [..., t, foot, coordinate]
    steps = feet[..., 1:, :, :] - feet[..., :-1, :, :]
    still = (steps**2).sum(-1) < CONTACT_SPEED**2  # [..., t - 1, 2]
    low = feet[..., 1] < CONTACT_HEIGHT
    planted = _copy(low)
    planted[..., :1, :] = low[..., :1, :] & still[..., :1, :]
    planted[..., 1:-1, :] = low[..., 1:-1, :] & (still[..., 1:, :] | still[..., :-1, :])
    planted[..., -1:, :] = low[..., -1:, :] & still[..., -1:, :]
    return planted


def _copy(array: Any) -> Any:
    return array.clone() if hasattr(array, "clone") else array.copy()
