"""The blocks of the trunk: RMSNorm, rotary positions, attention, SwiGLU, and the Pre-Norm block.

Their element-wise parts are in kernels.py, the choice of the attention kernel in attention.py.

Axes: b batch, t time (tokens of frames after the text's token), d model width, h heads, k width of a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stickgen.model.attention import attend
from stickgen.model.kernels import gated_residual, modulated_norm, rotated_heads, swiglu


class RMSNorm(nn.Module):
    """Root-mean-square layer norm (Zhang and Sennrich, arXiv 1910.07467), computed in fp32."""

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """[b, t, d] → [b, t, d], in the dtype of `x`."""
        return F.rms_norm(x.float(), (x.shape[-1],), self.weight.float(), self.eps).to(x.dtype)


def rotary_table(length: int, head_width: int, device: torch.device, base: float = 10_000.0) -> Tensor:
    """Cosines and sines of RoPE (Su et al., arXiv 2104.09864): [2, length, head_width / 2]."""
    frequencies = base ** (-torch.arange(0, head_width, 2, device=device, dtype=torch.float32) / head_width)
    angles = torch.arange(length, device=device, dtype=torch.float32)[:, None] * frequencies
    return torch.stack((angles.cos(), angles.sin()))


class Attention(nn.Module):
    """Multi-head self-attention with rotary positions; one projection gives queries, keys and values."""

    def __init__(self, d_model: int, nhead: int) -> None:
        super().__init__()
        self.nhead = nhead
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=False)
        self.out = nn.Linear(d_model, d_model, bias=False)

    def forward(
        self, x: Tensor, table: Tensor, allowed: Tensor | None, context: Tensor | None = None
    ) -> Tensor:
        """[b, t, d] → [b, t, d], attending also to `context` [b, l, d] if there is one.

        The context gives keys and values by the same projection but no queries, so that it costs neither
        parameters nor a feed-forward. `table` has t + l rows. `allowed` is a boolean mask that broadcasts to
        [b, h, t, t + l]; None allows everything.
        """
        seen = x if context is None else torch.cat((x, context.to(x.dtype)), dim=1)
        q, k, v = rotated_heads(self.qkv(seen), table, self.nhead)
        q = q[:, :, : x.shape[1]]
        if torch.compiler.is_compiling():
            # a view of a longer tensor would be compiled with the strides of the first batch, and fail at the second
            q = q.contiguous()
        return self.out(attend(q, k, v, allowed).transpose(1, 2).reshape(x.shape))


class SwiGLU(nn.Module):
    """Gated feed-forward (Shazeer, arXiv 2002.05202) with hidden width 4·d_model."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.gate_up = nn.Linear(d_model, 8 * d_model, bias=False)
        self.down = nn.Linear(4 * d_model, d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[b, t, d] → [b, t, d]."""
        return self.down(swiglu(self.gate_up(x)))


class Block(nn.Module):
    """A Pre-Norm transformer block; the condition shifts and scales its norms and gates its branches.

    The condition reaches all blocks through one shared map, to which each block adds a table of its own
    (adaLN-single, arXiv 2310.00426), instead of one map per block. Dropout applies to the d-wide outputs of both
    branches rather than to the 4·d-wide hidden layer, where it would cost four times as much.
    """

    def __init__(self, d_model: int, nhead: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(d_model)
        self.attention = Attention(d_model, nhead)
        self.feed_forward_norm = RMSNorm(d_model)
        self.feed_forward = SwiGLU(d_model)
        self.dropout = dropout
        # rows: shift, scale, gate of the attention, then of the feed-forward; gates start open
        table = torch.zeros(6, d_model)
        table[2] = table[5] = 1.0
        self.modulation = nn.Parameter(table)

    def forward(
        self,
        x: Tensor,
        condition: Tensor,
        table: Tensor,
        allowed: Tensor | None,
        context: Tensor | None = None,
    ) -> Tensor:
        """`x` [b, t, d], `condition` [b, 6, d], `context` [b, l, d] → [b, t, d]."""
        shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = (
            (self.modulation + condition).unsqueeze(2).unbind(1)  # [b, 1, d] each
        )
        dropout = self.dropout if self.training else 0.0
        seen = self._normed(self.attention_norm, x, scale_a, shift_a)
        x = gated_residual(x, gate_a, self.attention(seen, table, allowed, context), dropout)
        seen = self._normed(self.feed_forward_norm, x, scale_f, shift_f)
        return gated_residual(x, gate_f, self.feed_forward(seen), dropout)

    @staticmethod
    def _normed(norm: RMSNorm, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        return modulated_norm(x, norm.weight * (1 + scale), shift, norm.eps)
