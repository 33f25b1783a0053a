"""AdamW, or Muon for the matrices of the blocks and of the text with AdamW for the rest.

Only matrices have weight decay.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from stickgen.config.keys.training import Training
from stickgen.model.transformer import MotionTransformer
from stickgen.train.optim.muon import Muon
from stickgen.train.optim.without_compiler import without_compiler


def build_optimizer(model: nn.Module, training: Training) -> torch.optim.Optimizer:
    """The optimizer that `training.optimizer` names, over the trainable parameters of `model`.

    AdamW is that of arXiv 1711.05101. Norms, biases, embeddings and modulation tables do not decay.
    """
    # With Muon, weak directions of the text move as far as strong ones. Runs from before there were patches keep
    # AdamW for these maps, because their checkpoints hold AdamW's moments of them.
    patched = isinstance(model, MotionTransformer) and model.config.patch_frames > 1
    by_muon = ("blocks.", "text_in.", "condition.") if patched else ("blocks.",)
    muon: list[nn.Parameter] = []
    decaying: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for path, module in model.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad:
                continue
            matrix = isinstance(module, nn.Linear) and parameter.ndim == 2
            if matrix and path.startswith(by_muon) and training.optimizer == "muon":
                muon.append(parameter)
            else:
                (decaying if matrix and name == "weight" else others).append(parameter)
    adamw = without_compiler(torch.optim.AdamW)(
        [
            {"params": decaying, "weight_decay": training.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=training.learning_rate,
        betas=(training.beta1, training.beta2),
        fused=True,
    )
    return MuonWithAdamW(muon, adamw, training) if muon else adamw


class MuonWithAdamW(torch.optim.Optimizer):
    """Muon for `matrices` and `adamw` for everything else, as one optimizer.

    Muon's updates are as large as AdamW's, so that one learning rate serves both. The two share one dict of
    states and one list of groups: code that saves, restores or sets a rate sees a single optimizer.
    """

    def __init__(
        self, matrices: list[nn.Parameter], adamw: torch.optim.Optimizer, training: Training
    ) -> None:
        self._muon = without_compiler(Muon)(
            matrices,
            lr=training.learning_rate,
            momentum=training.beta1,
            weight_decay=training.weight_decay,
        )
        self._adamw = adamw
        super().__init__([{"params": matrices}], {})
        self.param_groups = [*self._muon.param_groups, *adamw.param_groups]
        self._muon.state = adamw.state = self.state

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move every weight."""
        self._muon.step()
        self._adamw.step()
