"""Damages do what they say, by how much they say, and always the same."""

from __future__ import annotations

import pytest
import torch

from stickgen.data.clip import Clip
from stickgen.evaluate.damage import DAMAGES, Damage
from stickgen.evaluate.physics import body_of

BY_NAME = {damage.name: damage for damage in DAMAGES}


@pytest.fixture(scope="module")
def motions(synthetic_clips: list[Clip]) -> list[torch.Tensor]:
    return [torch.from_numpy(clip.motion) for clip in synthetic_clips[:40]]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_what_is_damaged_keeps_its_shape_and_is_finite(damage: Damage, motions: list[torch.Tensor]) -> None:
    before = [motion.clone() for motion in motions]
    for level in damage.levels:
        spoiled = damage.how(motions, level)
        again = damage.how(motions, level)
        if damage.name != "wrong text":
            assert [m.shape for m in spoiled] == [m.shape for m in motions]
        assert all(bool(torch.isfinite(m).all()) for m in spoiled)
        assert all(torch.equal(a, b) for a, b in zip(spoiled, again, strict=True))
        assert any(a.shape != b.shape or not torch.equal(a, b) for a, b in zip(spoiled, motions, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(before, motions, strict=True)), "the real motion was changed"


def test_half_speed_halves_the_speed(motions: list[torch.Tensor]) -> None:
    slow = BY_NAME["half speed"].how(motions, 0.5)
    half = len(slow[0]) // 2
    assert body_of(slow[0]).speed == pytest.approx(body_of(motions[0][: half + 1]).speed / 2, rel=0.05)


def test_half_speed_adds_no_jerk_of_its_own(motions: list[torch.Tensor]) -> None:
    real = sum(body_of(motion).jerk for motion in motions)
    jerks = [
        sum(body_of(m).jerk for m in BY_NAME["half speed"].how(motions, level)) for level in (0.8, 0.65, 0.5)
    ]
    assert real > jerks[0] > jerks[1] > jerks[2]


def test_a_frozen_motion_stands_still_from_then_on(motions: list[torch.Tensor]) -> None:
    third, whole = (BY_NAME["freeze"].how(motions, share)[0] for share in (1 / 3, 1.0))
    assert body_of(whole).speed == 0
    assert torch.equal(third[: len(third) // 2], motions[0][: len(third) // 2])
    assert torch.equal(third[-1], third[-2])


def test_a_wrong_text_leaves_no_motion_with_its_own(motions: list[torch.Tensor]) -> None:
    moved = BY_NAME["wrong text"].how(motions, 1.0)
    assert sorted(map(id, moved)) == sorted(map(id, motions))
    assert not any(a is b for a, b in zip(moved, motions, strict=True))
    third = BY_NAME["wrong text"].how(motions, 1 / 3)
    assert sum(a is not b for a, b in zip(third, motions, strict=True)) == round(len(motions) / 3)
