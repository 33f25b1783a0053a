"""Texts as the model reads them: an embedding each, and optionally one more for each of their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from stickgen.planner.decisions.batch_shapes import padded_words


class TextBatch(NamedTuple):
    """The texts of a batch. Either both or neither of `words` and `words_mask` is None."""

    text: Tensor  # [b, embedding_dim]
    words: Tensor | None = None  # [b, l, embedding_dim]: the texts token by token
    words_mask: Tensor | None = None  # [b, l] true on real tokens

    def to(self, device: torch.device) -> TextBatch:
        """The same texts on `device`."""
        return TextBatch(*(None if part is None else part.to(device) for part in self))  # type: ignore[arg-type]

    def of(self, rows: Tensor) -> TextBatch:
        """The texts in some rows."""
        return TextBatch(*(None if part is None else part[rows] for part in self))  # type: ignore[arg-type]


def pad_words(words: Sequence[Tensor | None]) -> tuple[Tensor | None, Tensor | None]:
    """The tokens of some texts, each [l, embedding_dim], as float32 [b, l, embedding_dim], and their mask [b, l].

    Both are None if any text comes without tokens.
    """
    there = [tokens for tokens in words if tokens is not None]
    if not there or len(there) < len(words):
        return None, None
    most = padded_words(max(map(len, there)))
    padded = torch.zeros(len(there), most, there[0].shape[1])
    mask = torch.zeros(len(there), most, dtype=torch.bool)
    for row, tokens in enumerate(there):
        padded[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = True
    return padded, mask
