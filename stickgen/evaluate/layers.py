"""The layers of the encoders, small on purpose: an evaluation trains several encoders."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stickgen.motion.features import to_features
from stickgen.motion.skeleton import PELVIS, POSE_DIM


def padded(sequences: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Tensors [t_i, d] → [b, t, d] padded with zeros, and a mask, bool [b, t], true on real frames."""
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    batch = nn.utils.rnn.pad_sequence([sequence.float() for sequence in sequences], batch_first=True)
    return batch, torch.arange(batch.shape[1]) < lengths[:, None]


def motion_channels(motion: Tensor) -> Tensor:
    """Coordinates [b, t, 20] → [b, t, 40]: features relative to the pelvis, and each joint's velocity.

    Velocities are those of absolute coordinates, in units per frame; the first frame has those of the second.
    """
    start = motion[:, :1, 2 * PELVIS, None]
    motion = torch.cat((motion[..., 0::2] - start, motion[..., 1::2]), -1).unflatten(-1, (2, -1))
    motion = motion.transpose(-1, -2).flatten(-2)
    steps = motion.diff(dim=1)
    if motion.shape[1] > 1:
        steps = torch.cat((steps[:, :1], steps), dim=1)
    else:
        steps = torch.zeros_like(motion)
    return torch.cat((to_features(motion), steps), dim=-1)


CHANNELS = 2 * POSE_DIM


class SeededDropout(nn.Module):
    """Dropout with a generator of its own, so that trainings in one process do not influence each other."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share, self.generator = share, torch.Generator()

    def forward(self, x: Tensor) -> Tensor:
        """`x` with `share` of its values set to zero, if training."""
        if not self.training:
            return x
        return x * (torch.rand(x.shape, generator=self.generator) >= self.share) / (1 - self.share)


class Block(nn.Module):
    """Pre-norm self-attention and a feed-forward layer over [b, t, d]. Padding is never attended to."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_hidden = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.hidden = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.dropout = SeededDropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`x` [b, t, d], `mask` [b, t] true on real frames."""
        b, t, width = x.shape
        q, k, v = (
            part.view(b, t, self.heads, width // self.heads).transpose(1, 2)
            for part in self.qkv(self.norm_attention(x)).chunk(3, dim=-1)
        )
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])
        x = x + self.out(attended.transpose(1, 2).reshape(b, t, width))
        return x + self.dropout(self.hidden(self.norm_hidden(x)))


def pooled(x: Tensor, mask: Tensor) -> Tensor:
    """[b, t, d] → [b, 2 d]: mean and maximum over real frames."""
    weight = mask[..., None].to(x.dtype)
    mean = (x * weight).sum(1) / weight.sum(1).clamp_min(1)
    most = x.masked_fill(~mask[..., None], -torch.inf).amax(1)
    return torch.cat((mean, most), dim=-1)


class MotionStandard(nn.Module):
    """Scales each channel to mean 0 and standard deviation 1, by the motions it is fitted to."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(CHANNELS))
        self.register_buffer("std", torch.ones(CHANNELS))

    def fit(self, motions: Sequence[Tensor]) -> None:
        """Take the statistics of `motions`, each [t, 20]."""
        rows = torch.cat([motion_channels(motion[None])[0] for motion in motions])
        self.mean.copy_(rows.mean(0))
        self.std.copy_(rows.std(0).clamp_min(1e-3))

    def forward(self, motion: Tensor, mask: Tensor) -> Tensor:
        """[b, t, 20] → [b, t, 40], zero where `mask` [b, t] is false."""
        channels = (motion_channels(motion) - self.mean) / self.std
        return channels.clamp(-20, 20) * mask[..., None]
