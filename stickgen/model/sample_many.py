"""Many motions from one seed, each from noise of its own: what an evaluation draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from typing import Protocol

import torch
from torch import Tensor

from stickgen.model.normalise import Normaliser
from stickgen.model.objective import mixed_seed
from stickgen.model.sampler import Sampling, sample
from stickgen.model.transformer import MotionTransformer
from stickgen.model.words import TextBatch, pad_words
from stickgen.motion.skeleton import MAX_FRAMES

MOST_AT_ONCE = 16  # motions in a batch


class Texts(Protocol):
    """Encoded texts, as `data/embed.py` makes them."""

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
    sampling: Sampling,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Tensor]:
    """A motion [frames_i, 20] for each text; those of one length are drawn in batches.

    The n-th noise of a seed does not depend on texts, lengths or batches, so motions of the same seed differ only
    by what was asked for. `progress` gets the number of finished motions.
    """
    device = next(model.parameters()).device

    def draw(length: int, rows: list[int]) -> Tensor:
        noise = torch.stack([_noise(seed, row, length, model.config.input_dim) for row in rows])
        return sample(
            model, normaliser, text_batch(texts, rows).to(device), length, sampling=sampling, seed=seed,
            opposites=opposites_of(texts, rows), noise=noise,
        )  # fmt: skip

    kinds: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for row, length in enumerate(frames):
        kinds[length, _opposed(texts, row)].append(row)
    batches = [
        (length, having[start : start + MOST_AT_ONCE])
        for (length, _), having in sorted(kinds.items())
        for start in range(0, len(having), MOST_AT_ONCE)
    ]
    drawn: dict[int, Tensor] = {}
    with closing(_side_by_side(draw, batches, device)) as done:
        for number, motions in done:
            drawn.update(zip(batches[number][1], motions, strict=True))
            progress(len(drawn))
    return [drawn[row] for row in range(len(frames))]


def _side_by_side(
    draw: Callable[[int, list[int]], Tensor], batches: Sequence[tuple[int, list[int]]], device: torch.device
) -> Generator[tuple[int, Tensor], None, None]:
    """The number of each batch and its motions, as they are done: on a CPU, several batches with a thread each.

    The products of a small batch do not fill several threads. Whoever stops asking ends it after the batches at hand.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or min(threads, len(batches)) < 2:
        for number, batch in enumerate(batches):
            yield number, draw(*batch)
        return
    pool = ThreadPoolExecutor(threads)
    torch.set_num_threads(1)
    try:
        drawing = {pool.submit(draw, *batch): number for number, batch in enumerate(batches)}
        for one in as_completed(drawing):
            yield drawing[one], one.result()
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def text_batch(texts: Texts, rows: Sequence[int]) -> TextBatch:
    """The texts in `rows` as a batch."""
    words, mask = pad_words([texts.words[row] if texts.words else None for row in rows])
    return TextBatch(texts.vectors[list(rows)], words, mask)


def opposites_of(texts: Texts, rows: Sequence[int]) -> TextBatch | None:
    """The opposites that the texts in `rows` are steered away from; None if none of them has one."""
    if texts.opposites is None or not any(_opposed(texts, row) for row in rows):
        return None
    return text_batch(texts.opposites, rows)


def _opposed(texts: Texts, row: int) -> bool:
    """Whether the opposite of the text in `row` is a different text."""
    return texts.opposites is not None and not torch.equal(texts.vectors[row], texts.opposites.vectors[row])


def _noise(seed: int, number: int, frames: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(mixed_seed(seed, number))
    return torch.randn(MAX_FRAMES, width, generator=generator)[:frames]
