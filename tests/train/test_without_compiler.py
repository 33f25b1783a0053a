"""Optimizers that do not import the compiler do what torch's do."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch

from stickgen.train.optim.muon import Muon
from stickgen.train.optim.without_compiler import without_compiler

STEPS = """
import sys, torch
from stickgen.config.keys.training import Training
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.train.optim.optimizer import build_optimizer
model = MotionTransformer(ModelConfig(20, 32, 4, 1, 20, 8, 0.1, 64, True))
for name in ("adamw", "muon"):
    training = Training(learning_rate=0.1, beta1=0.9, beta2=0.99, weight_decay=0.1, optimizer=name)
    optimizer = build_optimizer(model, training)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    print(name, "torch._dynamo" in sys.modules)
"""


def test_a_run_that_compiles_nothing_does_not_import_the_compiler() -> None:
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["adamw False", "muon False"]


@pytest.mark.parametrize(
    ("kind", "options"),
    [(torch.optim.AdamW, {"fused": True}), (Muon, {"momentum": 0.95})],
    ids=["adamw", "muon"],
)
def test_the_arithmetic_is_torchs(kind: Any, options: dict[str, bool]) -> None:
    start = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    weights = []
    for made in (kind, without_compiler(kind)):
        weight = torch.nn.Parameter(start.clone())
        optimizer = made([{"params": [weight]}], lr=0.01, weight_decay=0.1, **options)
        for step in range(5):
            weight.grad = torch.randn(6, 4, generator=torch.Generator().manual_seed(step))
            optimizer.step()
            assert weight.requires_grad
        optimizer.load_state_dict(optimizer.state_dict())
        weights.append(weight)
    assert torch.equal(*weights)
