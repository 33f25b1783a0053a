"""The loss on held-out clips, with the same noise at every call, and the loss of predicting the mean pose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from stickgen.data.dataset import MotionDataset
from stickgen.model.losses import UNLABELLED, pose_loss
from stickgen.model.normalise import Normaliser
from stickgen.model.objective import Batch, Draw, losses_and_prediction
from stickgen.model.transformer import MotionTransformer
from stickgen.planner.decisions.validation import MOST_CLIPS
from stickgen.run_contract import Field, loss_field
from stickgen.train.batching.batches import load_batches


@torch.no_grad()
def validate(
    model: MotionTransformer,
    normaliser: Normaliser,
    dataset: MotionDataset,
    weights: Mapping[str, Any],
    device: torch.device,
    batch_size: int,
    until_stopped: Callable[[Iterator[Batch]], Iterator[Batch]] = iter,
) -> dict[str, float]:
    """Means over at most 512 held-out clips: `loss`, `loss_*` for each term, and `mean_pose_loss`.

    `mean_pose_loss` is the pose loss of predicting the training clips' mean pose in every frame.
    `action_accuracy` is the share of labelled frames whose action is recognised. `until_stopped` may end
    validation between two batches by an exception.
    """
    dataset.set_epoch(0)
    order = sorted(range(min(len(dataset), MOST_CLIPS)), key=lambda i: dataset.lengths[i])
    chunks = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    sums: dict[str, float] = {}
    right = labelled = 0
    for number, batch in enumerate(until_stopped(load_batches(dataset, chunks))):
        batch = batch.to(device)
        draw = Draw.fixed(batch, number, model.config.noise_correlation)
        losses, prediction = losses_and_prediction(model, normaliser, batch, draw, weights)
        for name, value in losses.items():
            key = loss_field(name)
            sums[key] = sums.get(key, 0.0) + float(value.sum())
        clean = normaliser.encode(batch.motion)
        mean = float(pose_loss(torch.zeros_like(clean), clean, batch.mask).sum())
        sums[Field.MEAN_POSE_LOSS] = sums.get(Field.MEAN_POSE_LOSS, 0.0) + mean
        known = batch.actions != UNLABELLED
        right += int((prediction.action_logits.argmax(-1) == batch.actions)[known].sum())
        labelled += int(known.sum())
    result = {name: value / len(order) for name, value in sums.items()}
    result[Field.ACTION_ACCURACY] = right / max(labelled, 1)
    return result
