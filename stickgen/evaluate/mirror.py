"""Sides swapped, for the encoders' hard negatives: `data/mirroring.py` on tensors, and which sides a text names."""

from __future__ import annotations

import torch
from torch import Tensor

from stickgen.data.mirroring import mirror_motion, swap_sides, view_of


def mirrored(motion: Tensor) -> Tensor:
    """[t, 20], x = 0 at the first pelvis → the mirrored body's motion, [t, 20]."""
    array = motion.numpy()
    return torch.from_numpy(mirror_motion(array, view_of(array)))


def side_words(text: str) -> tuple[str, ...]:
    """The words of `text` that name a side, or a sense of rotation, in order."""
    pairs = zip(text.split(), swap_sides(text).split(), strict=True)
    return tuple(word.lower().strip(".,;:!?'\"()") for word, other in pairs if word != other)
