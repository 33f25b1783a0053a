"""Many motions from one seed, each from a noise of its own: what an evaluation draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from stickgen.model.normalise import Normaliser
from stickgen.model.objective import mixed_seed
from stickgen.model.sampler import sample
from stickgen.model.transformer import MotionTransformer
from stickgen.model.words import pad_words
from stickgen.motion.skeleton import MAX_FRAMES

MOST_AT_ONCE = 16  # motions of one batch


def sample_many(
    model: MotionTransformer,
    normaliser: Normaliser,
    text: Tensor,
    frames: Sequence[int],
    *,
    sampling_steps: int,
    guidance_scale: float,
    seed: int,
    words: Sequence[Tensor] | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Tensor]:
    """A motion [frames_i, 20] for each text of [n, embedding_dim], those of one length in batches.

    `words` are the tokens of each, [l_i, embedding_dim].

    The n-th noise of a seed is the same whatever the texts, the lengths and the batches: motions of a seed
    differ by what was asked for alone. `progress` is told how many are done.
    """
    drawn: dict[int, Tensor] = {}
    for length in sorted(set(frames)):
        having = [row for row, wanted in enumerate(frames) if wanted == length]
        for start in range(0, len(having), MOST_AT_ONCE):
            rows = having[start : start + MOST_AT_ONCE]
            noise = torch.stack([_noise(seed, row, length, model.config.input_dim) for row in rows])
            tokens, mask = pad_words([words[row] if words is not None else None for row in rows])
            motions = sample(
                model, normaliser, text[rows], length, noise=noise, seed=seed, words=tokens, words_mask=mask,
                sampling_steps=sampling_steps, guidance_scale=guidance_scale,
            )  # fmt: skip
            drawn.update(zip(rows, motions, strict=True))
            progress(len(drawn))
    return [drawn[row] for row in range(len(frames))]


def _noise(seed: int, number: int, frames: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(mixed_seed(seed, number))
    return torch.randn(MAX_FRAMES, width, generator=generator)[:frames]
