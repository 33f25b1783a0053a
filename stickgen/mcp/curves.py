"""A run's curves, thinned so that no peak vanishes: each point is the mean, least and most of a stretch of records."""

from __future__ import annotations

from array import array
from typing import Any

from stickgen.errors import StickgenError
from stickgen.record_log import RecordReader
from stickgen.run_contract import MEASURED, Field, RecordKind
from stickgen.runs.store import Run

MOST_POINTS = 1000
MOST_CURVES = 8
_PIECE_BYTES = 8 * 2**20


def read_curves(
    run: Run, kind: RecordKind, metrics: list[str], points: int, first_step: int, last_step: int | None
) -> dict[str, Any]:
    """Those metrics of one kind of records between two steps, each in at most `points` stretches.

    Raises StickgenError for a metric that the records do not have, with those they have.
    """
    metrics = metrics or _usual(kind)
    if len(metrics) > MOST_CURVES:
        raise StickgenError(f"{len(metrics)} metrics: ask for {MOST_CURVES} at a time at most")
    steps = {name: array("q") for name in metrics}
    values = {name: array("d") for name in metrics}
    lost = dict.fromkeys(metrics, 0)
    known: set[str] = set()
    reader = RecordReader(run.metrics_path)
    while records := reader.read_new(_PIECE_BYTES):
        for record in records:
            step = record.get(Field.STEP)
            if record.get(Field.KIND) != kind or not isinstance(step, int):
                continue
            known |= record.keys()
            if step < first_step or (last_step is not None and step > last_step):
                continue
            for name in metrics:
                value = record.get(name)
                if isinstance(value, int | float):
                    steps[name].append(step)
                    values[name].append(float(value))
                elif name in record:
                    lost[name] += 1
    missing = [name for name in metrics if name not in known]
    if missing and known:
        there = ", ".join(sorted(known & MEASURED[kind].keys()) or sorted(known)[:40])
        raise StickgenError(f"no record of {kind} has {missing[0][:100]!r}; there are {there}")
    points = min(max(points, 2), MOST_POINTS)
    return {
        "kind": str(kind),
        "curves": {
            name: {**_thinned(steps[name], values[name], points), "not_finite": lost[name]}
            for name in metrics
        },
    }


def _usual(kind: RecordKind) -> list[str]:
    if kind is RecordKind.QUALITY:
        return [Field.QUALITY_ACTION_ACCURACY, Field.QUALITY_CONTRAST]
    return [Field.LOSS, Field.LOSS_POSE]


def _thinned(steps: array[int], values: array[float], points: int) -> dict[str, Any]:
    """Columns of at most `points` stretches of equal length in records; `step` is the last of each."""
    count = len(values)
    edges = [count * at // points for at in range(points + 1)] if count > points else [*range(count + 1)]
    pieces = [(first, end) for first, end in zip(edges, edges[1:], strict=False) if end > first]
    return {
        "records": count,
        "step": [steps[end - 1] for _, end in pieces],
        "mean": [_short(sum(values[first:end]) / (end - first)) for first, end in pieces],
        "min": [_short(min(values[first:end])) for first, end in pieces],
        "max": [_short(max(values[first:end])) for first, end in pieces],
    }


def _short(value: float) -> float:
    return float(f"{value:.6g}")
