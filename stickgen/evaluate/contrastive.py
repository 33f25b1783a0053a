"""Trains the encoders: each motion close to its text and far from the others, above all from that of its mirror image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.data.mirroring import side_words, swap_sides
from stickgen.evaluate.encoders import Encoders
from stickgen.evaluate.layers import SeededDropout, padded
from stickgen.evaluate.mirror import mirrored
from stickgen.evaluate.side_by_side import Training, train_side_by_side

TEMPERATURE = 0.07
SAME_TEXT = 0.8  # texts with at least this cosine are no negatives of each other (TMR)
BATCH = 64
EPOCHS = 20
LEAST_STEPS, MOST_STEPS = 300, 600
CROP = 0.1  # the largest share of a clip that is cropped, as augmentation


@dataclass(frozen=True)
class Pairs:
    """What the encoders are trained on: motions, and for each the texts that describe it."""

    motions: list[Tensor]  # each [t, 20]
    captions: list[list[str]]
    tokens: dict[str, Tensor]  # features [n, token_dim] of every caption, also with sides swapped


def token_texts(captions: Sequence[Sequence[str]]) -> list[str]:
    """Every text whose token features training needs: captions, also with sides swapped."""
    texts = {text for own in captions for text in own}
    return sorted(texts | {swap_sides(text) for text in texts})


def steps_for(clips: int) -> int:
    """The number of optimizer steps for so many clips."""
    return min(max(EPOCHS * clips // BATCH, LEAST_STEPS), MOST_STEPS)


def train_encoders(
    pairs: Pairs,
    seeds: Sequence[int],
    progress: Callable[[int, int], None],
    beside: Sequence[Training] = (),
) -> list[Encoders]:
    """Encoders trained on `pairs`, the same for the same seed. `progress` gets the steps done and the number of steps.

    What is to be trained `beside` them is trained, too.
    """
    steps = steps_for(len(pairs.motions))
    with torch.random.fork_rng(devices=[]):
        made = [_untrained(pairs, seed) for seed in seeds]
        own = [
            Training(steps, _steps(encoders, pairs, seed, steps))
            for encoders, seed in zip(made, seeds, strict=True)
        ]
        train_side_by_side([*own, *beside], progress)
    return [encoders.eval() for encoders in made]


def _untrained(pairs: Pairs, seed: int) -> Encoders:
    torch.manual_seed(seed)
    encoders = Encoders(next(iter(pairs.tokens.values())).shape[1])
    encoders.motion.standard.fit(pairs.motions)
    return encoders


def _steps(encoders: Encoders, pairs: Pairs, seed: int, steps: int) -> Iterator[int]:
    """Train, yielding the number of each optimizer step after it."""
    generator = torch.Generator().manual_seed(seed)
    for module in encoders.modules():
        if isinstance(module, SeededDropout):
            module.generator = generator
    means = {text: F.normalize(tokens.float().mean(0), dim=0) for text, tokens in pairs.tokens.items()}
    flipped = [mirrored(motion) for motion in pairs.motions]
    optimizer = torch.optim.AdamW(encoders.parameters(), lr=1e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 2e-3, total_steps=steps, pct_start=0.1, cycle_momentum=False
    )
    encoders.train()
    order: list[int] = []
    for step in range(steps):
        while len(order) < BATCH:
            order += torch.randperm(len(pairs.motions), generator=generator).tolist()
        rows, order = order[:BATCH], order[BATCH:]
        motions, texts = [], []
        for row in rows:
            own = pairs.captions[row]
            turned, choice, start, end = torch.rand(4, generator=generator).tolist()
            text = own[int(choice * len(own))]
            twin = swap_sides(
                text
            )  # swapped again, it need not be the original: sides are recognised by their context
            motion, other = pairs.motions[row], flipped[row]
            if turned < 0.5:
                motion, other, text, twin = other, motion, twin, text
            cut = slice(int(start * CROP * len(motion)), len(motion) - int(end * CROP * len(motion)))
            motions.append(motion[cut])
            texts.append(text)
            if side_words(text):  # its mirror image, with a matching caption, is the hardest negative
                motions.append(other[cut])
                texts.append(twin)
        motion_latents = encoders.motion(*padded(motions))
        text_latents = encoders.text(*padded([pairs.tokens[text] for text in texts]))
        likeness = torch.stack([means[text] for text in texts])
        loss = info_nce(motion_latents, text_latents, false_negatives(likeness @ likeness.T, texts))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(encoders.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        yield step


def false_negatives(likeness: Tensor, texts: Sequence[str]) -> Tensor:
    """bool [b, b]: pairs whose texts mean the same, by their cosine [b, b], so that they are no negatives.

    Language models hardly distinguish left and right, so texts with different sides are negatives whatever their cosine.
    """
    sides = [side_words(text) for text in texts]
    opposed = torch.tensor([[bool(a and b and a != b) for b in sides] for a in sides])
    same = (likeness > SAME_TEXT) & ~opposed
    return same & ~torch.eye(len(texts), dtype=torch.bool)


def info_nce(motions: Tensor, texts: Tensor, ignored: Tensor) -> Tensor:
    """Symmetric InfoNCE (van den Oord et al., arXiv 1807.03748) of [b, d] and [b, d], without `ignored` pairs."""
    logits = (motions @ texts.T / TEMPERATURE).masked_fill(ignored, -torch.inf)
    own = torch.arange(len(motions))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
