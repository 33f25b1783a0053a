"""Softmax attention with the kernel that is fastest on the device, chosen here and nowhere else.

The choice follows from device and precision alone; nothing is timed at the start, because a resumed run must use
the same kernel to stay bit-identical.

- GPUs, and fp32 on a CPU: torch's kernel, which benchmarks/kernels.py compares with explicit products.
- bf16 on a CPU: explicit products. On Zen 5, which multiplies bf16 in hardware, 1.2 instead of 3.6 ms per layer
  and clip of the small preset.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


def attend(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None) -> Tensor:
    """`q` [b, h, t, k], `k` and `v` [b, h, s, k] → [b, h, t, k].

    `allowed` is boolean and broadcasts to [b, h, t, s]; None allows everything.
    """
    if q.device.type == "cpu" and q.dtype == torch.bfloat16 and not torch.compiler.is_compiling():
        return explicit(q, k, v, allowed)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)


class _Explicit(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
        ctx.scale = q.shape[-1] ** -0.5
        scores = torch.bmm(q * ctx.scale, k.transpose(1, 2))
        if bias is not None:
            scores += bias
        weights = torch.softmax(scores, dim=-1)
        ctx.save_for_backward(q, k, v, weights)
        return torch.bmm(weights, v)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, weights = ctx.saved_tensors
        g = g.contiguous()
        g_v = torch.bmm(weights.transpose(1, 2), g)
        g_weights = torch.bmm(g, v.transpose(1, 2))
        g_scores = torch._softmax_backward_data(g_weights, weights, -1, weights.dtype)
        g_q = torch.bmm(g_scores, k).mul_(ctx.scale)
        g_k = torch.bmm(g_scores.transpose(1, 2), q).mul_(ctx.scale)
        return g_q, g_k, g_v, None


def explicit(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None) -> Tensor:
    """Attention as two products and a softmax. The weights [b, h, t, s] are saved for the backward pass."""
    b, h, t, _ = q.shape
    bias = None
    if allowed is not None:
        bias = torch.zeros(allowed.shape, dtype=q.dtype, device=q.device).masked_fill_(~allowed, -torch.inf)
        bias = bias.expand(b, h, *bias.shape[2:]).reshape(b * h, *bias.shape[2:])
    mixed: Tensor = _Explicit.apply(*(x.reshape(b * h, *x.shape[2:]) for x in (q, k, v)), bias)
    return mixed.view(b, h, t, -1)
