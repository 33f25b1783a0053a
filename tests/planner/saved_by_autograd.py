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
from stickgen.train.optim.step import autocast


def bytes_saved_by_autograd(config: TrainingConfig, frames: int, precision: str, words: int = 0) -> int:
    """Bytes between the forward and the backward pass of one micro-batch of full clips of `frames`.

    `words`: tokens that each text comes in besides, 0 for none.
    """
    b, width = config.training.batch_size, config.model.embedding_dim
    model = MotionTransformer(ModelConfig.from_training(config))
    normaliser = Normaliser(config.model.embedding_dim)
    batch = Batch(
        torch.randn(b, frames, POSE_DIM), torch.ones(b, frames, dtype=torch.bool),
        torch.full((b, frames), UNLABELLED), torch.randn(b, width),
        words=torch.randn(b, words, width) if words else None,
        words_mask=torch.ones(b, words, dtype=torch.bool) if words else None,
    )  # fmt: skip
    normaliser.words_std.fill_(1.0)
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
