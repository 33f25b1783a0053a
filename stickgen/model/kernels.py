"""The element-wise parts of a block, each forward and backward in as few passes over memory as eager torch allows.

Beside every kernel stands `plain_…`, the same arithmetic written plainly. Tests of the gradients compare with it,
torch.compile fuses it by itself, and it runs if no gradient is needed. A kernel saves for its backward pass only
what is expensive to recompute. Inputs that autocast has turned into bf16 stay bf16; the residual stream between
blocks and all sums are fp32.

Axes: b batch, t time, d model width, h heads, k width of a head.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


def by_hand() -> bool:
    """Whether the kernels below pay off: in eager mode, if a gradient may be needed."""
    return torch.is_grad_enabled() and not torch.compiler.is_compiling()


def product_type(x: Tensor) -> torch.dtype:
    """The type that the next matrix product expects of `x`."""
    device = x.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype


# -- norm, scale and shift


def plain_modulated_norm(x: Tensor, gain: Tensor, shift: Tensor, eps: float) -> Tensor:
    """Root-mean-square norm of `x` [b, t, d] over the width, times `gain`, plus `shift`, both [b, 1, d] or [d]."""
    normed = F.rms_norm(x.float(), (x.shape[-1],), None, eps)
    return torch.addcmul(shift.float(), normed, gain.float()).to(product_type(x))


class _ModulatedNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, gain: Tensor, shift: Tensor, eps: float) -> Tensor:
        wide = x.float()
        square = torch.linalg.vector_norm(wide, dim=-1, keepdim=True).square_()
        inverse = square.div_(x.shape[-1]).add_(eps).rsqrt_()  # [b, t, 1]
        ctx.save_for_backward(x, inverse, gain)
        return torch.addcmul(shift.float(), wide * inverse, gain.float()).to(product_type(x))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, inverse, gain = ctx.saved_tensors
        g = g.float()
        normed = x.float() * inverse
        g_shift = g.sum(1, keepdim=True)
        g_gain = (g * normed).sum(1, keepdim=True)
        g = g * gain.float()
        along = torch.linalg.vecdot(g, normed).unsqueeze(-1).div_(-x.shape[-1])
        g_x = torch.addcmul(g, normed, along, out=g).mul_(inverse).to(x.dtype)
        return g_x, g_gain.to(gain.dtype), g_shift.to(gain.dtype), None


def modulated_norm(x: Tensor, gain: Tensor, shift: Tensor, eps: float) -> Tensor:
    """The same as `plain_modulated_norm`; `gain` and `shift` are [b, 1, d]."""
    return (
        _ModulatedNorm.apply(x, gain, shift, eps) if by_hand() else plain_modulated_norm(x, gain, shift, eps)
    )


# -- the gated end of a residual branch


def keep_mask(shape: torch.Size, share: float, device: torch.device) -> tuple[Tensor, float]:
    """A dropout mask: uint8 of `shape`, 1 if a value is kept; and the factor that preserves the mean.

    `share` of the values is dropped, rounded to the nearest 256th: each takes a byte of randomness from the
    default generator. That takes a fifth of the time of `bernoulli_` on a CPU (benchmarks/kernels.py). The factor
    is 1 / (share that is kept).
    """
    dropped = round(256 * share)
    if torch.compiler.is_compiling():  # the compiler fuses this generator with its use
        return (torch.rand(shape, device=device) >= dropped / 256).to(torch.uint8), 256 / (256 - dropped)
    words = torch.empty(-(-shape.numel() // 8), dtype=torch.int64, device=device).random_(-(2**63), None)
    keep = words.view(torch.uint8)[: shape.numel()].ge_(dropped).view(shape)
    return keep, 256 / (256 - dropped)


def plain_gated_residual(x: Tensor, gate: Tensor, branch: Tensor, keep: Tensor | None) -> Tensor:
    """x + gate · branch · keep; `x` and `branch` [b, t, d], `gate` [b, 1, d], `keep` the dropout mask."""
    return torch.addcmul(x, gate.float(), (branch if keep is None else branch * keep).to(x.dtype))


class _GatedResidual(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, gate: Tensor, branch: Tensor, keep: Tensor | None) -> Tensor:
        kept = branch if keep is None else branch * keep
        ctx.save_for_backward(gate, kept, keep)
        return torch.addcmul(x, gate.to(x.dtype), kept.to(x.dtype))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        gate, kept, keep = ctx.saved_tensors
        g_gate = (g * kept).sum(1, keepdim=True, dtype=torch.float32)
        g_branch = (g * gate).to(kept.dtype)
        if keep is not None:
            g_branch.mul_(keep)
        return g, g_gate.to(gate.dtype), g_branch, None


def gated_residual(x: Tensor, gate: Tensor, branch: Tensor, dropout: float) -> Tensor:
    """x + gate · dropout(branch)."""
    keep = None
    if dropout > 0:
        keep, scale = keep_mask(branch.shape, dropout, branch.device)
        gate = gate * scale
    if by_hand():
        return _GatedResidual.apply(x, gate, branch, keep)
    return plain_gated_residual(x, gate, branch, keep)


# -- the gate of the feed-forward


def plain_swiglu(gate_up: Tensor) -> Tensor:
    """silu(gate) · up, [..., 2·n] → [..., n]; the gate is the first half."""
    gate, up = gate_up.chunk(2, dim=-1)
    return F.silu(gate) * up


class _SwiGLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gate_up: Tensor) -> Tensor:
        ctx.save_for_backward(gate_up)
        gate, up = gate_up.chunk(2, dim=-1)
        return F.silu(gate).mul_(up)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (gate_up,) = ctx.saved_tensors
        gate, up = gate_up.chunk(2, dim=-1)
        result = torch.empty_like(gate_up)
        g_gate, g_up = result.chunk(2, dim=-1)
        torch.mul(g, F.silu(gate), out=g_up)
        torch.ops.aten.silu_backward.grad_input(g * up, gate, grad_input=g_gate)
        return result


def swiglu(gate_up: Tensor) -> Tensor:
    """The same as `plain_swiglu`, saving only its input."""
    return _SwiGLU.apply(gate_up) if by_hand() else plain_swiglu(gate_up)


# -- heads and their rotation


def plain_rotated_heads(qkv: Tensor, table: Tensor, nhead: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values [b, h, t, k] from their joint projection [b, t, 3·d]; the first two are rotated.

    Each pair (i, i + k/2) of a head turns by the angle of its position. `table` [2, t, k/2] holds the cosines and
    sines.
    """
    b, t, d = qkv.shape
    q, k, v = qkv.view(b, t, 3, nhead, d // 3 // nhead).permute(2, 0, 3, 1, 4)
    cos, sin = torch.cat((table, table), dim=-1).to(qkv.dtype)
    return (
        q * cos + _quarter_turn(q) * sin,
        k * cos + _quarter_turn(k) * sin,
        v,
    )


def _quarter_turn(x: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)


def _swapped(x: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat((second, first), dim=-1)


class _RotatedHeads(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, qkv: Tensor, table: Tensor, nhead: int) -> tuple[Tensor, ...]:
        b, t, d = qkv.shape
        ctx.shape = (b, t, 3, nhead, d // 3 // nhead)
        cos, sin = table.to(qkv.dtype)
        cos, sin = torch.cat((cos, cos), dim=-1), torch.cat((-sin, sin), dim=-1)
        ctx.save_for_backward(cos, sin)
        heads = qkv.view(ctx.shape).permute(2, 0, 3, 1, 4).contiguous()
        turning = heads[:2]
        swapped = _swapped(turning)
        turning.mul_(cos).addcmul_(swapped, sin)
        return heads.unbind(0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        cos, sin = ctx.saved_tensors
        result = grads[0].new_empty(ctx.shape)
        parts = result.permute(2, 0, 3, 1, 4)
        for g, part in zip(grads[:2], parts[:2], strict=True):
            torch.addcmul(g * cos, _swapped(g), sin, value=-1, out=part)
        parts[2].copy_(grads[2])
        return result.flatten(2), None, None


def rotated_heads(qkv: Tensor, table: Tensor, nhead: int) -> tuple[Tensor, Tensor, Tensor]:
    """The same as `plain_rotated_heads`, with a single copy for all three."""
    if by_hand():
        q, k, v = _RotatedHeads.apply(qkv, table, nhead)
        return q, k, v
    return plain_rotated_heads(qkv, table, nhead)
