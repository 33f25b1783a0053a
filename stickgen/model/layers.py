"""The blocks of the trunk: RMSNorm, rotary positions, attention, SwiGLU, and the Pre-Norm block.

Axes: b batch, t time (frames, with the text's token in front), d model width, h heads, k width of a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RMSNorm(nn.Module):
    """Root-mean-square layer norm (Zhang and Sennrich, arXiv 1910.07467), computed in fp32."""

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """[b, t, d] → [b, t, d] in the type of `x`."""
        return F.rms_norm(x.float(), (x.shape[-1],), self.weight.float(), self.eps).to(x.dtype)


def rotary_table(length: int, head_width: int, device: torch.device, base: float = 10_000.0) -> Tensor:
    """Cosines and sines of RoPE (Su et al., arXiv 2104.09864): [2, length, head_width / 2]."""
    frequencies = base ** (-torch.arange(0, head_width, 2, device=device, dtype=torch.float32) / head_width)
    angles = torch.arange(length, device=device, dtype=torch.float32)[:, None] * frequencies
    return torch.stack((angles.cos(), angles.sin()))


def rotate(x: Tensor, table: Tensor) -> Tensor:
    """Turn each pair of features by the angle of its position: [b, h, t, k] → [b, h, t, k]."""
    first, second = x.chunk(2, dim=-1)
    cos, sin = table.to(x.dtype)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class Attention(nn.Module):
    """Multi-head self-attention with rotary positions; queries, keys and values come from one product."""

    def __init__(self, d_model: int, nhead: int) -> None:
        super().__init__()
        self.nhead = nhead
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=False)
        self.out = nn.Linear(d_model, d_model, bias=False)

    def forward(self, x: Tensor, table: Tensor, allowed: Tensor | None) -> Tensor:
        """[b, t, d] → [b, t, d]; `allowed` is a boolean mask that broadcasts to [b, h, t, t], None for all."""
        b, t, d = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.nhead, d // self.nhead).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(rotate(q, table), rotate(k, table), v, attn_mask=allowed)
        return self.out(mixed.transpose(1, 2).reshape(b, t, d))


class SwiGLU(nn.Module):
    """Gated feed-forward (Shazeer, arXiv 2002.05202) with hidden width 4·d_model; dropout on its output.

    Dropout lies on the d-wide output and not on the 4·d hidden layer, where it costs four times as much.
    """

    def __init__(self, d_model: int, dropout: float) -> None:
        super().__init__()
        self.gate_up = nn.Linear(d_model, 8 * d_model, bias=False)
        self.down = nn.Linear(4 * d_model, d_model, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[b, t, d] → [b, t, d]."""
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.dropout(self.down(F.silu(gate) * up))


class Block(nn.Module):
    """A Pre-Norm transformer block whose norms are shifted, scaled and gated by the condition.

    The condition reaches all blocks through one shared map, to which each adds a table of its own
    (adaLN-single, arXiv 2310.00426): a sixth of the parameters of one map a block.
    """

    def __init__(self, d_model: int, nhead: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(d_model)
        self.attention = Attention(d_model, nhead)
        self.feed_forward_norm = RMSNorm(d_model)
        self.feed_forward = SwiGLU(d_model, dropout)
        self.dropout = nn.Dropout(dropout)
        # rows: shift, scale, gate of the attention, then of the feed-forward; gates start open
        table = torch.zeros(6, d_model)
        table[2] = table[5] = 1.0
        self.modulation = nn.Parameter(table)

    def forward(self, x: Tensor, condition: Tensor, table: Tensor, allowed: Tensor | None) -> Tensor:
        """`x` [b, t, d], `condition` [b, 6, d] → [b, t, d]."""
        modulation = (self.modulation + condition).to(x.dtype)
        shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = modulation.unsqueeze(2).unbind(1)
        mixed = self.attention(self.attention_norm(x) * (1 + scale_a) + shift_a, table, allowed)
        x = x + gate_a * self.dropout(mixed)
        return x + gate_f * self.feed_forward(self.feed_forward_norm(x) * (1 + scale_f) + shift_f)
