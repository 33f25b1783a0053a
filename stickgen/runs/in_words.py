"""A run told in plain sentences, one a line, and only what is new: for screen readers, logs and terminals that only print.

Nothing in them is a sign that a screen reader would spell out or leave out: numbers have their unit as a word.
"""

from __future__ import annotations

import time
from typing import Any

from stickgen.quantities import counted
from stickgen.record_log import RecordReader, last_record
from stickgen.run_contract import EventKind, Field, RecordKind
from stickgen.runs.state import State, Status
from stickgen.runs.store import Run
from stickgen.text import clean

PROGRESS_SECONDS = 60.0  # between two sentences that only tell how far it is
MOST_EVENTS = 5  # of one look; more are counted
_TOLD = {
    EventKind.ALERT: "Alert",
    EventKind.CONTROL: "Request",
    EventKind.CHANGED: "Changed",
    EventKind.CHECKPOINT: "Checkpoint",
    EventKind.SAMPLE: "Sample",
    EventKind.QUALITY: "Motion evaluated",
    EventKind.STARTED: "Started",
    EventKind.RESUMED: "Resumed",
    EventKind.INITIAL: "Started",
}  # the others are told by what they change: the state, or the validation


class Narrator:
    """Tells of one run what changed since the last time. `name` begins each sentence where several runs are told of."""

    def __init__(self, run: Run, name: str = "") -> None:
        self.run, self._before = run, f"{clean(name, single_line=True, limit=100)}: " if name else ""
        self._events, self._metrics = RecordReader(run.events_path), RecordReader(run.metrics_path)
        self._state: State | None = None
        self._last: dict[str, Any] = {}  # the newest record of training
        self._validated: Any = None  # the pose loss of the newest validation
        self._said_step, self._said_at = -1, 0.0

    @property
    def ended(self) -> bool:
        """Whether it had no trainer at the last look."""
        return self._state is not None and not self._state.alive

    def news(self) -> list[str]:
        """The sentences of this look; the first tells how the run is, whatever happened before."""
        first = self._state is None
        if first:
            self._begin()
        state = self.run.state()
        events, records = self._events.read_new(), self._metrics.read_new()
        told = self._of_events(events)
        validations = [sentence for record in records if (sentence := self._of_record(record))]
        told += validations[-1:]
        if first or self._changed(state):
            told.append(self._of_state(state))
        elif self._is_due(state):
            told.append(self._progress(state))
        self._state = state
        return [f"{self._before}{sentence}" for sentence in told]

    def pass_over(self) -> None:
        """Tell nothing of how it is now, only of what comes."""
        self._begin()
        self._state = self.run.state()

    def _begin(self) -> None:
        """Take what is there as told, but for the newest figures, which are looked for at the ends of the logs."""
        self._last = last_record(self.run.metrics_path, kind=RecordKind.TRAIN) or {}
        validated = last_record(self.run.metrics_path, kind=RecordKind.VAL) or {}
        self._validated = validated.get(Field.LOSS_POSE)
        self._events.skip_to_end()
        self._metrics.skip_to_end()

    def _changed(self, state: State) -> bool:
        was = self._state
        return was is None or state.status != was.status or (not state.alive and state.reason != was.reason)

    def _is_due(self, state: State) -> bool:
        return (
            state.alive
            and state.step != self._said_step
            and time.monotonic() - self._said_at >= PROGRESS_SECONDS
        )

    def _of_state(self, state: State) -> str:
        status = f"It is {state.status}" if state.alive else f"It has ended: {state.status}"
        why = clean(state.reason, single_line=True, limit=300)
        reason = f", {why}" if why and why != state.status and state.status != Status.RUNNING else ""
        return f"{status}{reason}. {self._progress(state)}"

    def _progress(self, state: State) -> str:
        """How far it is, and, while it trains, its loss and what is left."""
        self._said_step, self._said_at = state.step, time.monotonic()
        share = f", {100 * state.step // state.total_steps} percent" if state.total_steps else ""
        sentence = f"Step {state.step} of {state.total_steps}{share}"
        if (loss := self._last.get(Field.LOSS, "")) != "":
            sentence += f", loss {_number(loss)}"
        eta = self._last.get(Field.ETA_SECONDS)
        if state.alive and isinstance(eta, int | float):
            sentence += f", about {spoken_duration(eta)} left"
        return sentence + "."

    def _of_events(self, events: list[dict[str, Any]]) -> list[str]:
        wanted = [event for event in events if event.get(Field.EVENT) in _TOLD]
        told = []
        for event in wanted[:MOST_EVENTS]:
            message = clean(event.get(Field.MESSAGE, ""), single_line=True, limit=300).rstrip(".")
            told.append(f"{_TOLD[EventKind(str(event[Field.EVENT]))]}: {message}.")
        if len(wanted) > MOST_EVENTS:
            told.append(f"And {counted(len(wanted) - MOST_EVENTS, 'more event')}.")
        return told

    def _of_record(self, record: dict[str, Any]) -> str:
        """A sentence about a validation; of training, only what the progress will tell."""
        if record.get(Field.KIND) == RecordKind.TRAIN:
            self._last = record
        loss = record.get(Field.LOSS_POSE)
        if record.get(Field.KIND) != RecordKind.VAL:
            return ""
        before, self._validated = self._validated, loss
        better = isinstance(loss, int | float) and isinstance(before, int | float) and loss < before
        mean = record.get(Field.MEAN_POSE_LOSS)
        against = f", always the mean pose {_number(mean)}" if mean else ""
        return f"Validation at step {record.get(Field.STEP)}: pose loss {_number(loss)}{against}" + (
            ", better than before." if better else "."
        )


def spoken_duration(seconds: float) -> str:
    """`95` → `1 minute 35 seconds`: at most two units, in words."""
    left = max(round(seconds), 0)
    parts: list[str] = []
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if (count := left // size) or parts or size == 1:
            parts.append(counted(count, name) if count else "")
        left %= size
        if len(parts) == 2:
            break
    return " ".join(filter(None, parts)) or "0 seconds"


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "not finite"
