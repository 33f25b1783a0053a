"""A figure of rigid bones that moves like a motion: what programs that turn joints need, which know no other bones.

A motion is a picture of a body in space, and a bone that points out of the picture looks shorter. A rigid bone
cannot, so each bone keeps its direction and has one length: the one with which the whole clip fits best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stickgen.motion.skeleton import (
    BONE_LENGTHS,
    HEAD,
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    NECK,
    NECK_ALONG_SPINE,
    NUM_JOINTS,
    PELVIS,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_KNEE,
)

Floats = NDArray[np.float64]

# (from, to), what comes first standing before what hangs from it; the neck lies on the spine
SPINE = (PELVIS, HEAD)
CHAIN: tuple[tuple[int, int], ...] = (
    SPINE,
    (NECK, LEFT_ELBOW), (LEFT_ELBOW, LEFT_HAND), (NECK, RIGHT_ELBOW), (RIGHT_ELBOW, RIGHT_HAND),
    (PELVIS, LEFT_KNEE), (LEFT_KNEE, LEFT_FOOT), (PELVIS, RIGHT_KNEE), (RIGHT_KNEE, RIGHT_FOOT),
)  # fmt: skip
_LENGTH_OF = (0, 1, 2, 1, 2, 3, 4, 3, 4)  # left and right share their lengths
_USUAL = np.array([
    BONE_LENGTHS[PELVIS, NECK] + BONE_LENGTHS[NECK, HEAD],
    BONE_LENGTHS[NECK, LEFT_ELBOW], BONE_LENGTHS[LEFT_ELBOW, LEFT_HAND],
    BONE_LENGTHS[PELVIS, LEFT_KNEE], BONE_LENGTHS[LEFT_KNEE, LEFT_FOOT],
])  # fmt: skip
_LEAST, _MOST = 0.5, 1.5  # of the usual length: a clip in which an arm is never seen still gets one
_SEEN = 0.02  # skeleton units: the direction of a shorter bone is noise
_PRIOR = 1e-3  # weight of the usual lengths, for what a clip does not show


@dataclass(frozen=True)
class RigidFigure:
    """The motion of a figure whose bones never change their length."""

    pelvis: Floats  # [t, 2], that of the motion
    angles: Floats  # [t, 9] of CHAIN, in radians counter-clockwise from +x, without leaps from frame to frame
    lengths: Floats  # [9] of CHAIN, in skeleton units
    mean_error: float  # how far its joints are from those of the motion, in skeleton units
    largest_error: float

    @property
    def joints(self) -> Floats:
        """The positions [t, 10, 2] of its joints."""
        return _place(self.pelvis, _directions(self.angles), self.lengths)


def rigid(motion: ArrayLike) -> RigidFigure:
    """The rigid figure that is nearest to a motion [t, 20], with the pelvis where it is and every bone's direction."""
    points = np.asarray(motion, dtype=np.float64).reshape(-1, NUM_JOINTS, 2)
    pelvis = points[:, PELVIS]
    neck = pelvis + NECK_ALONG_SPINE * (points[:, HEAD] - pelvis)
    bones = np.stack([
        points[:, end] - (neck if start == NECK else points[:, start]) for start, end in CHAIN
    ], axis=1)  # fmt: skip
    angles = _angles(bones)
    lengths = _best_lengths(_directions(angles), points - pelvis[:, None])
    error = np.linalg.norm(_place(pelvis, _directions(angles), lengths) - points, axis=-1)
    return RigidFigure(pelvis, angles, lengths, float(error.mean()), float(error.max()))


def _angles(bones: Floats) -> Floats:
    """Angles [t, 9] of bones [t, 9, 2]. One too short to have a direction turns evenly between those around it."""
    angles = np.arctan2(bones[..., 1], bones[..., 0])
    seen = np.linalg.norm(bones, axis=-1) > _SEEN
    frames = np.arange(len(bones))
    for bone in range(len(CHAIN)):
        at = np.flatnonzero(seen[:, bone])
        if len(at):
            angles[:, bone] = np.interp(frames, at, np.unwrap(angles[at, bone]))
        else:
            angles[:, bone] = np.pi / 2 if CHAIN[bone] == SPINE else -np.pi / 2
    return angles


def _directions(angles: Floats) -> Floats:
    return np.stack((np.cos(angles), np.sin(angles)), axis=-1)


def _place(pelvis: Floats, directions: Floats, lengths: Floats) -> Floats:
    """Joints [t, 10, 2] of bones that point in `directions` [t, 9, 2]."""
    placed = np.empty((len(pelvis), NUM_JOINTS, 2))
    placed[:, PELVIS] = pelvis
    for number, (start, end) in enumerate(CHAIN):
        bone = directions[:, number] * lengths[number]
        if (start, end) == SPINE:
            neck = pelvis + NECK_ALONG_SPINE * bone
        placed[:, end] = (neck if start == NECK else placed[:, start]) + bone
    return placed


def _best_lengths(directions: Floats, wanted: Floats) -> Floats:
    """The lengths [9] that bring the joints nearest to those `wanted` [t, 10, 2], relative to the pelvis.

    With given directions every joint is a sum of lengths times directions: a least-squares problem.
    """
    parts = np.zeros((*wanted.shape, len(_USUAL)))  # what each length adds to each joint
    for number, (start, end) in enumerate(CHAIN):
        if start == NECK:
            parts[:, end, :, 0] += NECK_ALONG_SPINE * directions[:, 0]
        elif start != PELVIS:
            parts[:, end] += parts[:, start]
        parts[:, end, :, _LENGTH_OF[number]] += directions[:, number]
    weight = _PRIOR * np.sqrt(len(wanted))
    rows = np.concatenate((parts.reshape(-1, len(_USUAL)), weight * np.eye(len(_USUAL))))
    found = np.linalg.lstsq(rows, np.concatenate((wanted.ravel(), weight * _USUAL)), rcond=None)[0]
    best: Floats = np.clip(found, _LEAST * _USUAL, _MOST * _USUAL)[list(_LENGTH_OF)]
    return best
