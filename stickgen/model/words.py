"""The tokens of texts of several lengths, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

PAD_TO = 8  # tokens: few lengths mean few shapes, and each is a kernel that is kept


def pad_words(words: Sequence[Tensor | None]) -> tuple[Tensor | None, Tensor | None]:
    """The tokens of some texts, each [l, embedding_dim], as float32 [b, l, embedding_dim] and their mask [b, l].

    Both are None if a text has none.
    """
    there = [tokens for tokens in words if tokens is not None]
    if not there or len(there) < len(words):
        return None, None
    most = -(-max(map(len, there)) // PAD_TO) * PAD_TO
    padded = torch.zeros(len(there), most, there[0].shape[1])
    mask = torch.zeros(len(there), most, dtype=torch.bool)
    for row, tokens in enumerate(there):
        padded[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = True
    return padded, mask
