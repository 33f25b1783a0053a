"""Cleans a drawn motion up, as animators do with captures: planted feet stay where they are, bones keep their length.

A model errs by a few centimetres, which is little in a loss and much to an eye that follows a sliding foot.

Axes: b batch, t frames, f the two feet, c coordinates.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.motion.skeleton import (
    BONES,
    HEAD,
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    MAX_FRAMES,
    NECK,
    NECK_ALONG_SPINE,
    PELVIS,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_KNEE,
)

# How much a planted foot resists a step, and any foot a change of its steps, where a change of place counts 1.
TIE, KEEP = 30.0, 2.0
KNEE = 0.5  # share of a foot's correction that its knee follows
ARMS = ((LEFT_ELBOW, LEFT_HAND), (RIGHT_ELBOW, RIGHT_HAND))
LEGS = ((LEFT_KNEE, LEFT_FOOT), (RIGHT_KNEE, RIGHT_FOOT))


def cleaned(motion: Tensor, planted: Tensor, limits: Tensor, held: Tensor | None = None) -> Tensor:
    """Coordinates [b, t, 20] → the same with feet that stay and bones within their `limits` [10], in the order of BONES.

    `planted` [b, t, 2] is how likely each foot is planted, left then right. Frames that `held` [t] marks keep their
    pose, and the feet of the others give way to it.
    """
    joints = list(motion.unflatten(-1, (-1, 2)).unbind(-2))
    feet = torch.stack((joints[LEFT_FOOT], joints[RIGHT_FOOT]), dim=-2)
    moved = stay(feet, planted, held) - feet
    for side, (knee, foot) in enumerate(LEGS):
        joints[foot] = joints[foot] + moved[..., side, :]
        joints[knee] = joints[knee] + KNEE * moved[..., side, :]
    fitted = torch.stack(_within(joints, limits), dim=-2).flatten(-2)
    return fitted if held is None else torch.where(held[:, None], motion, fitted)


def stay(feet: Tensor, planted: Tensor, held: Tensor | None = None) -> Tensor:
    """Places [b, t, f, c] of the feet → the nearest ones at which planted feet hardly move.

    They minimise the squared distance from `feet`, plus TIE times the squared steps between frames in which the foot is
    `planted` [b, t, f], plus KEEP times the squared change of every step. That is a tridiagonal system for each foot,
    which is solved by parallel cyclic reduction (Hockney, J. ACM 12, 1965), in few operations for all frames at once.
    """
    # between each frame and the next one; none after the last
    kept = KEEP * _shifted(torch.ones_like(planted), -1)
    ties = kept + TIE * planted * _shifted(planted, -1)
    above, below = -ties, -_shifted(ties, 1)
    own = torch.ones_like(planted)
    if held is not None:
        own = own + 1e4 * held.to(own.dtype)[:, None]
    diagonal = own - above - below
    above, below, diagonal = above[..., None], below[..., None], diagonal[..., None]
    steps = kept[..., None] * (_shifted(feet, -1) - feet)
    wanted = own[..., None] * feet + _shifted(steps, 1) - steps
    # an exported program takes any length, and as many rounds as the longest needs
    frames = MAX_FRAMES if torch.compiler.is_exporting() else feet.shape[1]
    for distance in (2**n for n in range((frames - 1).bit_length())):
        # each frame's row minus multiples of those `distance` before and after, which eliminate its neighbours there
        before = -below / _shifted(diagonal, distance, 1.0)
        after = -above / _shifted(diagonal, -distance, 1.0)
        diagonal = diagonal + before * _shifted(above, distance) + after * _shifted(below, -distance)
        wanted = wanted + before * _shifted(wanted, distance) + after * _shifted(wanted, -distance)
        below, above = before * _shifted(below, distance), after * _shifted(above, -distance)
    return wanted / diagonal


def _shifted(values: Tensor, frames: int, beyond: float = 0.0) -> Tensor:
    """[b, t, ...] moved by `frames` towards the end, or towards the start where negative; `beyond` comes in."""
    t = values.shape[1]
    padding = (0, 0) * (values.ndim - 2)
    if frames > 0:
        return F.pad(values, (*padding, frames, 0), value=beyond).narrow(1, 0, t)
    return F.pad(values, (*padding, 0, -frames), value=beyond).narrow(1, -frames, t)


def _within(joints: list[Tensor], limits: Tensor) -> list[Tensor]:
    """The joints [b, t, 2], moved towards the pelvis where a bone is longer than its limit, from the pelvis outwards.

    A hand follows its elbow; a foot stays where it is unless its knee cannot reach it.
    """
    longest = dict(zip(BONES, limits, strict=True))
    found = list(joints)
    pelvis = joints[PELVIS]
    found[HEAD] = _reached(pelvis, joints[HEAD], longest[PELVIS, NECK] / NECK_ALONG_SPINE)
    neck = pelvis + NECK_ALONG_SPINE * (found[HEAD] - pelvis)
    for elbow, hand in ARMS:
        found[elbow] = _reached(neck, joints[elbow], longest[NECK, elbow])
        followed = joints[hand] + found[elbow] - joints[elbow]
        found[hand] = _reached(found[elbow], followed, longest[elbow, hand])
    for knee, foot in LEGS:
        found[knee] = _reached(pelvis, joints[knee], longest[PELVIS, knee])
        found[foot] = _reached(found[knee], joints[foot], longest[knee, foot])
    return found


def _reached(start: Tensor, end: Tensor, longest: Tensor) -> Tensor:
    """`end`, or the nearest point to it that a bone of the `longest` length reaches from `start`."""
    bone = end - start
    length = bone.square().sum(-1, keepdim=True).add(1e-12).sqrt()
    return start + bone * (longest / length).clamp_max(1.0)
