"""What else a launch can do while another training goes on here: wait in the queue, or let the other stop first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.queue.job import Job
    from stickgen.runs.store import Run

_POLL_SECONDS = 0.2


def trainings_beside(root: Path | None, *, besides: Run | None = None) -> list[Run]:
    """The trainings that go on on this machine, without `besides`."""
    from stickgen.runs.store import runs_root
    from stickgen.runs.trainings import live_trainings

    return live_trainings([root or runs_root()], besides=besides)


def queue_config(
    config: TrainingConfig, dataset: Path | None, root: Path | None, *, force: bool = False
) -> Job:
    """Freeze a config at the end of the queue, and start a worker unless the queue is paused. Raises StickgenError."""
    from stickgen.queue.adding import Options, freeze
    from stickgen.queue.store import Queue
    from stickgen.queue.worker_lock import start_worker

    queue = Queue()
    options = Options(str(dataset) if dataset is not None else None, root, force=force)
    (job,) = queue.add_all([freeze(config, options)])
    if not queue.paused:
        start_worker(queue.root)
    return job


def queue_run(run: Run) -> Job:
    """Let the queue go on with a run in its own directory when its turn comes. Raises StickgenError."""
    from stickgen.queue.adding import add_run
    from stickgen.queue.store import Queue
    from stickgen.queue.worker_lock import start_worker

    queue = Queue()
    job = add_run(queue, run)
    if not queue.paused:
        start_worker(queue.root)
    return job


def stop_first(others: Sequence[Run]) -> None:
    """Stop trainings with a checkpoint and wait for their end. Raises StickgenError if one cannot be stopped."""
    from stickgen.runs.launch import stop
    from stickgen.runs.trainings import is_going

    for run in others:
        if is_going(run):
            stop(run)
    while any(is_going(run) for run in others):
        time.sleep(_POLL_SECONDS)
