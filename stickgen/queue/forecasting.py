"""How long the jobs will take: the planner's word for those to come, the trainer's own for what runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from stickgen.config.loading import TrainingConfig
from stickgen.datasets.facts import read_dataset_facts
from stickgen.errors import StickgenError
from stickgen.hardware.machine import Machine, local_machine_fast
from stickgen.planner.estimate import estimate
from stickgen.planner.measured.calibration import calibration_of
from stickgen.queue.job import Job, config_bytes
from stickgen.queue.state import JobStatus
from stickgen.queue.store import Entry
from stickgen.record_log import last_record
from stickgen.run_contract import Field, RecordKind


@dataclass(frozen=True)
class Forecast:
    """Seconds from now; None where nobody can say."""

    takes: float | None  # what is left of the job itself
    ends: float | None  # when it will have ended, if the jobs run one after the other


class Forecaster:
    """Asks the planner once for each job."""

    def __init__(self) -> None:
        self._whole: dict[int, float | None] = {}
        self._machine: Machine | None = None

    def look(self, entries: Sequence[Entry]) -> dict[int, Forecast]:
        """The forecast of each job that is running or will be; held ones take no time of the others."""
        out: dict[int, Forecast] = {}
        at: float | None = 0.0
        for entry in entries:
            if entry.job is None or not entry.state.open:
                continue
            takes = self._left(entry, entry.job)
            if entry.state.status == JobStatus.HELD:
                out[entry.id] = Forecast(takes, None)
                continue
            at = None if at is None or takes is None else at + takes
            out[entry.id] = Forecast(takes, at)
        return out

    def _left(self, entry: Entry, job: Job) -> float | None:
        run = job.directory
        newest = last_record(run.metrics_path, kind=RecordKind.TRAIN) if run is not None else None
        said = newest.get(Field.ETA_SECONDS) if newest is not None else None
        if newest is None or not isinstance(said, int | float):
            return self._planned(entry, job)
        passed = time.time() - newest[Field.TIME] if entry.state.status == JobStatus.RUNNING else 0.0
        return max(float(said) - max(passed, 0.0), 0.0)

    def _planned(self, entry: Entry, job: Job) -> float | None:
        if job.id not in self._whole:
            self._machine = self._machine or local_machine_fast()
            self._whole[job.id] = planned_seconds(entry, job, self._machine)
        return self._whole[job.id]


def planned_seconds(entry: Entry, job: Job, machine: Machine) -> float | None:
    """The planner's forecast of a whole job."""
    try:
        config = TrainingConfig.from_bytes(config_bytes(entry.folder), job.config_name)
    except (StickgenError, OSError):
        return None
    answer = estimate(
        config,
        machine,
        read_dataset_facts(job.data_path),
        max_steps=job.max_steps,
        calibration=calibration_of(machine),
    )
    return None if answer.seconds_total is None else answer.seconds_total.value
