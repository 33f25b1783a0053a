"""Scales what the trunk sees to mean 0 and standard deviation 1, by statistics of the training clips.

This goes for motions and text embeddings alike. An encoder's embeddings have length 1, so each of their hundreds
of numbers is small, and most of it is the same for all texts of a dataset: fed unscaled, the text drowns.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from stickgen.model.bones import UNLIMITED, bone_limits
from stickgen.model.limbs import arm_shares, from_limbs, to_limbs
from stickgen.model.text_map import text_map
from stickgen.model.words import TextBatch
from stickgen.motion.features import from_features, to_features
from stickgen.motion.skeleton import BONES, POSE_DIM


class Normaliser(nn.Module):
    """Mean and standard deviation of each feature over the training clips; saved with the weights, never trained."""

    mean: Tensor
    std: Tensor
    step_std: Tensor
    bend_std: Tensor
    text_mean: Tensor
    text_std: Tensor
    words_mean: Tensor
    words_std: Tensor
    text_map: Tensor
    bone_limits: Tensor
    arm_shares: Tensor

    def __init__(self, embedding_dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(POSE_DIM))
        self.register_buffer("std", torch.ones(POSE_DIM))
        # standard deviation of a coordinate's first and second difference between frames: they scale the velocity
        # and acceleration losses
        self.register_buffer("step_std", torch.ones(()))
        self.register_buffer("bend_std", torch.ones(()))
        self.register_buffer("text_mean", torch.zeros(embedding_dim))
        self.register_buffer("text_std", torch.ones(embedding_dim))
        self.register_buffer("words_mean", torch.zeros(embedding_dim))
        self.register_buffer("words_std", torch.zeros(embedding_dim))
        self.register_buffer("text_map", torch.eye(embedding_dim))
        self.register_buffer("bone_limits", torch.full((len(BONES),), UNLIMITED))  # see cleanup.py
        self.register_buffer("arm_shares", torch.zeros(POSE_DIM))  # see limbs.py

    def added_later(self) -> dict[str, Tensor]:
        """What older checkpoints lack, as their models have it: they know no tokens, read embeddings without a text map,
        see arms from the pelvis, and their bones have no limits."""
        new = Normaliser(len(self.text_mean))
        return {
            name: getattr(new, name)
            for name in ("words_mean", "words_std", "text_map", "bone_limits", "arm_shares")
        }

    def fit(self, motions: Iterable[Tensor], texts: Tensor, words: Tensor | None = None) -> None:
        """Take the statistics of motions, each [t, 20], of text embeddings [n, embedding_dim], and of token embeddings
        `words` [m, embedding_dim] if there are any.

        `motions` is iterated several times, one motion at a time, because a dataset may be larger than memory.
        """
        self.arm_shares.copy_(arm_shares())
        frames = sum(map(len, motions))
        mean = sum((self.features(motion).double().sum(0) for motion in motions), torch.zeros(1)) / frames
        square = sum(
            ((self.features(motion).double() - mean).square().sum(0) for motion in motions), torch.zeros(1)
        )
        self.mean.copy_(mean)
        # a feature that hardly moves must not be amplified
        self.std.copy_((square / frames).sqrt().clamp_min(1e-3))
        for spread, order in ((self.step_std, 1), (self.bend_std, 2)):
            squares, count = 0.0, 0
            for motion in motions:
                change = motion.diff(n=order, dim=0).double()
                squares += float(change.square().sum())
                count += change.numel()
            spread.fill_(max((squares / max(count, 1)) ** 0.5, 1e-4))
        self.bone_limits.copy_(bone_limits(motions))
        texts = texts.double()
        self.text_mean.copy_(texts.mean(0))
        self.text_std.copy_(texts.std(0, correction=0).clamp_min(1e-3))
        if words is not None:
            words = words.double()
            self.words_mean.copy_(words.mean(0))
            self.words_std.copy_(words.std(0, correction=0).clamp_min(1e-3))

    def fit_text_map(self, pairs: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Learn which directions of the text embeddings predict motion; see text_map.py. Call it after `fit`.

        `pairs` are embeddings [n, embedding_dim] and the summaries [n, s] of the motions that they describe.
        """
        standard = (((texts - self.text_mean) / self.text_std, summaries) for texts, summaries in pairs)
        self.text_map.copy_(text_map(standard))

    @property
    def knows_words(self) -> bool:
        """Whether the model was trained with the tokens of its texts."""
        return bool(self.words_std.any())

    def features(self, motion: Tensor) -> Tensor:
        """Coordinates [..., t, 20] → features [..., t, 20] before they are normalised."""
        return to_limbs(to_features(motion), self.arm_shares)

    def encode(self, motion: Tensor) -> Tensor:
        """Coordinates [b, t, 20] → normalised features [b, t, 20]."""
        return (self.features(motion) - self.mean) / self.std

    def decode(self, features: Tensor) -> Tensor:
        """Normalised features [b, t, 20] → coordinates [b, t, 20], with the pelvis at x = 0 in the first frame."""
        return from_features(from_limbs(features * self.std + self.mean, self.arm_shares))

    def encode_text(self, text: Tensor) -> Tensor:
        """Text embeddings [b, embedding_dim] → normalised, with directions that predict motion amplified."""
        return ((text - self.text_mean) / self.text_std) @ self.text_map

    def encode_words(self, words: Tensor) -> Tensor:
        """Token embeddings [b, l, embedding_dim] → normalised, [b, l, embedding_dim]."""
        return (words - self.words_mean) / self.words_std

    def encode_texts(self, texts: TextBatch) -> TextBatch:
        """Texts as the encoder gives them → as the model reads them: with tokens only if it was trained with them."""
        text = self.encode_text(texts.text)
        if texts.words is None or not self.knows_words:
            return TextBatch(text)
        return TextBatch(text, self.encode_words(texts.words), texts.words_mask)
