"""From planned clip indices to padded micro-batches, prepared by as many workers as the config says."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader

from stickgen.data.dataset import MotionDataset
from stickgen.model.losses import UNLABELLED
from stickgen.model.objective import Batch
from stickgen.motion.skeleton import POSE_DIM
from stickgen.train.plan import MicroBatch


def collate(items: list[dict[str, torch.Tensor]]) -> Batch:
    """Pad to the longest of the batch; the mask is true on real frames."""
    longest = max(len(item["motion"]) for item in items)
    motion = torch.zeros(len(items), longest, POSE_DIM)
    actions = torch.full((len(items), longest), UNLABELLED)
    mask = torch.zeros(len(items), longest, dtype=torch.bool)
    for row, item in enumerate(items):
        frames = len(item["motion"])
        motion[row, :frames] = item["motion"]
        actions[row, :frames] = torch.where(item["actions"] >= 0, item["actions"], UNLABELLED)
        mask[row, :frames] = True
    return Batch(motion, mask, actions, torch.stack([item["embedding"] for item in items]))


def load_batches(
    dataset: MotionDataset, micro_batches: list[MicroBatch], *, num_workers: int = 0, pin_memory: bool = False
) -> Iterator[Batch]:
    """The micro-batches in order. Which clips they hold does not depend on the number of workers."""
    loader: DataLoader[dict[str, torch.Tensor]] = DataLoader(
        dataset,
        batch_sampler=micro_batches,
        collate_fn=collate,
        num_workers=num_workers,
        pin_memory=pin_memory,
    )
    return iter(loader)
