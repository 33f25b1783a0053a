"""Sides swapped, in words and in the figure."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stickgen.evaluate.mirror import mirrored, seen_from_front, side_words, swapped_words
from stickgen.motion.skeleton import LEFT_HAND, PELVIS, RIGHT_HAND


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("kicks with the left leg", "kicks with the right leg"),
        ("Left, then RIGHT", "Right, then LEFT"),
        ("a left-handed throw", "a right-handed throw"),
        ("eats leftovers, all right-ish", "eats leftovers, all left-ish"),
        ("a bright person", "a bright person"),
    ],
)
def test_left_and_right_change_places_and_nothing_else(text: str, swapped: str) -> None:
    assert swapped_words(text) == swapped


@given(st.lists(st.sampled_from(["left", "right", "Left", "RIGHT", "hand", "lefty", "and"])).map(" ".join))
def test_swapping_twice_gives_the_text_back(text: str) -> None:
    assert swapped_words(swapped_words(text)) == text
    assert len(side_words(swapped_words(text))) == len(side_words(text))


def figure(apart: float, travel: float = 0.0, frames: int = 30) -> torch.Tensor:
    """A figure whose left joints lie `apart` units from its right ones, and that goes `travel` units."""
    generator = torch.Generator().manual_seed(0)
    joints = 0.02 * torch.randn(frames, 10, 2, generator=generator) + 0.5
    joints[:, [2, 4, 6, 8], 0] += apart
    joints[:, :, 0] += torch.linspace(0, travel, frames)[:, None]
    return joints.flatten(1)


def test_seen_from_the_side_only_joints_change_places() -> None:
    motion = figure(apart=0.0)
    turned = mirrored(motion)
    assert not seen_from_front(motion)
    assert torch.equal(turned[:, 2 * LEFT_HAND :][:, :2], motion[:, 2 * RIGHT_HAND :][:, :2])
    assert torch.equal(turned[:, 2 * PELVIS], motion[:, 2 * PELVIS])


@pytest.mark.parametrize("apart", [0.0, 0.3])
@pytest.mark.parametrize("travel", [0.0, 2.0])
def test_mirroring_twice_gives_the_motion_back(apart: float, travel: float) -> None:
    motion = figure(apart, travel)
    assert torch.allclose(mirrored(mirrored(motion)), motion, atol=1e-5)


def test_seen_from_the_front_left_stays_on_its_side_of_the_picture_and_travel_goes_on() -> None:
    still, going = figure(0.3), figure(0.3, travel=2.0)
    assert seen_from_front(still)
    x = mirrored(still).unflatten(-1, (-1, 2))[..., 0]
    assert float(x[:, LEFT_HAND].mean()) > float(x[:, RIGHT_HAND].mean())
    assert float(mirrored(going)[-1, 2 * PELVIS]) > float(mirrored(going)[0, 2 * PELVIS])
