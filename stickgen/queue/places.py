"""Where a job may compute: the whole machine at a time, or, with several GPUs, one job a GPU."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psutil

from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.queue.job import Job, config_bytes
from stickgen.queue.store import Queue
from stickgen.runs.process import find_process
from stickgen.runs.store import Run

CPU = "cpu"
GPUS = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Places:
    """The GPUs that this process may use, by the names that CUDA_VISIBLE_DEVICES takes."""

    gpus: tuple[str, ...]

    @classmethod
    def of_machine(cls, count: int) -> Places:
        """Of a machine with `count` GPUs, as torch sees them here."""
        visible = _listed(os.environ.get(GPUS))
        names = visible if visible else [str(number) for number in range(count)]
        return cls(tuple(names[:count]))

    @property
    def several(self) -> bool:
        """Whether jobs can run side by side without slowing each other."""
        return len(self.gpus) > 1

    def taken(self, going: Iterable[tuple[Run, Sequence[str]]]) -> set[str]:
        """What running trainings take; with each run what the queue gave it, if it did.

        A machine that has no two GPUs is taken as a whole by any of them.
        """
        out: set[str] = set()
        for run, given in going:
            if not self.several:
                out |= {CPU, *self.gpus}
            elif run.identity.get("device") == CPU:
                out.add(CPU)
            else:
                out |= set(given) or self._found(run)
        return out

    def _found(self, run: Run) -> set[str]:
        """The GPUs of a training that somebody else started: by its environment, else the first as torch takes it."""
        named: list[str] = []
        launches = run.launches
        process = find_process(launches[-1]) if launches else None
        if process is not None:
            try:
                named = _listed(process.environ().get(GPUS))
            except psutil.Error:
                return set(self.gpus)  # another user's: it may be on any of them
        count = run.identity.get("nproc")
        return set((named or list(self.gpus))[: count if isinstance(count, int) else 1])

    def find(self, queue: Queue, job: Job, taken: set[str]) -> list[str] | None:
        """Free places for `job`: GPUs, [] for the whole machine or the CPU beside other jobs; None if there are none."""
        if not self.several:
            return None if taken else []
        if self._computes_on_cpu(queue, job):
            return None if CPU in taken else []
        allowed = [gpu for gpu in self.gpus if gpu in _listed(job.env.get(GPUS))] or list(self.gpus)
        free = [gpu for gpu in allowed if gpu not in taken]
        count = min(job.nproc or 1, len(allowed))
        return free[:count] if len(free) >= count else None

    def _computes_on_cpu(self, queue: Queue, job: Job) -> bool:
        try:
            config = TrainingConfig.from_bytes(config_bytes(queue.folder(job.id)), job.config_name)
        except (StickgenError, OSError):
            return True  # its start will say what is wrong
        return config.device.type == CPU


def _listed(variable: str | None) -> list[str]:
    return [part.strip() for part in (variable or "").split(",") if part.strip()]
