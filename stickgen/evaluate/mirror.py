"""The figure with its sides swapped, and the words of its captions."""

from __future__ import annotations

import re

import torch
from torch import Tensor

from stickgen.motion.skeleton import (
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    PELVIS,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_KNEE,
)

_PAIRS = (
    (LEFT_ELBOW, RIGHT_ELBOW), (LEFT_HAND, RIGHT_HAND), (LEFT_KNEE, RIGHT_KNEE), (LEFT_FOOT, RIGHT_FOOT),
)  # fmt: skip
_SWAPPED = [0, 1, 3, 2, 5, 4, 7, 6, 9, 8]  # joint by joint, what takes its place
_FRONT = 0.08  # skeleton units between left and right from which on a figure is seen from the front
_TRAVEL = 0.6  # a figure that goes further is drawn going to +x, from whichever side it is seen

_SIDE = re.compile(r"\b(left|right)(?=\b|[-_])", re.IGNORECASE)


def mirrored(motion: Tensor) -> Tensor:
    """[t, 20] → the same motion by the other hand and leg, [t, 20].

    Seen from the side, only the joints change places. Seen from the front, left and right also lie on other
    sides of the picture, so x is turned around, unless the figure travels: it still goes to +x.
    """
    joints = motion.unflatten(-1, (-1, 2))
    swapped = joints[..., _SWAPPED, :].clone()
    if seen_from_front(motion) and float(motion[:, 2 * PELVIS].max() - motion[:, 2 * PELVIS].min()) < _TRAVEL:
        start = joints[0, PELVIS, 0]
        swapped[..., 0] = 2 * start - swapped[..., 0]
    return swapped.flatten(-2)


def seen_from_front(motion: Tensor) -> bool:
    """Whether left and right lie side by side in most frames of [t, 20]."""
    joints = motion.unflatten(-1, (-1, 2))
    apart = torch.stack([joints[:, left, 0] - joints[:, right, 0] for left, right in _PAIRS]).mean(0)
    return abs(float(apart.median())) > _FRONT


def side_words(text: str) -> tuple[str, ...]:
    """`left` and `right` in the order in which `text` has them."""
    return tuple(word.lower() for word in _SIDE.findall(text))


def swapped_words(text: str) -> str:
    """`text` with left and right exchanged; the same text where it has neither."""

    def other(match: re.Match[str]) -> str:
        word = match[1]
        swap = "right" if word.lower() == "left" else "left"
        return swap.upper() if word.isupper() else swap.capitalize() if word[0].isupper() else swap

    return _SIDE.sub(other, text)
