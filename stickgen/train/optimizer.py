"""AdamW with decoupled weight decay on matrices alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


def build_optimizer(model: nn.Module, training: Mapping[str, Any]) -> torch.optim.AdamW:
    """AdamW (arXiv 1711.05101) over `model`; norms, biases, embeddings and modulation tables do not decay."""
    decaying: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            matrix = isinstance(module, nn.Linear) and name == "weight"
            (decaying if matrix else others).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": decaying, "weight_decay": training["weight_decay"]},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=training["learning_rate"],
        betas=(training["beta1"], training["beta2"]),
        fused=True,
    )
