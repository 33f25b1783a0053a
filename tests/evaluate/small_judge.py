"""A dataset and an evaluator that train in seconds, and texts read without a language model."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from stickgen.data.dataset import DatasetFile, pack, save_dataset
from stickgen.data.synthetic import synthesize
from stickgen.evaluate import classifier, contrastive, evaluator
from stickgen.evaluate.evaluator import Evaluator, load_or_train

FRAMES = 100
HELD_OUT = 0.35
ACTIONS = ("walk", "wave", "jump", "bow", "kick")


def word_features(texts: list[str], progress: Callable[[int, int], None]) -> dict[str, Tensor]:
    """For each word 24 numbers that follow from its first letters, so that `walks` and `walking` are alike."""

    def of(word: str) -> Tensor:
        seed = int.from_bytes(hashlib.sha256(word[:4].lower().encode()).digest()[:4])
        return torch.randn(24, generator=torch.Generator().manual_seed(seed))

    progress(len(texts), len(texts))
    return {text: torch.stack([of(word) for word in text.split()]) for text in texts}


@contextlib.contextmanager
def silent(what: str) -> Iterator[Callable[[int, int], None]]:
    """Progress that nobody sees."""
    yield lambda done, of: None


def small_dataset(path: Path, clips: int = 260) -> DatasetFile:
    """Made-up motion of six actions, its texts embedded by their words."""
    content = pack(list(synthesize(clips, 3, ACTIONS)))
    features = word_features(content["texts"], lambda done, of: None)
    content["embeddings"] = torch.stack([features[text].mean(0) for text in content["texts"]])
    return save_dataset(path, content)


def trained_quickly(file: DatasetFile, patch: pytest.MonkeyPatch) -> Evaluator:
    """An evaluator of a few steps."""
    torch.set_num_threads(1)
    patch.setattr(classifier, "STEPS", 70)
    patch.setattr(contrastive, "MOST_STEPS", 70)
    patch.setattr(contrastive, "LEAST_STEPS", 70)
    patch.setattr(evaluator, "SEEDS", 1)
    return load_or_train(
        file, frames=FRAMES, val_fraction=HELD_OUT, clips=64, stage=silent, tokens_of=word_features
    )
