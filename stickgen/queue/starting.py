"""`python -m stickgen.queue.starting QUEUE JOB GPU,... [alone]`: starts one job, or goes on with it, and ends.

A process of its own, because a job has a working folder and an environment of its own, and so that nothing in a config
can take the worker with it. Before the run directory is made, its place is written into the job: whatever is killed, the
next start finds that same directory and goes on in it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.hardware.machine import local_machine_fast
from stickgen.planner.launch_check import check_launch
from stickgen.queue.job import CONFIG, LOCK, Job, config_bytes, read_job
from stickgen.queue.store import Queue
from stickgen.run_contract import File
from stickgen.runs.launch import launch
from stickgen.runs.locks import exclusive
from stickgen.runs.resuming import prepare
from stickgen.runs.store import Run, is_run, unused_path
from stickgen.runs.trainings import is_going, live_trainings

GPUS = "CUDA_VISIBLE_DEVICES"


def start(queue: Queue, number: int, gpus: list[str], *, alone: bool = False) -> None:
    """Start job `number` on `gpus` (none: as its environment says). Why it cannot be started is noted in the job.

    `alone`: if another training has begun since the worker looked, nothing happens, and the job waits on.

    Raises StickgenError, OSError if not even that can be written.
    """
    folder = queue.folder(number)
    with exclusive(folder / LOCK):  # of two that would start it, the second finds it running
        job = read_job(folder)
        run = job.directory
        if run is not None and is_going(run):
            return
        if alone and live_trainings([Path(job.root)]):
            return
        queue.update(number, gpus=gpus)
        try:
            _enter(job, gpus)
            if run is not None and is_run(run.path) and run.launches:
                _go_on(job, run)
            else:
                _begin(queue, job)
        except (StickgenError, OSError) as error:
            run = read_job(folder).directory
            if run is not None and is_going(run):  # somebody else has launched it meanwhile
                return
            queue.update(number, failure=_sentence(error))
            return
        queue.update(number, launched=True)


def _enter(job: Job, gpus: list[str]) -> None:
    """Go where the job was added, with the environment of that place."""
    try:
        os.chdir(job.cwd)
    except OSError as error:
        raise StickgenError(
            f"{job.cwd}: the folder that the job was added in cannot be entered ({error.strerror})"
        ) from error
    os.environ.update(job.env)
    os.environ.pop("STICKGEN_QUEUE", None)
    if gpus:
        os.environ[GPUS] = ",".join(gpus)


def _begin(queue: Queue, job: Job) -> None:
    """Check the launch, make the run directory and launch it."""
    config = TrainingConfig.from_bytes(config_bytes(queue.folder(job.id)), job.config_name)
    root = Path(job.root)
    found = check_launch(
        config,
        local_machine_fast(),
        Path(job.data_path),
        root,
        processes=job.nproc or 1,
        starts_from_weights=bool(job.init_from),
    )
    for refusal in found.refusals:
        raise refusal
    if found.budget and not job.force:
        raise StickgenError("; ".join(found.budget))
    path = Path(job.run) if job.run else unused_path(root, job.config_name, job.name or None)
    if is_run(path):
        run = Run(path)
    else:
        queue.update(job.id, run=str(path.absolute()))
        _clear_half_made(path)
        more = {"init_from": job.init_from} if job.init_from else {}
        run = found.create_run(
            root, path=path, argv=["stickgen", "queue", "add", job.config_name], queue_job=job.id, **more
        )
    launch(run, **_options(job))


def _go_on(job: Job, run: Run) -> None:
    """Launch a run that has begun, with its own config and data."""
    found = prepare(run, force=job.force)
    launch(run, **{**_options(job), **found.for_launch})


def _options(job: Job) -> dict[str, Any]:
    """For run.json. The last step is counted from the start of the run, so that a job that was killed ends where it
    would have ended."""
    options = {"last_step": job.max_steps, "nproc": job.nproc}
    return {name: value for name, value in options.items() if value is not None}


def _clear_half_made(path: Path) -> None:
    """Remove what a start that was killed left of a run directory; nothing that could be anybody's work.

    Raises StickgenError for anything else that is there.
    """
    if not path.is_dir() or path.is_symlink():
        return
    for entry in path.iterdir():
        if (
            entry.name in {File.CHECKPOINTS, File.SAMPLES, File.CONTROL}
            and entry.is_dir()
            and not any(entry.iterdir())
        ):
            entry.rmdir()
        elif entry.name in {CONFIG, File.IDENTITY_LOCK} or entry.name.endswith(".tmp"):
            entry.unlink()
        else:
            raise StickgenError(f"{path}: there is something already, and it is no run; move it away")


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    return str(error)


if __name__ == "__main__":
    given = [part for part in sys.argv[3].split(",") if part]
    start(Queue(Path(sys.argv[1])), int(sys.argv[2]), given, alone="alone" in sys.argv[4:])
