"""Encodes texts and motions into one space of unit vectors of 64 numbers, like TMR (Petrovich et al., arXiv 2305.00976)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stickgen.evaluate.layers import CHANNELS, Block, MotionStandard, padded, pooled

LATENT = 64
WIDTH = 96
HEADS = 4
MOST_TOKENS = 64
MOST_PLACES = 128
_BATCH = 64


class MotionEncoder(nn.Module):
    """Coordinates and velocities → latent: two strided convolutions, then attention over every fourth frame."""

    def __init__(self) -> None:
        super().__init__()
        self.standard = MotionStandard()
        self.first = nn.Conv1d(CHANNELS, WIDTH, 5, stride=2, padding=2)
        self.second = nn.Conv1d(WIDTH, WIDTH, 5, stride=2, padding=2)
        self.place = nn.Parameter(0.02 * torch.randn(MOST_PLACES, WIDTH))
        self.block = Block(WIDTH, HEADS, 0.05)
        self.head = nn.Linear(2 * WIDTH, LATENT)

    def forward(self, motion: Tensor, mask: Tensor) -> Tensor:
        """[b, t, 20], bool [b, t] → [b, 64]."""
        x = self.standard(motion, mask).transpose(1, 2)
        x = F.gelu(self.first(x)) * mask[:, None, ::2]
        x = F.gelu(self.second(x)).transpose(1, 2)
        mask = mask[:, ::4]
        x = x + self.place[: x.shape[1]]
        return F.normalize(self.head(pooled(self.block(x, mask), mask)), dim=-1)


class TextEncoder(nn.Module):
    """Token features of a language model → latent: a projection and one block of attention."""

    def __init__(self, token_dim: int) -> None:
        super().__init__()
        self.project = nn.Linear(token_dim, WIDTH)
        self.place = nn.Parameter(0.02 * torch.randn(MOST_TOKENS, WIDTH))
        self.block = Block(WIDTH, HEADS, 0.05)
        self.head = nn.Linear(2 * WIDTH, LATENT)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """[b, n, token_dim], bool [b, n] → [b, 64]."""
        tokens, mask = tokens[:, :MOST_TOKENS], mask[:, :MOST_TOKENS]
        x = self.project(tokens) + self.place[: tokens.shape[1]]
        return F.normalize(self.head(pooled(self.block(x, mask), mask)), dim=-1)


class Encoders(nn.Module):
    """One seed's pair of encoders."""

    def __init__(self, token_dim: int) -> None:
        super().__init__()
        self.motion, self.text = MotionEncoder(), TextEncoder(token_dim)

    @torch.no_grad()
    def encode_motions(self, motions: Sequence[Tensor]) -> Tensor:
        """Motions [t_i, 20] → [n, 64]. Frames beyond 512 are ignored."""
        self.eval()
        return _in_batches(motions, lambda part: self.motion(*padded([m[: 4 * MOST_PLACES] for m in part])))

    @torch.no_grad()
    def encode_texts(self, tokens: Sequence[Tensor]) -> Tensor:
        """Token features [n_i, token_dim] → [n, 64]."""
        self.eval()
        return _in_batches(tokens, lambda part: self.text(*padded(part)))


def _in_batches(sequences: Sequence[Tensor], encode: Callable[[list[Tensor]], Tensor]) -> Tensor:
    """Encode in batches of similar length, and restore the order of the rows."""
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
    rows = torch.zeros(len(sequences), LATENT)
    for start in range(0, len(order), _BATCH):
        part = order[start : start + _BATCH]
        rows[part] = encode([sequences[i] for i in part])
    return rows
