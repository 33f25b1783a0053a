"""Saves checkpoints in the background: training pauses only for a copy in memory, a thread does the rest.

If the disk refuses, an alert says so, training goes on, and the save is tried again.
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
from stickgen.run_contract import EventKind, Phase
from stickgen.train.checkpoints.checkpoint import (
    Checkpoint,
    NotFiniteError,
    prune_checkpoints,
    save_checkpoint,
)
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.processes.signals import Asked
from stickgen.train.reporting.journal import Journal

RETRY_SECONDS = 30.0  # after a failed save; doubles with every further failure
LONGEST_RETRY_SECONDS = 600.0
PATIENCE_SECONDS = 1800.0  # how long the end of a run waits for space on the disk
STOP_PATIENCE_SECONDS = 15.0  # the same after a stop: service managers kill after 90 s

Tensors = dict[str, dict[str, Tensor]]


class Saver:
    """Writes one run's checkpoints, one at a time, and knows what is saved.

    Only the training thread may call it, and only that thread writes to the journal.
    """

    def __init__(self, journal: Journal, config_bytes: bytes) -> None:
        self.journal, self.config_bytes = journal, config_bytes
        self.saved: dict[
            str, Any
        ] = {}  # `TrainState.numbers` of the newest whole checkpoint; empty before the first
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="saver")
        self._under_way: Future[Checkpoint] | None = None
        self._numbers: dict[str, Any] = {}  # of the save in progress
        self._began = time.monotonic()
        self._failures = 0

    @property
    def busy(self) -> bool:
        """Whether a save is in progress."""
        return self._under_way is not None

    def seconds_since(self) -> float:
        """Seconds since the last save began, or since the launch if there was none."""
        return time.monotonic() - self._began

    def due(self, minutes: float) -> bool:
        """Whether `minutes` have passed since the last save (0 is never), or a failed save is to be tried again."""
        if self.busy:
            return False
        if self._failures:
            wait = min(RETRY_SECONDS * 2 ** (self._failures - 1), LONGEST_RETRY_SECONDS)
            return self.seconds_since() > wait
        return minutes > 0 and self.seconds_since() > 60 * minutes

    def begin(self, state: TrainState) -> None:
        """Copy `state` and write it in the background. If another save is in progress, wait for it first.

        If memory is too tight for a copy, training waits until the checkpoint is written.
        """
        self.collect(wait=True)
        if self.saved == state.numbers():
            return
        with self.journal.phase(Phase.SAVING):
            self._began = time.monotonic()
            self._numbers = state.numbers()
            tensors, roomy = state.tensors(), state.model.sharded  # gathered tensors are copies already
            if not roomy and local_machine_fast().ram_available_bytes > 2 * size_bytes(tensors):
                with suppress(MemoryError, RuntimeError):  # torch raises the latter if it gets no memory
                    tensors, roomy = copied(tensors), True
            self._under_way = self._thread.submit(
                write, self.journal.run.checkpoints_dir, tensors, self._numbers, self.config_bytes
            )
            if not roomy:
                self.collect(wait=True)

    def skip(self, reason: str) -> None:
        """Save nothing this time and alert why. The clock of `due` starts anew, as after a save."""
        self._began = time.monotonic()
        kept = f"; the checkpoint of step {self.saved['step']} is kept" if self.saved else ""
        self.journal.event(EventKind.ALERT, f"not saved: {reason}{kept}")

    def collect(self, *, wait: bool = False) -> None:
        """Report how the save in progress ended, if it has; with `wait`, once it has."""
        if self._under_way is None or not (wait or self._under_way.done()):
            return
        future, self._under_way = self._under_way, None
        try:
            path = future.result().path
        except NotFiniteError as error:
            self.journal.event(EventKind.ALERT, f"NOT SAVED: {error}")
            return
        except (OSError, StickgenError, MemoryError) as error:
            self._failures += 1
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.journal.event(
                EventKind.ALERT,
                f"THE CHECKPOINT OF STEP {self._numbers['step']} WAS NOT SAVED ({reason}); the save will be tried "
                "again, and earlier checkpoints are kept",
            )
            return
        attempts = "failed attempt" if self._failures == 1 else "failed attempts"
        after = f", after {self._failures} {attempts}" if self._failures else ""
        self._failures = 0
        self.saved = self._numbers
        self.journal.sync()
        self.journal.event(EventKind.CHECKPOINT, f"saved {path.name}{after}", path=path.name)

    def save(self, state: TrainState) -> bool:
        """Save `state` and wait until it is written. Whether it is saved."""
        self.begin(state)
        with self.journal.phase(Phase.SAVING):
            self.collect(wait=True)
        return self.saved == state.numbers()

    def save_patiently(self, state: TrainState, asked: Asked) -> bool:
        """Save `state`. If the disk refuses, try again for half an hour, or for 15 s after a stop. Whether it is saved."""
        began = tried = time.monotonic()
        while not self.save(state):
            pause = min(tried - began + 1.0, RETRY_SECONDS)
            while time.monotonic() < tried + pause:
                patience = STOP_PATIENCE_SECONDS if asked.stop else PATIENCE_SECONDS
                if not self._failures or time.monotonic() - began > patience:
                    return False
                self.journal.beat(Phase.SAVING)
                time.sleep(0.2)
            tried = time.monotonic()
        return True

    def close(self) -> None:
        """Wait for the save in progress and report how it ended."""
        self.collect(wait=True)
        self._thread.shutdown()


class SilentSaver(Saver):
    """The saver of every process but the first of its group, which writes for all."""

    def skip(self, reason: str) -> None:
        """Nothing: the first process reports it."""

    def due(self, minutes: float) -> bool:
        """Never: the first process decides when."""
        return False

    def begin(self, state: TrainState) -> None:
        """Nothing: the first process has the same weights."""

    def save(self, state: TrainState) -> bool:
        """Nothing, successfully: the first process saves."""
        return True


def write(directory: Path, tensors: Tensors, numbers: dict[str, Any], config_bytes: bytes) -> Checkpoint:
    """Write a checkpoint, verify it, and only then prune older ones. Runs in the saver's thread."""
    directory.mkdir(
        mode=0o700, exist_ok=True
    )  # it may have vanished; a vanished run directory is not created again
    saved = save_checkpoint(directory, tensors=tensors, trainer=numbers, config_bytes=config_bytes)
    prune_checkpoints(directory, newest=saved, best_step=numbers["best_step"])
    return saved


def size_bytes(tensors: Tensors) -> int:
    """Bytes of all tensors together."""
    return sum(tensor.nbytes for group in tensors.values() for tensor in group.values())


def copied(tensors: Tensors) -> Tensors:
    """A copy on the CPU, which no further step changes."""
    return {
        stem: {name: tensor.detach().to("cpu", copy=True) for name, tensor in group.items()}
        for stem, group in tensors.items()
    }
