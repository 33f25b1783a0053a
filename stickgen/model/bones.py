"""How long the bones of a motion look in the picture, and how long they may look.

A bone that turns out of the picture's plane looks shorter, never longer than it is.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from stickgen.motion.skeleton import BONES, HEAD, NECK, NECK_ALONG_SPINE, PELVIS

SHARE = 0.999  # of the real frames, in which a bone looks no longer than its limit
BINS, LONGEST = 4000, 4.0  # of the lengths that are counted, in skeleton units
UNLIMITED = 1e6  # longer than any bone; a checkpoint holds no infinities


def bone_vectors(motion: Tensor) -> Tensor:
    """Each bone from its start to its end, [..., t, 20] → [..., t, 10, 2], in the order of BONES."""
    joints = motion.unflatten(-1, (-1, 2))
    neck = joints[..., PELVIS, :] + NECK_ALONG_SPINE * (joints[..., HEAD, :] - joints[..., PELVIS, :])
    points = torch.cat((joints, neck.unsqueeze(-2)), dim=-2)  # the neck comes last: index NECK = -1
    assert NECK == -1
    start, end = zip(*BONES, strict=True)
    return points[..., list(end), :] - points[..., list(start), :]


def bone_lengths(motion: Tensor) -> Tensor:
    """Projected lengths of the ten bones, [..., t, 20] → [..., t, 10]; differentiable at length zero."""
    return bone_vectors(motion).square().sum(-1).add(1e-8).sqrt()


def bone_limits(motions: Iterable[Tensor]) -> Tensor:
    """The length [10] that each bone keeps below in SHARE of all frames of real `motions`, [t, 20] each.

    Lengths are counted in bins, one motion at a time, because a dataset may be larger than memory.
    """
    counts = torch.zeros(len(BONES), BINS, dtype=torch.float64)
    for motion in motions:
        bins = (bone_lengths(motion.float()) * (BINS / LONGEST)).long().clamp(0, BINS - 1).T
        counts.scatter_add_(1, bins, torch.ones_like(bins, dtype=counts.dtype))
    below = counts.cumsum(1) < SHARE * counts.sum(1, keepdim=True)
    return ((below.sum(1) + 1) * (LONGEST / BINS)).float()
