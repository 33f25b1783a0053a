"""The terms of the loss, each a mean over real frames with one value per clip.

Clips are only averaged at the end, so that an effective batch weighs every clip alike, however it is cut into
micro-batches. Axes: b batch, t time.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.model.bones import bone_lengths
from stickgen.model.normalise import Normaliser
from stickgen.model.transformer import Prediction
from stickgen.motion.features import foot_contacts
from stickgen.motion.skeleton import FPS, LEFT_FOOT, PELVIS, RIGHT_FOOT

UNLABELLED = -100  # the action index that no loss counts
GRAVITY_STEP = 9.81 / 1.75 / FPS**2  # in units per frame²; a unit is about 1.75 m
AIRBORNE_HEIGHT = 0.05  # both ankles at least this far above the floor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean [b] of the `values` [b, t] whose `mask` [b, t] is true; 0 for a clip without any."""
    weight = mask.to(values.dtype)
    return (values * weight).sum(1) / weight.sum(1).clamp_min(1)


def pose_loss(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error of normalised features, [b]; about 1 for always predicting the mean pose."""
    return masked_mean((predicted - target).square().mean(-1), mask)


def temporal_loss(predicted: Tensor, target: Tensor, mask: Tensor, normaliser: Normaliser) -> Tensor:
    """Error of velocity and acceleration in coordinates, in units of their standard deviation; [b].

    It compares with the target instead of rewarding smoothness, which standing still would maximise.
    """
    error = predicted - target
    steps = error.diff(dim=1).square().mean(-1) / normaliser.step_std.square()
    bends = error.diff(n=2, dim=1).square().mean(-1) / normaliser.bend_std.square()
    return masked_mean(steps, mask[:, 1:]) + 0.5 * masked_mean(bends, mask[:, 2:])


def action_loss(logits: Tensor, actions: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy of the action of each labelled frame, [b]; `actions` [b, t] may be UNLABELLED."""
    error = F.cross_entropy(logits.transpose(1, 2), actions, ignore_index=UNLABELLED, reduction="none")
    return masked_mean(error, mask & (actions != UNLABELLED))


def physics_loss(prediction: Prediction, predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Error of bones, feet, floor and flight in coordinates [b, t, 20]; [b].

    It is smallest if bones are as long in projection as the clip's; if feet stand still while the clip's are planted,
    and the contact head knows it; if no foot is below the floor; and if the pelvis falls with gravity while the
    clip's figure is in free flight.
    """
    bones = (bone_lengths(predicted) - bone_lengths(target)).square().mean(-1) / 0.04**2
    planted = foot_contacts(target)  # [b, t, 2]
    feet = torch.stack(
        [predicted[..., 2 * foot : 2 * foot + 2] for foot in (LEFT_FOOT, RIGHT_FOOT)], dim=-2
    )  # [b, t, 2, 2]
    slide = feet.diff(dim=1).square().sum(-1) * (planted[:, 1:] & planted[:, :-1])
    sunk = F.relu(-feet[..., 1]).square().sum(-1) / 0.02**2
    contact = F.binary_cross_entropy_with_logits(
        prediction.contact_logits, planted.float(), reduction="none"
    ).mean(-1)

    heights = torch.stack([target[..., 2 * foot + 1] for foot in (LEFT_FOOT, RIGHT_FOOT)], dim=-1)
    pelvis_y = 2 * PELVIS + 1
    fall = target[..., pelvis_y].diff(n=2, dim=1)
    flying = (heights.amin(-1)[:, 1:-1] > AIRBORNE_HEIGHT) & (
        (fall + GRAVITY_STEP).abs() < 0.4 * GRAVITY_STEP
    )
    drop = (predicted[..., pelvis_y].diff(n=2, dim=1) + GRAVITY_STEP).square() / GRAVITY_STEP**2
    return (
        masked_mean(bones, mask)
        + masked_mean(slide.sum(-1) / 0.02**2, mask[:, 1:])
        + masked_mean(sunk, mask)
        + 0.1 * masked_mean(contact, mask)
        + 0.1 * masked_mean(drop, mask[:, 2:] & flying)
    )
