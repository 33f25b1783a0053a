"""From planned clip indices to padded micro-batches, prepared by as many workers as the config says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch.utils.data import DataLoader

from stickgen.data.dataset import MotionDataset
from stickgen.model.losses import UNLABELLED
from stickgen.model.objective import Batch
from stickgen.motion.skeleton import POSE_DIM
from stickgen.train.plan import MicroBatch

# Each length of a batch is a shape for which oneDNN generates kernels and keeps them: in bf16 a run whose
# batches have any length grows to 1.3 GiB where one of few lengths stays at 0.6 (benchmarks/padding.py).
PAD_TO = 16  # frames


def collate(items: list[dict[str, Any]], most: int) -> Batch:
    """Pad to the longest of the batch, rounded up to PAD_TO but not over `most`; the mask is true on real frames."""
    longest = max(len(item["motion"]) for item in items)
    longest = max(longest, min(-(-longest // PAD_TO) * PAD_TO, most))
    motion = torch.zeros(len(items), longest, POSE_DIM)
    actions = torch.full((len(items), longest), UNLABELLED)
    mask = torch.zeros(len(items), longest, dtype=torch.bool)
    for row, item in enumerate(items):
        frames = len(item["motion"])
        motion[row, :frames] = item["motion"]
        actions[row, :frames] = torch.where(item["actions"] >= 0, item["actions"], UNLABELLED)
        mask[row, :frames] = True
    text = torch.stack([item["embedding"] for item in items])
    return Batch(motion, mask, actions, text, tuple(int(item["clip"]) for item in items))


def load_batches(
    dataset: MotionDataset, micro_batches: list[MicroBatch], *, num_workers: int = 0, pin_memory: bool = False
) -> Iterator[Batch]:
    """The micro-batches in order. Which clips they hold does not depend on the number of workers."""
    loader: DataLoader[dict[str, Any]] = DataLoader(
        dataset,
        batch_sampler=micro_batches,
        collate_fn=partial(collate, most=dataset.max_frames),
        num_workers=num_workers,
        pin_memory=pin_memory,
    )
    return iter(loader)
