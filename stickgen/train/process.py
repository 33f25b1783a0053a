"""The trainer's process: the lock for life, what signals mean, and how an error ends.

Lock and signals come before torch is loaded, which takes seconds in which nothing may be lost.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.runs.locks import RunLock
from stickgen.runs.metrics import RecordWriter
from stickgen.runs.store import Run
from stickgen.train.signals import Asked

log = logging.getLogger("stickgen")


def run_training(path: Path, launch: int | None = None) -> int:
    """The trainer process of a run directory, as its launch number `launch`; returns its exit code.

    0: done; 130: stopped, with a checkpoint if there was anything to save; 1: the run failed; 2: bad input.
    """
    run = Run(path)
    launch = len(run.launches) if launch is None else launch
    asked = Asked()
    asked.listen()
    lock = RunLock(run)
    try:
        lock.acquire()
    except (StickgenError, OSError) as error:  # another trainer's files: not even an event
        log.error("%s", error)
        return 2
    run.beat("starting", 0, 0)
    import torch

    from stickgen.train.loop import Trainer

    try:
        trainer = Trainer(run, launch=launch, asked=asked)
        return trainer.train()
    except StickgenError as error:
        _say(run, launch, str(error))
        return error.exit_code
    except OSError as error:
        _say(run, launch, f"{error.filename or run.path}: {error.strerror}")
        return 1
    except (MemoryError, torch.OutOfMemoryError) as error:
        _say(run, launch, f"out of memory ({error}); {_less_memory(run)}")
        return 1


def _less_memory(run: Run) -> str:
    """The edits that would help most, in words."""
    from stickgen.planner.rescue import memory_advice

    best = [advice.change for advice in memory_advice(run)[:2]]
    return "try " + ", or ".join(best) if best else "reduce training.batch_size, then model.d_model"


def _say(run: Run, launch: int, message: str) -> None:
    """Write the event that says why this launch failed."""
    log.error("%s", message)
    try:
        writer = RecordWriter(run.events_path)
    except OSError:
        return  # the log has it
    writer.write({"event": "failed", "time": time.time(), "launch": launch, "message": message})
    writer.close()
