"""Arms as a model likes them: the hand as seen from its elbow, the elbow as seen from the neck.

Seen from the pelvis, a hand moves as far as the whole body turns or bends, and the little of it that is a clap or a wave
drowns in that. Seen from the elbow, it moves half as far, and all of that is the arm's own (docs/ablation.md). Feet stay
as seen from the pelvis: from the knee, the errors of two bones add up and a planted foot slides.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from stickgen.motion.skeleton import (
    LEFT_ELBOW,
    LEFT_HAND,
    NECK_ALONG_SPINE,
    PELVIS,
    POSE_DIM,
    RIGHT_ELBOW,
    RIGHT_HAND,
)

_HEAD = PELVIS  # features keep the head in the pelvis's place
_ARMS: Final = (
    (LEFT_ELBOW, _HEAD, NECK_ALONG_SPINE), (RIGHT_ELBOW, _HEAD, NECK_ALONG_SPINE),
    (LEFT_HAND, LEFT_ELBOW, 1.0), (RIGHT_HAND, RIGHT_ELBOW, 1.0),
)  # fmt: skip
_DEEPEST: Final = 2  # a hand hangs on an elbow, and that on the neck


def arm_shares() -> Tensor:
    """How much of the joint that it hangs on is taken off each feature, [20]."""
    shares = torch.zeros(POSE_DIM)
    for joint, _, share in _ARMS:
        shares[2 * joint : 2 * joint + 2] = share
    return shares


def to_limbs(features: Tensor, shares: Tensor) -> Tensor:
    """Features as seen from the pelvis [..., 20] → from the joint that each hangs on. With `shares` of zero, the same."""
    return features - shares * _held_by(features)


def from_limbs(features: Tensor, shares: Tensor) -> Tensor:
    """The inverse of `to_limbs`."""
    found = features
    for _ in range(_DEEPEST):
        found = features + shares * _held_by(found)
    return found


def _held_by(features: Tensor) -> Tensor:
    """Of each feature, that of the joint which its own joint hangs on; its own where that is the pelvis."""
    columns = list(range(POSE_DIM))
    for joint, holder, _ in _ARMS:
        columns[2 * joint : 2 * joint + 2] = [2 * holder, 2 * holder + 1]
    return features[..., columns]
