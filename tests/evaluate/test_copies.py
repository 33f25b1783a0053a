"""Motions that the model has by heart."""

from __future__ import annotations

import torch

from stickgen.data.clip import Clip
from stickgen.evaluate.copies import Library


def test_training_clips_are_copies_with_noise_and_shifted_and_held_out_ones_are_not(
    synthetic_clips: list[Clip],
) -> None:
    motions = [torch.from_numpy(clip.motion) for clip in synthetic_clips]
    train, held_out = motions[:600], motions[600:700]
    library = Library.of(range(600), train, held_out)
    noisy = [motion + 0.002 * torch.randn(motion.shape) for motion in train[:50]]
    for motion in noisy:
        motion[:, 0::2] += 3.0
    _, clips, copied = library.nearest(noisy)
    assert clips == list(range(50))
    assert int(copied.sum()) >= 45
    assert int(library.nearest(held_out)[2].sum()) <= 15
    assert library.real_distance > 0
