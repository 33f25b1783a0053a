"""The pinned sentences of a run, read as the trainer draws them: already embedded, so that it loads no text encoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from stickgen.data.embed import EncodedTexts
from stickgen.errors import StickgenError
from stickgen.foreign_files import read_regular
from stickgen.motion.skeleton import MAX_FRAMES
from stickgen.runs.pinned import Pinned

_MOST_BYTES = 2**22


@dataclass(frozen=True)
class Prompt:
    """A pinned sentence and its embedding."""

    pinned: Pinned
    texts: EncodedTexts  # one text, with its opposite


def read_prompt(pinned: Pinned, embedding_dim: int) -> Prompt:
    """The sentence in a file. Raises StickgenError if it is damaged, or embedded for models of another width."""
    try:
        found = load(read_regular(pinned.path, _MOST_BYTES))
        vectors = [_finite(found[name], 1, embedding_dim) for name in ("vector", "opposite")]
        words = [_finite(found[name], 2, embedding_dim) for name in ("words", "opposite_words")]
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise StickgenError(f"{pinned.path}: the pinned sentence cannot be drawn ({error})") from error
    if not 1 <= pinned.frames <= MAX_FRAMES:
        raise StickgenError(f"{pinned.path}: the pinned sentence has {pinned.frames} frames")
    opposites = EncodedTexts(vectors[1][None], [words[1]])
    return Prompt(pinned, EncodedTexts(vectors[0][None], [words[0]], opposites))


def _finite(tensor: Tensor, dimensions: int, width: int) -> Tensor:
    if tensor.dim() != dimensions or tensor.shape[-1] != width:
        raise ValueError(f"embedded as {list(tensor.shape)}, and the model reads {width} numbers")
    if not bool(torch.isfinite(tensor).all()):
        raise ValueError("its embedding is not finite")
    return tensor.half() if dimensions == 2 else tensor.float()
