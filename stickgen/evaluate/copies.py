"""Is a motion new, or copied from the training data?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.motion.features import to_features
from stickgen.motion.skeleton import NUM_JOINTS

MOMENTS = 32  # points in time at which two motions are compared, whatever their lengths
# A copy is closer to a training clip than half the distance within which the closest twentieth of real held-out
# motions lies.
NEAR_SHARE, CLOSE = 0.05, 0.5


def outline(motion: Tensor) -> Tensor:
    """[t, 20] → [640]: the pose relative to the pelvis at MOMENTS moments, and how far the pelvis has travelled."""
    features = to_features(motion.float())
    features[:, 0] = features[:, 0].cumsum(0)
    moments = F.interpolate(features.T[None], size=MOMENTS, mode="linear", align_corners=True)[0]
    return moments.T.flatten() / NUM_JOINTS**0.5 / MOMENTS**0.5


@dataclass(frozen=True)
class Library:
    """Outlines of the training clips, and how far real held-out motions are from the nearest."""

    clips: tuple[int, ...]
    outlines: Tensor  # [n, 640]
    real_distance: float  # mean over held-out clips, in body heights per joint
    copied_below: float  # the distance below which a motion is a copy

    @classmethod
    def of(cls, clips: Sequence[int], motions: Sequence[Tensor], held_out: Sequence[Tensor]) -> Library:
        """The library of the training `clips` with their `motions`."""
        outlines = torch.stack([outline(motion) for motion in motions])
        distances = _nearest(held_out, outlines)[0]
        return cls(
            tuple(clips), outlines, float(distances.mean()), CLOSE * float(distances.quantile(NEAR_SHARE))
        )

    def nearest(self, motions: Sequence[Tensor]) -> tuple[Tensor, list[int], Tensor]:
        """For each motion, the distance to the nearest training clip, which clip that is, and whether it is a copy.

        The distance [n] is a root mean square over joints in body heights; whether it is a copy is bool [n].
        """
        distances, rows = _nearest(motions, self.outlines)
        return distances, [self.clips[row] for row in rows.tolist()], distances < self.copied_below


def _nearest(motions: Sequence[Tensor], outlines: Tensor) -> tuple[Tensor, Tensor]:
    found = torch.cdist(torch.stack([outline(motion) for motion in motions]), outlines).min(1)
    return found.values, found.indices
