"""Saving checkpoints beside the training: it stops for a copy in memory alone, a thread does the rest.

A disk that refuses is said loudly and tried again, and training goes on.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch import Tensor

from stickgen.errors import StickgenError
from stickgen.hardware.machine import local_machine_fast
from stickgen.train.checkpoints.checkpoint import (
    Checkpoint,
    NotFiniteError,
    prune_checkpoints,
    save_checkpoint,
)
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.processes.signals import Asked
from stickgen.train.reporting.journal import Journal

RETRY_SECONDS = 30.0  # after a save that failed; twice as long after each further one
LONGEST_RETRY_SECONDS = 600.0
PATIENCE_SECONDS = 1800.0  # how long the end of a run waits for space on the disk
STOP_PATIENCE_SECONDS = 15.0  # the same where somebody wants it to stop: service managers kill after 90 s

Tensors = dict[str, dict[str, Tensor]]


class Saver:
    """Writes one run's checkpoints, one at a time, and knows what is saved.

    Only the thread that trains may call it, and only that thread speaks to the journal.
    """

    def __init__(self, journal: Journal, config_bytes: bytes) -> None:
        self.journal, self.config_bytes = journal, config_bytes
        self.saved: dict[str, Any] = {}  # the numbers of the newest checkpoint that is whole
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="saver")
        self._under_way: Future[Checkpoint] | None = None
        self._numbers: dict[str, Any] = {}  # of the save under way
        self._began = time.monotonic()
        self._failures = 0

    @property
    def busy(self) -> bool:
        """Whether a save is under way."""
        return self._under_way is not None

    def seconds_since(self) -> float:
        """Seconds since a save was begun last, or the run."""
        return time.monotonic() - self._began

    def due(self, minutes: float) -> bool:
        """Whether it is time: `logging.save_minutes` have passed (0 is never), or a failed save waits."""
        if self.busy:
            return False
        if self._failures:
            wait = min(RETRY_SECONDS * 2 ** (self._failures - 1), LONGEST_RETRY_SECONDS)
            return self.seconds_since() > wait
        return minutes > 0 and self.seconds_since() > 60 * minutes

    def begin(self, state: TrainState) -> None:
        """Copy `state` and write it beside the training. Waits first where another save is under way.

        Where memory is too short for a second copy, training waits until it is written.
        """
        self.collect(wait=True)
        if self.saved == state.numbers():
            return
        with self.journal.phase("saving"):
            self._began = time.monotonic()
            self._numbers = state.numbers()
            tensors, roomy = state.tensors(), state.model.sharded  # those are copies already
            if not roomy and local_machine_fast().ram_available_bytes > 2 * size_bytes(tensors):
                with suppress(MemoryError, RuntimeError):  # torch says the latter where it gets no memory
                    tensors, roomy = copied(tensors), True
            self._under_way = self._thread.submit(
                write, self.journal.run.checkpoints_dir, tensors, self._numbers, self.config_bytes
            )
            if not roomy:
                self.collect(wait=True)

    def skip(self, reason: str) -> None:
        """Save nothing this time, and say why; what is due comes again as after a save."""
        self._began = time.monotonic()
        kept = f"; the checkpoint of step {self.saved['step']} stays" if self.saved else ""
        self.journal.event("alert", f"not saved: {reason}{kept}")

    def collect(self, *, wait: bool = False) -> None:
        """Say what came of the save under way, if it is done; `wait` until it is."""
        if self._under_way is None or not (wait or self._under_way.done()):
            return
        future, self._under_way = self._under_way, None
        try:
            path = future.result().path
        except NotFiniteError as error:
            self.journal.event("alert", f"NOT SAVED: {error}")
            return
        except (OSError, StickgenError, MemoryError) as error:
            self._failures += 1
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.journal.event(
                "alert",
                f"THE CHECKPOINT OF STEP {self._numbers['step']} WAS NOT SAVED ({reason}); it is tried again, "
                "and what was saved before stays",
            )
            return
        after = f", after {self._failures} that failed" if self._failures else ""
        self._failures = 0
        self.saved = self._numbers
        self.journal.sync()
        self.journal.event("checkpoint", f"saved {path.name}{after}", path=path.name)

    def save(self, state: TrainState) -> bool:
        """Save `state` and wait for it. Whether it is saved now."""
        self.begin(state)
        with self.journal.phase("saving"):
            self.collect(wait=True)
        return self.saved == state.numbers()

    def save_patiently(self, state: TrainState, asked: Asked) -> bool:
        """`save`, and where the disk refuses, again and again for half an hour, or 15 s when a stop is wanted."""
        began = tried = time.monotonic()
        while not self.save(state):
            pause = min(tried - began + 1.0, RETRY_SECONDS)
            while time.monotonic() < tried + pause:
                patience = STOP_PATIENCE_SECONDS if asked.stop else PATIENCE_SECONDS
                if not self._failures or time.monotonic() - began > patience:
                    return False
                self.journal.beat("saving")
                time.sleep(0.2)
            tried = time.monotonic()
        return True

    def close(self) -> None:
        """Wait for what is under way and say what came of it."""
        self.collect(wait=True)
        self._thread.shutdown()


class SilentSaver(Saver):
    """That of a process which is not the first of its group: the first one writes for all."""

    def skip(self, reason: str) -> None:
        """Nothing: the first process says so."""

    def due(self, minutes: float) -> bool:
        """Never: the first process says when."""
        return False

    def begin(self, state: TrainState) -> None:
        """Nothing; its weights are those of the first process."""

    def save(self, state: TrainState) -> bool:
        """Nothing, and that is well."""
        return True


def write(directory: Path, tensors: Tensors, numbers: dict[str, Any], config_bytes: bytes) -> Checkpoint:
    """Write a checkpoint, verify it, and only then drop what it makes superfluous. The saver's thread does this."""
    directory.mkdir(mode=0o700, exist_ok=True)  # it may have vanished; the run directory is not made anew
    saved = save_checkpoint(directory, tensors=tensors, trainer=numbers, config_bytes=config_bytes)
    prune_checkpoints(directory, newest=saved, best_step=numbers["best_step"])
    return saved


def size_bytes(tensors: Tensors) -> int:
    """Bytes of all tensors."""
    return sum(tensor.nbytes for group in tensors.values() for tensor in group.values())


def copied(tensors: Tensors) -> Tensors:
    """The same values on the CPU, which no further step changes."""
    return {
        stem: {name: tensor.detach().to("cpu", copy=True) for name, tensor in group.items()}
        for stem, group in tensors.items()
    }
