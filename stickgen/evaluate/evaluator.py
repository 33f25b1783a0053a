"""The judge of motion on one dataset: three seeds of encoders, a classifier, and statistics of real motion.

It is frozen once trained.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from stickgen.data.dataset import DatasetFile
from stickgen.data.mirroring import side_words, swap_sides
from stickgen.errors import StickgenError
from stickgen.evaluate import trained
from stickgen.evaluate.classifier import (
    ActionClassifier,
    Untrained,
    classifier_of,
    classifier_or_training,
)
from stickgen.evaluate.contrastive import Pairs, token_texts, train_encoders
from stickgen.evaluate.copies import Library
from stickgen.evaluate.distribution import bandwidth, principal_axes
from stickgen.evaluate.encoders import Encoders
from stickgen.evaluate.physics import Limits, Rates, body_of
from stickgen.evaluate.retrieval import Pools
from stickgen.evaluate.side_by_side import Training
from stickgen.evaluate.splits import Prompt, Split, split_of
from stickgen.evaluate.tokens import token_features

RECIPE = 2  # increase it when training changes, so that no older evaluator is taken from the cache
SEEDS = 3

Stage = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]  # cli/progress.shown_progress
TokensOf = Callable[[list[str], Callable[[int, int], None]], dict[str, Tensor]]


@dataclass(frozen=True)
class Evaluator:
    """Everything that figures are computed from. Latents are [seeds, n, 64]."""

    split: Split
    encoders: tuple[Encoders, ...]
    classifier: ActionClassifier | None  # None if the dataset has no labelled actions
    text_latents: dict[str, Tensor] = field(
        repr=False
    )  # latents [seeds, 64] of texts, also with sides swapped
    digest: str

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """The held-out texts, each with its real clip."""
        return self.split.prompts

    def encode(self, motions: Sequence[Tensor]) -> Tensor:
        """Latents of motions [t_i, 20]."""
        return torch.stack([encoders.encode_motions(motions) for encoders in self.encoders])

    @cached_property
    def real(self) -> list[Tensor]:
        """The prompts' own clips."""
        return [self.split.motion(prompt.clip) for prompt in self.prompts]

    @cached_property
    def real_latents(self) -> Tensor:
        """The latents of `real`."""
        return self.encode(self.real)

    @cached_property
    def prompt_latents(self) -> Tensor:
        """The latents of the prompts' texts."""
        return torch.stack([self.text_latents[prompt.text] for prompt in self.prompts], dim=1)

    @cached_property
    def swapped_latents(self) -> Tensor:
        """The latents of the prompts' texts with left and right swapped."""
        return torch.stack([self.text_latents[swap_sides(prompt.text)] for prompt in self.prompts], dim=1)

    @cached_property
    def sided(self) -> Tensor:
        """bool [n]: whether a prompt says left or right, but not both."""
        return torch.tensor([len(set(side_words(prompt.text))) == 1 for prompt in self.prompts])

    @cached_property
    def pools(self) -> Pools | None:
        """Pools of the prompts, for retrieval."""
        return Pools.of(self.prompt_latents)

    @cached_property
    def bandwidths(self) -> list[float]:
        """The kernel's width for each seed."""
        return [bandwidth(latents) for latents in self.real_latents]

    @cached_property
    def axes(self) -> list[Tensor]:
        """For each seed, the directions [64, 32] in which training clips vary most."""
        return [principal_axes(latents) for latents in self.encode(self.train_motions[:1000])]

    @cached_property
    def train_motions(self) -> list[Tensor]:
        """The motions of the training clips."""
        return [self.split.motion(clip) for clip in self.split.train]

    @cached_property
    def real_histograms(self) -> list[dict[str, Tensor]]:
        """Histograms of speed, acceleration and jerk of `real`."""
        return [self.rates.histogram(motion) for motion in self.real]

    @cached_property
    def rates(self) -> Rates:
        """Bins of speed, acceleration and jerk, from the training clips."""
        return Rates.of(self.train_motions[:1000])

    @cached_property
    def limits(self) -> Limits:
        """What is physically plausible, from the training clips."""
        return Limits.of([body_of(motion) for motion in self.train_motions[:1000]])

    @cached_property
    def library(self) -> Library:
        """The outlines of the training clips, to find copies."""
        return Library.of(self.split.train, self.train_motions, self.real)


def load_or_train(
    file: DatasetFile,
    *,
    frames: int,
    val_fraction: float,
    clips: int,
    stage: Stage,
    tokens_of: TokensOf | None = None,
) -> Evaluator:
    """The evaluator of a dataset in windows of `frames` frames: from the cache, or trained now.

    `clips` is the most prompts that it asks. `stage` shows the progress of each stage. Raises StickgenError if the
    dataset is too small.
    """
    split = split_of(file, frames=frames, val_fraction=val_fraction, clips=clips)
    try:
        classifier: ActionClassifier | Untrained | None = classifier_or_training(split)
    except StickgenError:
        classifier = None
    key = trained.key_of("encoders", RECIPE, SEEDS, split.file.fingerprint, split.frames, split.train)
    found = trained.load("encoders", key)
    if found is not None:
        tensors, facts = found
        texts = facts["texts"]
        encoders = [Encoders(tensors["0.text.project.weight"].shape[1]) for _ in range(SEEDS)]
        for seed, pair in enumerate(encoders):
            own = {name[2:]: value for name, value in tensors.items() if name.startswith(f"{seed}.")}
            pair.load_state_dict(own)
            pair.eval()
        latents = tensors["text_latents"]
        digest = facts["digest"]
        if isinstance(classifier, Untrained):
            with stage("training the action classifier") as progress:
                classifier = classifier_of(split, progress)
    else:
        beside = [classifier.training] if isinstance(classifier, Untrained) else []
        texts, encoders, latents = _train(split, stage, tokens_of or token_features, beside)
        if isinstance(classifier, Untrained):
            classifier = classifier.classifier()
        tensors = {
            f"{seed}.{k}": v for seed, pair in enumerate(encoders) for k, v in pair.state_dict().items()
        }
        digest = trained.keep("encoders", key, {**tensors, "text_latents": latents}, {"texts": texts})[
            "digest"
        ]
    by_text = {text: latents[:, row] for row, text in enumerate(texts)}
    return Evaluator(split, tuple(encoders), classifier, by_text, digest)


def _train(
    split: Split, stage: Stage, tokens_of: TokensOf, beside: Sequence[Training]
) -> tuple[list[str], list[Encoders], Tensor]:
    """Train the encoders, and what is to be trained beside them. Returns the dataset's texts, the encoders, and the texts' latents."""
    captions = [split.captions(clip) for clip in split.train]
    # every possible prompt, however few are asked now
    prompts = split_of(split.file, frames=split.frames, val_fraction=split.val_fraction).prompts
    texts = token_texts([*captions, [prompt.text for prompt in prompts]])
    with stage("reading texts") as progress:
        tokens = tokens_of(texts, progress)
    pairs = Pairs([split.motion(clip) for clip in split.train], captions, tokens)
    with stage("training the judge") as progress:
        encoders = train_encoders(pairs, range(SEEDS), progress, beside)
    ordered = [tokens[text] for text in texts]
    return texts, encoders, torch.stack([pair.encode_texts(ordered) for pair in encoders])
