"""Muon's arithmetic is torch's, in the precision that the machine multiplies."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from stickgen.hardware.cpu import Cpu
from stickgen.train.optim.muon import Muon, multiplied_in, orthogonalised

SHAPES = [(48, 16), (16, 48), (16, 16), (48, 16), (24, 16)]


@pytest.mark.parametrize("shape", SHAPES)
def test_singular_values_come_near_one_and_the_directions_stay(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    found = orthogonalised(matrix[None], torch.float32)[0]
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.6 and values.max() < 1.3
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    inner = left.T @ found @ right.T
    assert (inner - inner.diag().diag()).abs().max() < 1e-4


def test_its_steps_are_those_of_torch() -> None:
    torch.manual_seed(0)
    ours, theirs = (
        [nn.Parameter(torch.randn(shape, generator=torch.Generator().manual_seed(i))) for i, shape in enumerate(SHAPES)]
        for _ in range(2)
    )  # fmt: skip
    optimizers = [
        Muon(ours, lr=0.01, momentum=0.9, weight_decay=0.1),
        torch.optim.Muon(theirs, lr=0.01, momentum=0.9, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
    ]
    began = [matrix.detach().clone() for matrix in ours]
    for _ in range(3):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn(one.shape)
            other.grad = one.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    for one, other, start in zip(ours, theirs, began, strict=True):
        moved = other - start
        assert (one - other).norm() < 0.03 * moved.norm()  # torch's products are rounded to bf16
        buffers = (optimizers[0].state[one], optimizers[1].state[other])
        assert torch.equal(*(state["momentum_buffer"] for state in buffers))


def test_bf16_is_left_to_hardware_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for has, expected in ((False, torch.float32), (True, torch.bfloat16)):
        multiplied_in.cache_clear()
        monkeypatch.setattr(
            "stickgen.train.placement.device.read_cpu", lambda has=has: Cpu("a processor", has)
        )
        assert multiplied_in(torch.device("cpu")) is expected
    multiplied_in.cache_clear()
