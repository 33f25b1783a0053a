"""Mirrors motions for the encoders' hard negatives: `data/mirroring.py` on tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from stickgen.data.mirroring import mirror_motion, view_of


def mirrored(motion: Tensor) -> Tensor:
    """[t, 20] with the pelvis at x = 0 in the first frame → the mirrored body's motion, [t, 20]."""
    array = motion.numpy()
    return torch.from_numpy(mirror_motion(array, view_of(array)))
