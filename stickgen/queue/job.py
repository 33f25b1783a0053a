"""A job: a frozen config and what it is to be run with, in a folder of its own below `jobs/` of the queue."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Self

from stickgen.atomic import write_text
from stickgen.config.key import Value
from stickgen.errors import StickgenError
from stickgen.foreign_files import read_json, read_regular
from stickgen.run_contract import MAX_CONFIG_BYTES
from stickgen.runs.store import Run

JOB: Final = "job.json"
CONFIG: Final = "config.yaml"  # the exact bytes
LOCK: Final = "job.lock"  # held by whoever starts it
STARTING_LOG: Final = "starting.log"

# What a training takes from the shell that it was queued in. Names that look like secrets are never written down.
_TAKEN = re.compile(
    r"(STICKGEN|OMP|MKL|OPENBLAS|CUDA|NVIDIA|NCCL|HF|TORCH|PYTORCH|XDG|WANDB|TRACKIO|TMPDIR|LANG|LC)(_.*)?"
)
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
_OWN = {"STICKGEN_QUEUE", "XDG_RUNTIME_DIR", "XDG_SESSION_ID", "XDG_VTNR", "XDG_SEAT"}


@dataclass(frozen=True)
class Job:
    """What job.json says. All but the last block is frozen when the job is added.

    Marks that hold for one launch keep its number (`again`, `interrupted`, `settled`), so that none outlives it.
    """

    id: int
    config_name: str
    data_path: str  # absolute
    cwd: str
    root: str  # the folder of its run, absolute
    name: str = ""  # of the run, in place of two words
    created_unix: float = 0.0
    max_steps: int | None = None
    nproc: int | None = None
    force: bool = False  # although memory or disk will not suffice
    init_from: str = ""  # a checkpoint, absolute
    env: dict[str, str] = field(default_factory=dict)
    search: str = ""  # what a grid or a random search is called
    values: dict[str, Value] = field(default_factory=dict)  # by key, what the search gave it
    # -- what became of it
    held: bool = False
    run: str = ""  # its run directory, written down before it is made
    launched: bool = False  # whether that was ever launched
    gpus: list[str] = field(default_factory=list)  # that it was given
    failure: str = ""  # why it could not be started
    again: int | None = None  # it is to go on after so many launches, although it had ended
    interrupted: int | None = None  # the worker stopped this launch, to go on later
    settled: int | None = None  # the worker saw how this launch ended
    deaths: list[list[int]] = field(default_factory=list)  # (launch, newest checkpoint's step) of each

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Self:
        """Raises TypeError, KeyError or ValueError for what is no job; members of later versions are left out."""
        job = cls(**{name.name: facts[name.name] for name in fields(cls) if name.name in facts})
        if type(job.id) is not int or not all(
            isinstance(getattr(job, n), str) for n in ("cwd", "root", "run")
        ):
            raise ValueError("it is no job")
        return job

    @property
    def title(self) -> str:
        """Its number, and its name or that of its config."""
        return f"{self.id} {self.name or Path(self.config_name).stem}"

    @property
    def directory(self) -> Run | None:
        """Its run directory, which may not be there yet."""
        return Run(Path(self.run)) if self.run else None

    def with_facts(self, **facts: Any) -> Self:
        """A copy in which some facts are others."""
        return replace(self, **facts)


def read_job(folder: Path) -> Job:
    """The job of a folder. Raises StickgenError if it cannot be read."""
    try:
        return Job.from_json(read_json(folder / JOB))
    except OSError as error:
        raise StickgenError(f"{folder / JOB}: it cannot be read ({error.strerror or error})") from error
    except (ValueError, TypeError, KeyError) as error:
        raise StickgenError(f"{folder / JOB}: it is damaged ({error})") from error


def write_job(folder: Path, job: Job) -> None:
    """Write job.json, atomically. Raises OSError."""
    write_text(folder / JOB, json.dumps(asdict(job), indent=1), mode=0o600, follow=False)


def config_bytes(folder: Path) -> bytes:
    """The frozen config. Raises OSError."""
    return read_regular(folder / CONFIG, MAX_CONFIG_BYTES)


def environment_to_keep() -> dict[str, str]:
    """Of this process's environment what changes a training, without anything that looks like a secret."""
    return {
        name: value
        for name, value in os.environ.items()
        if _TAKEN.fullmatch(name) and not _SECRET.search(name) and name not in _OWN
    }


def now() -> float:
    """Seconds since 1970."""
    return time.time()
