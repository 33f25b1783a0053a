"""A run as the catalogue found it at one look."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stickgen.catalogue.figures import VAL, Figure, split_view
from stickgen.config.key import Value
from stickgen.config.schema import KEY_BY_PATH
from stickgen.run_contract import Field
from stickgen.runs.labels import Labels
from stickgen.runs.store import Run, State


@dataclass(frozen=True)
class Entry:
    """A run and what is known of it. Figures and config are empty unless they were asked for."""

    run: Run
    state: State
    identity: Mapping[str, Any]
    labels: Labels = Labels()
    created: float | None = None  # s since 1970
    changed: float | None = None  # the newest sign of life, s since 1970
    figures: Mapping[str, Figure] = field(default_factory=dict)
    config: Mapping[str, Value] = field(default_factory=dict)

    @property
    def step(self) -> int | None:
        """The newest step known: the heartbeat is ahead of the metrics."""
        steps = [figure.last_step for name, figure in self.figures.items() if VAL not in name]
        return max([*steps, self.state.step], default=0) or None

    @property
    def total_steps(self) -> int | None:
        """Steps of the whole run, None while nobody has said."""
        total = self.state.total_steps or self.fact("total_steps")
        return int(total) if isinstance(total, int | float) and total > 0 else None

    def fact(self, name: str) -> object:
        """A fact of run.json, None if it is none of a kind that can be shown."""
        value = self.identity.get(name)
        return value if isinstance(value, str | int | float | bool) else None

    def value(self, name: str, *, best: bool = False, smoothed: bool = False) -> object:
        """What `name` (a full one, of fields.py) is of this run; None if the run has none.

        `best` and `smoothed` hold for a figure that does not say itself which of its values is meant.
        """
        if (fact := FACTS.get(name)) is not None:
            return fact(self)
        if name in KEY_BY_PATH:
            return self.config.get(name)
        figure, own_best, own_smoothed = split_view(name)
        found = self.figures.get(figure)
        if found is None:
            return None
        if own_best or own_smoothed:
            best, smoothed = own_best, own_smoothed
        return found.value(best=best, smoothed=smoothed)


FACTS: dict[str, Callable[[Entry], object]] = {
    "name": lambda entry: entry.run.name,
    "status": lambda entry: str(entry.state.status),
    "reason": lambda entry: entry.state.reason,
    "tag": lambda entry: entry.labels.tags,
    "note": lambda entry: entry.labels.note,
    Field.STEP: lambda entry: entry.step,
    "steps": lambda entry: entry.total_steps,
    "progress": lambda entry: entry.step / entry.total_steps if entry.step and entry.total_steps else None,
    "age": lambda entry: None if entry.changed is None else max(time.time() - entry.changed, 0.0),
    "created": lambda entry: entry.created,
    "checkpoints": lambda entry: len(entry.run.checkpoints),
    "config": lambda entry: entry.fact("config_name"),
    "dataset": lambda entry: entry.fact("data_path"),
    "parameters": lambda entry: entry.fact("parameters"),
    "host": lambda entry: entry.fact("host"),
    "used_device": lambda entry: entry.fact("device"),
    "used_precision": lambda entry: entry.fact("precision"),
}
