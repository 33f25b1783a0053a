"""What came of a search: its jobs by one figure, beside only the keys that were searched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from stickgen.config.key import Value
from stickgen.errors import StickgenError
from stickgen.queue.store import Entry
from stickgen.record_log import RecordReader
from stickgen.run_contract import MEASURED, Field, RecordKind

How = Literal["best", "last", "smoothed"]
SMOOTHING: Final = 0.6  # of the records before, in each smoothed one
HIGHER_IS_BETTER: Final = frozenset({
    Field.ACTION_ACCURACY, Field.QUALITY_ACTION_ACCURACY, Field.QUALITY_CONTRAST,
    Field.SEQUENCES_PER_SECOND, Field.FRAMES_PER_SECOND,
})  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A measured number of one kind of record, and how one value is made of a run's many."""

    kind: RecordKind
    field: str
    how: How

    @property
    def higher_is_better(self) -> bool:
        return self.field in HIGHER_IS_BETTER or self.field.startswith(f"{Field.QUALITY_CONTRAST}_")

    def __str__(self) -> str:
        return f"{self.kind} {self.field}, {self.how}"


@dataclass(frozen=True)
class Row:
    """A job of a search; `figure` is None if its run has not measured it."""

    entry: Entry
    values: dict[str, Value]
    figure: float | None
    step: int | None  # at which that was measured


def figure_of(name: str, how: How) -> Figure:
    """`loss_pose`, or `train.loss_pose`; without a kind that of the held-out clips, if they have it.

    Raises StickgenError with what there is.
    """
    kind, _, field = name.rpartition(".")
    kinds = [RecordKind.VAL, RecordKind.QUALITY, RecordKind.TRAIN]
    for wanted in kinds:
        if kind in {"", wanted} and (field in MEASURED[wanted] or _is_axis(wanted, field)):
            return Figure(wanted, field, how)
    there = ", ".join(f"{wanted}.{field}" for wanted in kinds for field in MEASURED[wanted])
    raise StickgenError(f"{name}: no run measures this; there are {there}")


def rows(entries: Sequence[Entry], search: str, figure: Figure) -> list[Row]:
    """The jobs of a search, the best first, those that measured nothing last. Raises StickgenError if there is none."""
    jobs = [(entry, entry.job) for entry in entries if entry.job is not None and entry.job.search]
    names = list(dict.fromkeys(job.search for _, job in jobs))
    matching = [name for name in names if name == search] or [name for name in names if search in name]
    if len(matching) != 1:
        there = ", ".join(names[-8:])
        what = "several searches match" if matching else "there is no search"
        raise StickgenError(
            f"{what} {search!r}; there are {there}" if names else "there is no search in the queue"
        )
    found = [
        Row(entry, job.values, *measure(entry, figure)) for entry, job in jobs if job.search == matching[0]
    ]
    sign = -1.0 if figure.higher_is_better else 1.0
    return sorted(
        found, key=lambda row: (math.inf if row.figure is None else sign * row.figure, row.entry.id)
    )


def newest_search(entries: Sequence[Entry]) -> str:
    """The search whose jobs were added last. Raises StickgenError if there is none."""
    jobs = [entry.job for entry in entries if entry.job is not None and entry.job.search]
    if not jobs:
        raise StickgenError(
            "there is no search in the queue; begin one with: stickgen queue grid CONFIG KEY=a,b"
        )
    return max(jobs, key=lambda job: job.id).search


def measure(entry: Entry, figure: Figure) -> tuple[float | None, int | None]:
    """The figure of a job's run, and the step at which it was measured."""
    run = entry.job.directory if entry.job is not None else None
    if run is None:
        return None, None
    by_step = {  # a step that was done again after a kill counts once
        record[Field.STEP]: float(record[figure.field])
        for record in RecordReader(run.metrics_path).read_new()
        if record.get(Field.KIND) == figure.kind and isinstance(record.get(figure.field), int | float)
    }
    if not by_step:
        return None, None
    steps = sorted(by_step)
    if figure.how == "best":
        better = max if figure.higher_is_better else min
        step = better(steps, key=lambda at: by_step[at])
        return by_step[step], step
    if figure.how == "last":
        return by_step[steps[-1]], steps[-1]
    return smoothed([by_step[step] for step in steps]), steps[-1]


def smoothed(values: Sequence[float]) -> float:
    """The last of an exponential average that does not favour the first value."""
    average = weight = 0.0
    for value in values:
        average = SMOOTHING * average + (1 - SMOOTHING) * value
        weight = SMOOTHING * weight + (1 - SMOOTHING)
    return average / weight


def _is_axis(kind: RecordKind, field: str) -> bool:
    return kind == RecordKind.QUALITY and field.startswith(f"{Field.QUALITY_CONTRAST}_")
