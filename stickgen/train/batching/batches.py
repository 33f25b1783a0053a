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
from stickgen.runs.process import die_with
from stickgen.runs.stops import FORWARDED
from stickgen.train.batching.plan import MicroBatch
from stickgen.train.processes.signals import Asked

# Each length of a batch is a shape for which oneDNN generates kernels and keeps them: in bf16 a run whose
# batches have any length grows to 1.3 GiB where one of few lengths stays at 0.6 (benchmarks/padding.py).
PAD_TO = 16  # frames

SHARED_MEMORY = Path("/dev/shm")  # Linux: where workers leave their batches
AHEAD = 3  # batches of a worker: two prefetched (torch's default), and the one in use
MARGIN_BYTES = 2**20  # what queues and semaphores take, and the rounding to pages


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
    words, words_mask = pad_words([item["words"] for item in items])
    return Batch(motion, mask, actions, text, tuple(int(item["clip"]) for item in items), words, words_mask)


def empty_batch(shape: ModelConfig) -> Batch:
    """One clip without a real frame: its losses and gradients are zero."""
    blank = torch.zeros(1, PAD_TO, dtype=torch.bool)
    return Batch(
        motion=torch.zeros(1, PAD_TO, shape.input_dim),
        mask=blank,
        actions=torch.full((1, PAD_TO), UNLABELLED),
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

    With `asked`, a stop ends the wait for a worker by StopWantedError, however stuck the worker is.
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
    """`wanted` data workers, or none where `memory` has no room for the batches that they hand over.

    A worker that finds none there hangs or dies by SIGBUS, as containers with 64 MiB of /dev/shm show.
    """
    try:
        status = os.statvfs(memory)
    except OSError:
        return wanted  # a system that shares memory otherwise
    free = status.f_bavail * status.f_frsize
    return wanted if free >= MARGIN_BYTES + wanted * AHEAD * batch_bytes else 0


class WorkerBatches:
    """The batches that data workers make. Whoever stops before the last one calls `end_workers`."""

    _newest: WorkerBatches | None = None  # kept: to drop one that is not used up waits for its workers

    def __init__(self, loader: DataLoader[Any], asked: Asked | None) -> None:
        self._asked = asked
        before = multiprocessing.active_children()
        # a worker is forked with the trainer's handlers, and forgets them in `_begin_worker`: until then it waits
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
        """Kill the workers that are left in this process, however busy they are: nobody waits for a batch."""
        if cls._newest is None:
            return
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # torch's handler takes their end for a failure
        for worker in cls._newest._workers:
            worker.kill()


def _begin_worker(trainer: int, _: int) -> None:
    """In a data worker: what stops a trainer, often sent to all of its group, is nothing to a worker.

    It works until the trainer has saved, and ends with the trainer.
    """
    for number in (*FORWARDED, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*FORWARDED, signal.SIGHUP))
    die_with(trainer)
