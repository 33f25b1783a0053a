"""Poses that a motion must meet at given frames, imposed on each prediction while it is drawn.

The difference between the prediction and a held pose is spread over the frames beside it, so that the motion arrives
at the pose instead of jumping to it. What the model then sees has the pose in its place, and it adapts the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from stickgen.model.normalise import Normaliser
from stickgen.motion.skeleton import PELVIS

REACH = 12  # frames before and after a held pose that its correction is spread over


class HeldPoses:
    """Poses [20] in absolute coordinates, by their frames in ascending order, of a motion of `total` frames."""

    def __init__(self, poses: Mapping[int, Sequence[float]], total: int, normaliser: Normaliser) -> None:
        self.frames = torch.tensor(list(poses))
        self.poses = torch.tensor([list(pose) for pose in poses.values()], dtype=torch.float32)
        device = normaliser.mean.device
        self._at = self.frames.to(device)
        self._place = self.poses[:, 2 * PELVIS].to(device)  # the pelvis's x
        features = normaliser.features(self.poses.to(device))
        features[1:, 0] /= (
            self._at.diff()
        )  # the mean step between two held poses; right if they are neighbours
        self.features = (features - normaliser.mean) / normaliser.std  # [k, 20]
        self._mean, self._std = normaliser.mean[0], normaliser.std[0]
        self._pose_spread = _spread(self.frames, total, REACH).to(device)
        self._path_spread = _spread(self.frames, total, total).to(device)

    def impose(self, clean: Tensor) -> Tensor:
        """Normalised features [t, 20] → the same with the held poses, and the way of the pelvis between them."""
        held = clean + self._pose_spread @ (self.features - clean[self._at])
        path = (clean[:, 0] * self._std + self._mean).cumsum(0)
        missing = self._place - path[self._at]
        shift = self._path_spread @ (missing - missing[0])  # where the motion begins is free
        held[:, 0] = clean[:, 0]
        held[1:, 0] += shift.diff() / self._std
        return held

    def place(self, motion: Tensor) -> Tensor:
        """Coordinates [t, 20] on the CPU → shifted along the floor to the first held pose, the held poses exact."""
        placed = motion.clone()
        placed[:, 0::2] += self.poses[0, 2 * PELVIS] - motion[self.frames[0], 2 * PELVIS]
        placed[self.frames] = self.poses
        return placed


def _spread(frames: Tensor, total: int, reach: int) -> Tensor:
    """How much of the correction at each of the ascending `frames` goes to every frame, [total, k].

    It is whole at the frame itself, nothing at the next held one, and between them falls without a kink within
    `reach` frames. A `reach` of `total` leaves the ends of the motion with the whole correction of the nearest one.
    """
    every = torch.arange(total, dtype=torch.float32)
    spread = torch.zeros(total, len(frames))
    for number, frame in enumerate(frames.tolist()):
        before = frame - int(frames[number - 1]) if number else math.inf
        after = int(frames[number + 1]) - frame if number + 1 < len(frames) else math.inf
        for gap, side in ((before, every <= frame), (after, every >= frame)):
            if math.isinf(gap) and reach >= total:
                spread[side, number] = 1.0
            else:
                away = ((every[side] - frame).abs() / min(gap, reach)).clamp_max(1.0)
                spread[side, number] = torch.cos(away * math.pi / 2).square()
    return spread
