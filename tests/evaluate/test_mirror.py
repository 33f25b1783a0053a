"""Sides swapped on tensors, and the sides that a text names."""

from __future__ import annotations

import pytest
import torch

from stickgen.data.clip import Clip
from stickgen.data.mirroring import side_words, swap_sides
from stickgen.evaluate.mirror import mirrored


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("kicks with the left leg", ("left",)),
        ("Left hand first, then the right.", ("left", "right")),
        ("throws with the right, hard", ("right",)),
        ("a bright person is left behind", ()),
        ("turns clockwise", ("clockwise",)),
        ("an anti clockwise turn", ("anti clockwise",)),
        ("he went left without turning, right hand up", ("left", "right")),
    ],
)
def test_the_sides_of_a_text_are_those_that_swapping_changes(text: str, sides: tuple[str, ...]) -> None:
    assert side_words(text) == sides
    assert bool(sides) == (swap_sides(text) != text)


def test_mirroring_twice_gives_the_motion_back(synthetic_clips: list[Clip]) -> None:
    for clip in synthetic_clips[:50]:
        motion = torch.from_numpy(clip.motion)
        assert torch.allclose(mirrored(mirrored(motion)), motion, atol=1e-6)
        assert mirrored(motion).shape == motion.shape
