"""From planned clip indices to padded micro-batches, prepared by as many workers as the config says."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from stickgen.data.dataset import MotionDataset
from stickgen.model.losses import UNLABELLED
from stickgen.model.objective import Batch
from stickgen.model.transformer import ModelConfig
from stickgen.model.words import pad_words
from stickgen.motion.skeleton import POSE_DIM
from stickgen.planner.decisions.batch_shapes import PAD_FRAMES_TO, padded_length
from stickgen.runs.process import die_with
from stickgen.runs.stops import FORWARDED
from stickgen.train.batching.plan import MicroBatch
from stickgen.train.processes.signals import Asked

SHARED_MEMORY = Path("/dev/shm")  # Linux: where workers leave their batches
AHEAD = 3  # batches per worker: two prefetched (torch's default) and the one in use
MARGIN_BYTES = 2**20  # for queues, semaphores and rounding up to pages


def collate(items: list[dict[str, Any]], most: int) -> Batch:
    """Pad the clips to the longest, rounded up as `padded_length` says, with `most`. The mask is true on real frames."""
    longest = padded_length(max(len(item["motion"]) for item in items), most)
    motion = torch.zeros(len(items), longest, POSE_DIM)
    actions = torch.full((len(items), longest), UNLABELLED)
    mask = torch.zeros(len(items), longest, dtype=torch.bool)
    for row, item in enumerate(items):
        frames = len(item["motion"])
        motion[row, :frames] = item["motion"]
        actions[row, :frames] = torch.where(item["actions"] >= 0, item["actions"], UNLABELLED)
        mask[row, :frames] = True
    text = torch.stack([item["embedding"] for item in items])
    words, words_mask = pad_words([item["words"] for item in items])
    spans = torch.stack([item["span"] for item in items])
    clips = tuple(int(item["clip"]) for item in items)
    return Batch(motion, mask, actions, text, clips, words, words_mask, spans)


def empty_batch(shape: ModelConfig) -> Batch:
    """One clip without a real frame: its losses and gradients are zero."""
    blank = torch.zeros(1, PAD_FRAMES_TO, dtype=torch.bool)
    return Batch(
        motion=torch.zeros(1, PAD_FRAMES_TO, shape.input_dim),
        mask=blank,
        actions=torch.full((1, PAD_FRAMES_TO), UNLABELLED),
        text=torch.zeros(1, shape.embedding_dim),
        clips=(0,),
    )


def load_batches(
    dataset: MotionDataset,
    micro_batches: list[MicroBatch],
    *,
    num_workers: int = 0,
    pin_memory: bool = False,
    asked: Asked | None = None,
) -> Iterator[Batch]:
    """The micro-batches in order. Which clips they hold does not depend on the number of workers.

    With `asked`, a stop raises StopWantedError even while a worker is stuck.
    """
    loader: DataLoader[dict[str, Any]] = DataLoader(
        dataset,
        batch_sampler=micro_batches,
        collate_fn=partial(collate, most=dataset.max_frames),
        num_workers=num_workers,
        pin_memory=pin_memory,
        worker_init_fn=partial(_begin_worker, os.getpid()),
    )
    return WorkerBatches(loader, asked) if num_workers else iter(loader)


def fitting_workers(wanted: int, batch_bytes: int, memory: Path = SHARED_MEMORY) -> int:
    """`wanted`, or 0 if `memory` has no room for the batches that so many data workers hand over.

    A worker that runs out of shared memory hangs or dies of SIGBUS, as in containers with 64 MiB of /dev/shm.
    """
    try:
        status = os.statvfs(memory)
    except OSError:
        return wanted  # this system shares memory in another way
    free = status.f_bavail * status.f_frsize
    return wanted if free >= MARGIN_BYTES + wanted * AHEAD * batch_bytes else 0


class WorkerBatches:
    """Batches made by data workers. If you stop before the last one, call `end_workers`."""

    _newest: WorkerBatches | None = None  # kept, because dropping an unfinished one waits for its workers

    def __init__(self, loader: DataLoader[Any], asked: Asked | None) -> None:
        self._asked = asked
        before = multiprocessing.active_children()
        # a forked worker has the trainer's handlers until `_begin_worker` drops them: signals wait that long
        held = signal.pthread_sigmask(signal.SIG_BLOCK, (*FORWARDED, signal.SIGHUP))
        try:
            self._batches = iter(loader)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        self._workers: list[BaseProcess] = [
            process for process in multiprocessing.active_children() if process not in before
        ]
        WorkerBatches._newest = self

    def __iter__(self) -> WorkerBatches:
        return self

    def __next__(self) -> Batch:
        if self._asked is None:
            return next(self._batches)
        with self._asked.ending_the_wait():
            return next(self._batches)

    @classmethod
    def end_workers(cls) -> None:
        """Kill the remaining workers of this process at once, because nobody waits for their batches any more."""
        if cls._newest is None:
            return
        if threading.current_thread() is threading.main_thread():
            signal.signal(
                signal.SIGCHLD, signal.SIG_DFL
            )  # torch's handler would report their end as a failure
        for worker in cls._newest._workers:
            worker.kill()


def _begin_worker(trainer: int, _: int) -> None:
    """Prepare a data worker: ignore the signals that stop a trainer, which often reach its whole process group.

    The worker carries on until the trainer has saved, and ends with it.
    """
    for number in (*FORWARDED, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*FORWARDED, signal.SIGHUP))
    die_with(trainer)
