"""Many motions from one seed, each from a noise of its own: what an evaluation draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from stickgen.model.normalise import Normaliser
from stickgen.model.objective import mixed_seed
from stickgen.model.sampler import Told, sample
from stickgen.model.transformer import MotionTransformer
from stickgen.model.words import pad_words
from stickgen.motion.skeleton import MAX_FRAMES

MOST_AT_ONCE = 16  # motions of one batch


class Texts(Protocol):
    """Texts as an encoder says them: `data/embed.py` has what is meant."""

    @property
    def vectors(self) -> Tensor: ...

    @property
    def words(self) -> Sequence[Tensor]: ...

    @property
    def opposites(self) -> Texts | None: ...


def sample_many(
    model: MotionTransformer,
    normaliser: Normaliser,
    texts: Texts,
    frames: Sequence[int],
    *,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
    **sampling: Any,
) -> list[Tensor]:
    """A motion [frames_i, 20] for each text, those of one length in batches; `sampling` as `sample` takes it.

    The n-th noise of a seed is the same whatever the texts, the lengths and the batches: motions of a seed
    differ by what was asked for alone. `progress` is told how many are done.
    """
    device = next(model.parameters()).device
    kinds: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for row, length in enumerate(frames):
        kinds[length, _opposed(texts, row)].append(row)
    drawn: dict[int, Tensor] = {}
    for (length, _), having in sorted(kinds.items()):
        for start in range(0, len(having), MOST_AT_ONCE):
            rows = having[start : start + MOST_AT_ONCE]
            noise = torch.stack([_noise(seed, row, length, model.config.input_dim) for row in rows])
            told = told_of(texts, rows)
            motions = sample(
                model, normaliser, told.text.to(device), length, noise=noise, seed=seed, words=told.words,
                words_mask=told.words_mask, opposite=opposites_of(texts, rows), **sampling,
            )  # fmt: skip
            drawn.update(zip(rows, motions, strict=True))
            progress(len(drawn))
    return [drawn[row] for row in range(len(frames))]


def told_of(texts: Texts, rows: Sequence[int]) -> Told:
    """Some of the texts as a batch."""
    words, mask = pad_words([texts.words[row] if texts.words else None for row in rows])
    return Told(texts.vectors[list(rows)], words, mask)


def opposites_of(texts: Texts, rows: Sequence[int]) -> Told | None:
    """What some of the texts are steered away from; None if no one of them has an opposite."""
    if texts.opposites is None or not any(_opposed(texts, row) for row in rows):
        return None
    return told_of(texts.opposites, rows)


def _opposed(texts: Texts, row: int) -> bool:
    """Whether the text has an opposite, which is to say another text."""
    return texts.opposites is not None and not torch.equal(texts.vectors[row], texts.opposites.vectors[row])


def _noise(seed: int, number: int, frames: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(mixed_seed(seed, number))
    return torch.randn(MAX_FRAMES, width, generator=generator)[:frames]
