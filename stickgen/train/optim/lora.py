"""Low-rank adapters beside frozen weights (LoRA, arXiv 2106.09685), and the weights with adapters merged."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from stickgen.model.transformer import MotionTransformer


class AdaptedLinear(nn.Linear):
    """A frozen linear map W plus scale·B·A, where A [rank, in] and B [out, rank] are trained.

    The weight keeps its name, so that the weights of a plain model fit. B starts at zero, so that at first the
    output is that of the plain map.
    """

    def __init__(self, plain: nn.Linear, rank: int, scale: float) -> None:
        super().__init__(plain.in_features, plain.out_features, bias=plain.bias is not None, device="meta")
        self.weight, self.bias, self.scale = plain.weight, plain.bias, scale
        self.lora_a = nn.Parameter(plain.weight.new_empty(rank, plain.in_features))
        self.lora_b = nn.Parameter(plain.weight.new_zeros(plain.out_features, rank))
        nn.init.kaiming_uniform_(self.lora_a, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        """[…, in] → […, out]."""
        return super().forward(x) + self.scale * F.linear(F.linear(x, self.lora_a), self.lora_b)

    def merged(self) -> Tensor:
        """The weight of the plain linear map that computes the same."""
        return self.weight + self.scale * self.lora_b @ self.lora_a


def add_adapters(model: MotionTransformer, rank: int, alpha: float) -> None:
    """Freeze `model` and give every linear map of its blocks an adapter."""
    model.requires_grad_(False)
    for block in model.blocks:
        for path, module in list(block.named_modules()):
            if isinstance(module, nn.Linear):
                parent, _, name = path.rpartition(".")
                setattr(block.get_submodule(parent), name, AdaptedLinear(module, rank, alpha / rank))


def trained_weights(model: nn.Module) -> dict[str, Tensor]:
    """What training moves, with names and shapes of the plain model: adapters are merged into their weights."""
    weights: dict[str, Tensor] = {
        name: parameter
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and not name.endswith((".lora_a", ".lora_b"))
    }
    merged = {
        f"{path}.weight": module.merged()
        for path, module in model.named_modules()
        if isinstance(module, AdaptedLinear)
    }
    return weights | merged
