"""Arms as seen from their own joints: nothing is lost, and older models keep their view."""

from __future__ import annotations

import torch

from stickgen.model.bones import bone_vectors
from stickgen.model.limbs import arm_shares, from_limbs, to_limbs
from stickgen.model.normalise import Normaliser
from stickgen.motion.features import from_features, to_features
from stickgen.motion.skeleton import (
    BONES,
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    NECK,
    PELVIS,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
)


def poses(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, 20, generator=torch.Generator().manual_seed(7))


def fitted() -> Normaliser:
    normaliser = Normaliser(4)
    normaliser.fit([poses(40), poses(25)], poses(6)[:, :4])
    return normaliser


def test_arms_are_their_bones_and_feet_stay_below_the_pelvis() -> None:
    motion = poses(3, 12)
    found = to_limbs(to_features(motion), arm_shares()).unflatten(-1, (-1, 2))
    bones = dict(zip(BONES, bone_vectors(motion).unbind(-2), strict=True))
    for elbow, hand in ((LEFT_ELBOW, LEFT_HAND), (RIGHT_ELBOW, RIGHT_HAND)):
        torch.testing.assert_close(found[..., elbow, :], bones[NECK, elbow])
        torch.testing.assert_close(found[..., hand, :], bones[elbow, hand])
    joints = motion.unflatten(-1, (-1, 2))
    for foot in (LEFT_FOOT, RIGHT_FOOT):
        torch.testing.assert_close(found[..., foot, :], joints[..., foot, :] - joints[..., PELVIS, :])


def test_the_way_back_is_exact() -> None:
    motion = poses(2, 9)
    motion[:, 0, 2 * PELVIS] = 0.0  # where a motion begins
    shares = arm_shares()
    there_and_back = from_features(from_limbs(to_limbs(to_features(motion), shares), shares))
    torch.testing.assert_close(there_and_back, motion, atol=1e-5, rtol=0)


def test_an_older_normaliser_sees_arms_from_the_pelvis_to_the_bit() -> None:
    older, motion = Normaliser(4), poses(2, 9)
    assert torch.equal(older.encode(motion), to_features(motion))
    assert torch.equal(older.decode(motion), from_features(motion))


def test_a_new_normaliser_is_fitted_to_arms_as_it_sees_them() -> None:
    normaliser = fitted()
    seen = torch.cat([normaliser.encode(poses(40)), normaliser.encode(poses(25))])
    moving = [column for column in range(20) if column]  # a first step is none
    torch.testing.assert_close(seen.mean(0)[moving], torch.zeros(19), atol=1e-4, rtol=0)
    torch.testing.assert_close(seen.std(0, correction=0)[moving], torch.ones(19), atol=1e-4, rtol=0)
    again = normaliser.decode(normaliser.encode(poses(40)))
    torch.testing.assert_close(normaliser.encode(again), normaliser.encode(poses(40)), atol=1e-4, rtol=0)
