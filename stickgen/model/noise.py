"""Noise whose neighbouring frames resemble each other, as those of motion do.

In white noise, slow motion shows through first and quick, small motion last: where a cartwheel has long been decided, a
clap still drowns. Noise that is correlated in time hides both alike, so that they are decided at medium times, where
most is learned (video diffusion does the same: Ge et al., arXiv 2305.10474).
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

BLOCK = 256  # frames that are filtered at once, by a matrix


def correlated(white: Tensor, correlation: float) -> Tensor:
    """White noise [..., t, c] → noise of variance 1 in which neighbouring frames have this `correlation`.

    A first-order autoregression: each frame is the one before, shrunk, and new noise. It looks back only, so that the
    first frames of long noise are those of short noise.
    """
    if not correlation:
        return white
    new = (1 - correlation**2) ** 0.5
    last = (1 - new) / correlation * white[..., :1, :]  # so that the first frame is that of the white noise
    blocks = []
    response, memory = (part.to(white) for part in _filter(correlation))
    for block in white.split(BLOCK, dim=-2):
        frames = block.shape[-2]
        blocks.append(response[:frames, :frames] @ block + memory[:frames] * last)
        last = blocks[-1][..., -1:, :]
    return blocks[0] if len(blocks) == 1 else torch.cat(blocks, dim=-2)


@functools.lru_cache(maxsize=8)
def _filter(correlation: float) -> tuple[Tensor, Tensor]:
    """What the frames of a block take of its white noise [BLOCK, BLOCK], and of the frame before it [BLOCK, 1]."""
    frame = torch.arange(BLOCK, dtype=torch.float64)
    lag = frame[:, None] - frame
    response = (1 - correlation**2) ** 0.5 * correlation ** lag.clamp_min(0) * (lag >= 0)
    return response.float(), (correlation ** (frame + 1))[:, None].float()
