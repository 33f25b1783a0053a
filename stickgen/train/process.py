"""The trainer's process: the lock for life, what signals mean, and how an error ends."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path
from types import FrameType

import torch

from stickgen.errors import StickgenError
from stickgen.runs.metrics import RecordWriter
from stickgen.runs.store import Run, RunLock
from stickgen.train.loop import Trainer

log = logging.getLogger("stickgen")


def run_training(path: Path) -> int:
    """The trainer process of a run directory; returns its exit code. SIGTERM and SIGINT stop with a
    checkpoint, a second one at once; SIGUSR1 saves and goes on."""
    run = Run(path)
    lock = RunLock(run)
    lock.acquire()
    run.beat("starting", 0, 0)
    trainer: Trainer | None = None
    stops = 0

    def on_stop(number: int, frame: FrameType | None) -> None:
        nonlocal stops
        stops += 1
        if stops > 1 or trainer is None:
            os._exit(130)
        trainer.wish = "stop"

    def on_save(number: int, frame: FrameType | None) -> None:
        if trainer is not None:
            trainer.wish = trainer.wish or "save"

    signal.signal(signal.SIGTERM, on_stop)
    signal.signal(signal.SIGINT, on_stop)
    signal.signal(signal.SIGUSR1, on_save)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        trainer = Trainer(run)
        return trainer.train()
    except StickgenError as error:
        log.error("%s", error)
        RecordWriter(run.events_path).write({"event": "failed", "time": time.time(), "message": str(error)})
        return error.exit_code
    except (MemoryError, torch.OutOfMemoryError) as error:
        message = (
            f"out of memory ({error}); reduce training.batch_size, then model.d_model or model.num_layers"
        )
        RecordWriter(run.events_path).write({"event": "failed", "time": time.time(), "message": message})
        return 1
