"""The hand-written kernels against the same arithmetic under autograd: outputs and gradients, in fp32 and bf16."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.model import kernels
from stickgen.model.attention import explicit
from stickgen.model.layers import rotary_table

torch.set_num_threads(1)
TYPES = (torch.float32, torch.bfloat16)


def made(*shapes: tuple[int, ...], dtype: torch.dtype = torch.float32) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator).to(dtype).requires_grad_() for shape in shapes]


def agree(one: Callable[..., object], other: Callable[..., object], inputs: list[Tensor]) -> None:
    """Both give the same tensors, and the same gradients of a random sum of them."""
    results = []
    for function in (one, other):
        out = function(*inputs)
        outs = out if isinstance(out, tuple) else (out,)
        generator = torch.Generator().manual_seed(1)
        total = sum((o.float() * torch.randn(o.shape, generator=generator)).sum() for o in outs)
        results.append((outs, torch.autograd.grad(total, inputs)))
    low = inputs[0].dtype == torch.bfloat16
    rtol, atol = (0.05, 0.15) if low else (1e-4, 1e-5)
    for a, b in zip(results[0][0] + results[0][1], results[1][0] + results[1][1], strict=True):
        assert a.dtype == b.dtype
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol)


@pytest.mark.parametrize("dtype", TYPES)
def test_norm(dtype: torch.dtype) -> None:
    x, gain, shift = made((2, 7, 16), (2, 1, 16), (2, 1, 16), dtype=dtype)
    agree(
        lambda x, gain, shift: kernels.modulated_norm(x, gain, shift, 1e-6),
        lambda x, gain, shift: kernels.plain_modulated_norm(x, gain, shift, 1e-6),
        [x, gain, shift],
    )


def test_norm_hands_the_products_their_type_under_autocast() -> None:
    x, gain, shift = made((2, 7, 16), (2, 1, 16), (2, 1, 16))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen = kernels.modulated_norm(x, gain, shift, 1e-6)
    assert seen.dtype == torch.bfloat16
    seen.float().sum().backward()
    assert x.grad is not None and x.grad.dtype == torch.float32


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("dtype", TYPES)
def test_residual(dtype: torch.dtype, dropout: float) -> None:
    x, gate = made((2, 7, 16), (2, 1, 16))
    (branch,) = made((2, 7, 16), dtype=dtype)

    def kernel(x: Tensor, gate: Tensor, branch: Tensor) -> Tensor:
        torch.manual_seed(5)
        return kernels.gated_residual(x, gate, branch, dropout)

    def plain(x: Tensor, gate: Tensor, branch: Tensor) -> Tensor:
        torch.manual_seed(5)
        keep, scale = kernels.keep_mask(branch.shape, dropout, branch.device)
        return kernels.plain_gated_residual(x, gate * scale, branch, keep)

    agree(kernel, plain, [x, gate, branch])


@pytest.mark.parametrize("dropout", [0.1, 0.5, 0.9])
def test_dropout_keeps_its_share_and_the_mean(dropout: float) -> None:
    torch.manual_seed(0)
    keep, scale = kernels.keep_mask(torch.Size((300, 1001)), dropout, torch.device("cpu"))
    assert set(keep.unique().tolist()) == {0, 1}
    assert keep.float().mean().item() == pytest.approx(1 - dropout, abs=0.005)
    assert (keep.float() * scale).mean().item() == pytest.approx(1.0, abs=0.02)
    # neighbours in a row, and the eight bytes of a random word, do not go together
    wide = keep[:, :1000].float() - keep.float().mean()
    for lag in range(1, 9):
        assert abs((wide[:, lag:] * wide[:, :-lag]).mean().item()) < 0.005
    assert not torch.equal(keep, kernels.keep_mask(keep.shape, dropout, keep.device)[0])
    torch.manual_seed(0)
    assert torch.equal(keep, kernels.keep_mask(keep.shape, dropout, keep.device)[0])


@pytest.mark.parametrize("dtype", TYPES)
def test_swiglu(dtype: torch.dtype) -> None:
    agree(kernels.swiglu, kernels.plain_swiglu, made((2, 7, 32), dtype=dtype))


@pytest.mark.parametrize("dtype", TYPES)
def test_rotation(dtype: torch.dtype) -> None:
    table = rotary_table(7, 8, torch.device("cpu"))
    agree(
        lambda x: kernels.rotated_heads(x, table, 2),
        lambda x: kernels.plain_rotated_heads(x, table, 2),
        made((3, 7, 48), dtype=dtype),
    )


def test_rotation_makes_scores_depend_on_distance_alone() -> None:
    table = rotary_table(9, 8, torch.device("cpu"))
    (one,) = made((1, 1, 24))
    q, k, _ = kernels.rotated_heads(one.expand(1, 9, 24), table, 1)
    scores = (q @ k.transpose(-1, -2))[0, 0]
    for distance in range(-8, 9):
        diagonal = scores.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("mask", ["none", "padding", "causal"])
def test_explicit_attention(dtype: torch.dtype, mask: str) -> None:
    allowed = None
    if mask != "none":
        allowed = torch.ones(2, 1, 1, 9, dtype=torch.bool)
        allowed[1, ..., 6:] = False
    if mask == "causal" and allowed is not None:
        allowed = allowed & torch.ones(9, 9, dtype=torch.bool).tril()
    agree(
        lambda q, k, v: explicit(q, k, v, allowed),
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=allowed),
        made((2, 3, 9, 8), (2, 3, 9, 8), (2, 3, 9, 8), dtype=dtype),
    )
