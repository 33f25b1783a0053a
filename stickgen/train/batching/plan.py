"""Which clips each optimizer step trains on: a pure function of the seed, the epoch and the step.

None of this is state, so a resumed run trains on exactly the clips that an uninterrupted run would have, with
any number of data workers.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

MicroBatch = list[int]


def plan_epoch(
    lengths: Sequence[int],
    *,
    effective_batch: int,
    batch_size: int,
    seed: int,
    epoch: int,
    most_frames: int | None = None,
) -> list[list[MicroBatch]]:
    """The epoch's optimizer steps of `effective_batch` clips, as micro-batches of clip indices; every clip once.

    Within a step, clips of similar length go together to save padding, in micro-batches of at most `batch_size`
    clips and `most_frames` frames. The step's gradient does not depend on how it is cut.
    """
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(len(lengths), generator=generator).tolist()
    steps = []
    for start in range(0, len(order), effective_batch):
        clips = sorted(order[start : start + effective_batch], key=lambda clip: lengths[clip])
        steps.append(cut(clips, lengths, batch_size, most_frames))
    return steps


def cut(
    clips: Sequence[int], lengths: Sequence[int], batch_size: int, most_frames: int | None
) -> list[MicroBatch]:
    """Cut `clips`, sorted by length, into micro-batches of at most `batch_size` clips and `most_frames` frames.

    Padding counts. A single clip with more frames is a micro-batch of its own.
    """
    parts: list[MicroBatch] = []
    for clip in clips:
        part = parts[-1] if parts else None
        full = part is None or len(part) == batch_size
        if full or (most_frames is not None and (len(part or ()) + 1) * lengths[clip] > most_frames):
            parts.append([clip])
        elif part is not None:
            part.append(clip)
    return parts
