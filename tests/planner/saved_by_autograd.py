"""What autograd keeps of a micro-batch, counted: each storage once, parameters not."""

from __future__ import annotations

from typing import Any

import torch

from stickgen.config.loading import TrainingConfig
from stickgen.model.losses import UNLABELLED
from stickgen.model.normalise import Normaliser
from stickgen.model.objective import Batch, Draw, clip_losses
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.motion.skeleton import POSE_DIM
from stickgen.train.step import autocast


def bytes_saved_by_autograd(config: TrainingConfig, frames: int, precision: str) -> int:
    """Bytes between the forward and the backward pass of one micro-batch of full clips of `frames`."""
    b = config.training["batch_size"]
    model = MotionTransformer(ModelConfig.from_training(config))
    normaliser = Normaliser(config.model["embedding_dim"])
    batch = Batch(
        torch.randn(b, frames, POSE_DIM), torch.ones(b, frames, dtype=torch.bool),
        torch.full((b, frames), UNLABELLED), torch.randn(b, config.model["embedding_dim"]),
    )  # fmt: skip
    draw = Draw.fixed(batch, seed=0)
    known = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with (
        torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor),
        autocast(torch.device("cpu"), precision),
    ):
        losses = clip_losses(model, normaliser, batch, draw, config.loss_weights)
    losses["total"].sum().backward()
    return sum(kept.values())
