"""From a config to a job: what is frozen of it, and of the place and the shell that it was added in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stickgen.config.chosen_dataset import dataset_path
from stickgen.errors import StickgenError
from stickgen.hardware.machine import local_machine_fast
from stickgen.planner.launch_check import check_launch
from stickgen.queue.job import Job, environment_to_keep
from stickgen.queue.store import Queue
from stickgen.runs.store import Run, runs_root

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.planner.launch_check import LaunchCheck

Frozen = tuple[bytes, dict[str, Any]]


@dataclass(frozen=True)
class Options:
    """What a job is run with, beside its config."""

    data_path: str | None = None  # wins over the variable and the config
    root: Path | None = None  # of its run; None: the usual one
    max_steps: int | None = None
    nproc: int | None = None
    force: bool = False
    init_from: str = ""  # a checkpoint, absolute


def freeze(config: TrainingConfig, options: Options, *, name: str = "", **more: Any) -> Frozen:
    """What `Queue.add_all` takes: the bytes of a config, and where, on what and how it is to be trained."""
    return config.bytes, {
        "config_name": config.name,
        "data_path": str(dataset_path(config.get, options.data_path)),
        "cwd": str(Path.cwd()),
        "root": str((options.root or runs_root()).absolute()),
        "name": name,
        "max_steps": options.max_steps,
        "nproc": options.nproc,
        "force": options.force,
        "init_from": options.init_from,
        "env": environment_to_keep(),
        **more,
    }


def look_at(config: TrainingConfig, options: Options) -> LaunchCheck:
    """What speaks against a training, as of now. Memory and disk are looked at again when its turn comes."""
    return check_launch(
        config,
        local_machine_fast(),
        dataset_path(config.get, options.data_path),
        (options.root or runs_root()).absolute(),
        processes=options.nproc or 1,
        starts_from_weights=bool(options.init_from),
    )


def add_run(queue: Queue, run: Run, *, max_steps: int | None = None, nproc: int | None = None) -> Job:
    """Queue a run that has begun, or was only prepared: it goes on in its own directory when its turn comes.

    Raises StickgenError if its config cannot be read or it is in the queue already.
    """
    for entry in queue.entries():
        if entry.job is not None and entry.job.run == str(run.path) and entry.state.open:
            raise StickgenError(f"{run.name} is in the queue already, as job {entry.id}")
    try:
        config = run.config_bytes
    except OSError as error:
        raise StickgenError(f"{run.config_path}: it cannot be read ({error.strerror or error})") from error
    begun = run.checkpoints[-1].name.partition("_")[2].partition(".")[0] if run.checkpoints else "0"
    facts = {
        "config_name": str(run.identity.get("config_name", run.config_path)),
        "data_path": str(run.identity.get("data_path", "")),
        "cwd": str(Path.cwd()),
        "root": str(run.path.parent),
        "max_steps": None if max_steps is None else int(begun) + max_steps,
        "nproc": nproc,
        "env": environment_to_keep(),
        "run": str(run.path),
        "launched": True,
        "again": len(run.launches),
    }
    return queue.add(config, **facts)
