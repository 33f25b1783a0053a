"""Muon: each weight matrix moves by its momentum with all singular values brought near one.

Jordan, "Muon: an optimizer for hidden layers in neural networks" (2024), with steps as large as AdamW's, as in
Liu et al., arXiv 2502.16982. The arithmetic is that of `torch.optim.Muon` with two differences: matrices of the
same shape are processed together, and products are computed in the precision that the device multiplies in
hardware. torch always uses bf16, which takes 35 times as long on a processor without it (`benchmarks/muon.py`).
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from stickgen.train.placement.device import choose_precision

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan's quintic polynomial, steepest at zero
ITERATIONS = 5
EPS = 1e-7


@cache
def multiplied_in(device: torch.device) -> torch.dtype:
    """bf16 if `device` multiplies it in hardware, else fp32."""
    return torch.bfloat16 if choose_precision("auto", device) == "bf16" else torch.float32


def orthogonalised(matrices: Tensor, dtype: torch.dtype) -> Tensor:
    """Matrices [n, rows, columns] with their singular values brought to about 0.7…1.2, by Newton-Schulz in `dtype`."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.mT if tall else matrices).to(dtype)
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp_min(EPS)
    wide = x.shape[2] >= 2 * x.shape[1]
    x = _by_gram(x) if wide and dtype == torch.float32 else _directly(x)
    return (x.mT if tall else x).to(matrices.dtype)


def _directly(x: Tensor) -> Tensor:
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


def _by_gram(x: Tensor) -> Tensor:
    """The same by way of x·xᵀ: every factor is a polynomial of that small square, so `x` is multiplied only twice.

    A third to a half faster if `x` is 3 to 8 times as wide as high. Accurate to 2e-4 in fp32, too coarse in bf16.
    """
    a, b, c = COEFFICIENTS
    gram = x @ x.mT
    product: Tensor | None = None
    for iteration in range(ITERATIONS):
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal(dim1=1, dim2=2).add_(a)
        product = factor if product is None else factor @ product
        if iteration < ITERATIONS - 1:
            gram = factor @ (factor @ gram)
    assert product is not None
    return product @ x


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum and decoupled weight decay, for matrices only.

    Its state is one `momentum_buffer` per matrix, as in `torch.optim.Muon`.
    """

    def __init__(
        self, matrices: list[nn.Parameter], *, lr: float, momentum: float, weight_decay: float
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move every matrix that has a gradient."""
        for group in self.param_groups:
            alike: dict[tuple[torch.Size, torch.device], list[nn.Parameter]] = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is not None:
                    alike[matrix.shape, matrix.device].append(matrix)
            for (shape, device), matrices in alike.items():
                updates = torch.stack([self._momentum(matrix, group["momentum"]) for matrix in matrices])
                updates = orthogonalised(updates, multiplied_in(device))
                step = -0.2 * max(shape) ** 0.5 * group["lr"]  # the root mean square of AdamW's usual step
                for matrix, update in zip(matrices, updates, strict=True):
                    matrix.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=step)

    def _momentum(self, matrix: nn.Parameter, momentum: float) -> Tensor:
        assert matrix.grad is not None
        state = self.state[matrix]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(matrix)
        state["momentum_buffer"].lerp_(matrix.grad, 1 - momentum)
        return matrix.grad.lerp(state["momentum_buffer"], momentum)
