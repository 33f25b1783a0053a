"""Asking a run that trains for other values of keys: looked at here, before the trainer looks at it itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stickgen.errors import StickgenError
from stickgen.record_log import last_record
from stickgen.run_contract import Field, RecordKind, Wish
from stickgen.runs.control import request, waiting
from stickgen.runs.live import KeyChange, check_changes, effective_config, warnings_of
from stickgen.runs.store import Run


@dataclass(frozen=True)
class AskedFor:
    """A live change that was asked for."""

    id: str
    changes: tuple[KeyChange, ...]
    warnings: tuple[str, ...]


def look_at_change(run: Run, values: Mapping[str, object]) -> tuple[tuple[KeyChange, ...], tuple[str, ...]]:
    """What `values` would change in `run` now, and what is to be said against it. Raises StickgenError if it cannot be."""
    config = effective_config(run)
    per_epoch = run.identity.get("steps_per_epoch")
    changes = check_changes(
        config, values,
        step=run.state().step, steps_per_epoch=per_epoch if isinstance(per_epoch, int) else 0,
    )  # fmt: skip
    return changes, tuple(warnings_of(config, changes))


def ask_for_change(run: Run, values: Mapping[str, object]) -> AskedFor:
    """Ask the trainer of `run` to give keys other values between two steps.

    Raises StickgenError if the run does not train, or the values cannot be taken.
    """
    state = run.state()
    if not state.alive:
        first = next(iter(values), "KEY")
        raise StickgenError(
            f"{run.name} is not running ({state.status}); change keys as it goes on: stickgen runs resume "
            f"{run.reference} --set {first}=…"
        )
    changes, warnings = look_at_change(run, values)
    asked = {change.path: change.new for change in changes}
    return AskedFor(request(run, Wish.SET, asked), changes, warnings)


@dataclass(frozen=True)
class EndAsked:
    """A stop or a pause that waits for the trainer to read it, between two steps."""

    wish: Wish
    when_unix: float
    step_seconds: float | None  # how long a step takes


def asked_to_end(run: Run) -> EndAsked | None:
    """What the present launch was asked for, if that was to stop or to pause and it has not answered."""
    for request_ in waiting(run, len(run.launches)):
        if request_.wish in {Wish.STOP, Wish.PAUSE} and not request_.refusal and request_.asked_unix:
            return EndAsked(Wish(request_.wish), request_.asked_unix, step_seconds(run))
    return None


def step_seconds(run: Run) -> float | None:
    """How long a step of `run` takes, by its heartbeat; None before the first."""
    seconds = run.heartbeat().get(Field.MEDIAN_STEP_SECONDS)
    return float(seconds) if isinstance(seconds, int | float) else None


def schedule_share(run: Run) -> float:
    """How much of the learning rate's schedule is over, by the newest record of `run`; 0 where none says it."""
    said = (last_record(run.metrics_path, kind=RecordKind.TRAIN) or {}).get(Field.SCHEDULE_SHARE)
    return float(said) if isinstance(said, int | float) else 0.0
