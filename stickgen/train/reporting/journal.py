"""What a trainer reports: metrics, events and a heartbeat. A failure to write them never stops training."""

from __future__ import annotations

import logging
import math
import shutil
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psutil
import torch

from stickgen.hardware.machine import local_machine_fast
from stickgen.hardware.resident import tree_rss_bytes
from stickgen.quantities import counted
from stickgen.record_log import RecordWriter
from stickgen.run_contract import (
    BETWEEN_STEPS,
    EventKind,
    Field,
    Phase,
    RecordKind,
    StepPart,
    loss_field,
)
from stickgen.runs.store import Run
from stickgen.train.optim.step import StepResult
from stickgen.train.reporting.pace import Pace

log = logging.getLogger("stickgen")
_LEVELS = {
    EventKind.ALERT: logging.WARNING,
    EventKind.FAILED: logging.ERROR,
}  # of events in train.log; all others are INFO

RECORDS_AVERAGED = (
    20  # over which a record says where the time went: one that holds a validation says little alone
)


class Journal:
    """Writes one launch's records. Raises OSError only if the logs cannot be opened at all."""

    def __init__(self, run: Run, launch: int) -> None:
        self.run, self.launch = run, launch
        self.metrics, self.events = RecordWriter(run.metrics_path), RecordWriter(run.events_path)
        self.step = self.total_steps = 0  # where the run is, for events and heartbeats
        self.steps_per_epoch = 1
        self.last_step = 0  # the step after which this launch ends, if nothing else ends it
        self.deadline: float | None = None  # of this launch, on the monotonic clock
        self.schedule_share = 0.0  # of the learning rate's schedule, over by now
        self.pace = Pace()
        self._parts: deque[tuple[float, Mapping[str, float]]] = deque(maxlen=RECORDS_AVERAGED)
        self._phase = Phase.LOADING
        self._looked = -math.inf  # when free memory and disk were looked up
        self._left: dict[str, int | None] = {}
        self._told_lost = 0  # records whose loss was reported
        self._waits = False  # whether records wait for the disk, and the log says so

    def event(self, kind: EventKind, message: str, **facts: Any) -> None:
        """Write something a person wants to know to events.jsonl and, if the level allows, to train.log."""
        log.log(_LEVELS.get(kind, logging.INFO), "%s: %s", kind, message)
        self.events.write(
            {
                Field.EVENT: kind, Field.TIME: time.time(), Field.LAUNCH: self.launch, Field.STEP: self.step,
                Field.MESSAGE: message, **facts,
            }
        )  # fmt: skip

    def sync(self) -> None:
        """Flush what was written so far to the disk."""
        self.metrics.sync()
        self.events.sync()

    def beat(self, phase: Phase) -> None:
        """Record what is being done and how long a step takes, so that a slow step is not taken for a stall."""
        self._phase = phase
        self._report_unwritten()
        self.run.beat(phase, self.step, self.total_steps, self.usual_seconds, self.unwritten)

    @property
    def unwritten(self) -> int:
        """How many records of both logs are not on disk."""
        return self.metrics.unwritten + self.events.unwritten

    def _report_unwritten(self) -> None:
        """Report that the disk takes no records, and, once it does again, how many are lost."""
        lost = self.metrics.lost + self.events.lost
        waiting = self.unwritten - lost
        if waiting and not self._waits:
            log.warning("the disk takes no records of this run; they wait in memory, and training goes on")
        self._waits = bool(waiting)
        if lost > self._told_lost and not waiting:
            new, self._told_lost = lost - self._told_lost, lost
            records = counted(new, "record")
            self.event(
                EventKind.ALERT, f"{records} of this run never reached the disk; its curves have a gap"
            )

    def close(self) -> None:
        """Write what waits and close the logs; report what the disk does not take even now."""
        self.metrics.close()
        self.events.flush()
        self._report_unwritten()
        self.events.close()
        if self.unwritten > self._told_lost:
            log.error("%s of this run never reached the disk", counted(self.unwritten, "record"))
        self.run.beat(self._phase, self.step, self.total_steps, self.usual_seconds, self.unwritten)

    @property
    def usual_seconds(self) -> float | None:
        """The median duration of this launch's last steps; None before the first."""
        return self.pace.usual_seconds

    @contextmanager
    def phase(self, name: Phase) -> Iterator[None]:
        """Show the phase `name` inside the block, and training afterwards."""
        self.beat(name)
        yield
        self.beat(Phase.TRAINING)

    def record_step_time(self, seconds: float) -> None:
        """Count a step that took `seconds`."""
        self.pace.record_step(seconds)
        self.beat(Phase.TRAINING)

    def eta(self) -> tuple[float, float]:
        """How long this launch will still take if it goes on at its pace, and how far that may be off, in seconds."""
        seconds, error = self.pace.left(self.last_step - self.step)
        if self.deadline is None:
            return seconds, error
        minutes_left = max(self.deadline - time.monotonic(), 0.0)
        return (seconds, error) if seconds < minutes_left else (minutes_left, self.usual_seconds or 0.0)

    def train_record(
        self,
        result: StepResult,
        learning_rate: float,
        seconds: float,
        covered: float,
        parts: Mapping[str, float],
    ) -> dict[str, Any]:
        """Write the metrics of the step that was just taken, in `seconds`. Returns them.

        `covered` are the seconds since the record before, and `parts` how many of them each StepPart took.
        """
        self._parts.append((covered, parts))
        for part in BETWEEN_STEPS:
            self.pace.record_between(parts.get(part, 0.0))
        eta_seconds, eta_error = self.eta()
        losses = {loss_field(n): v for n, v in result.losses.items()}
        log.debug(
            "step %d: loss %.4f, gradient norm %.3f, learning rate %.3g, %.3f s",
            self.step, result.losses["total"], result.grad_norm, learning_rate, seconds,
        )  # fmt: skip
        record = (
            self.stamp(RecordKind.TRAIN)
            | losses
            | {
                Field.TOTAL_STEPS: self.total_steps,
                Field.LR: learning_rate,
                Field.SCHEDULE_SHARE: round(self.schedule_share, 6),
                Field.GRAD_NORM: result.grad_norm,
                Field.SEQUENCES_PER_SECOND: result.clips / seconds,
                Field.FRAMES_PER_SECOND: result.frames / seconds,
                Field.ETA_SECONDS: eta_seconds,
                Field.ETA_ERROR_SECONDS: eta_error,
                Field.MEDIAN_STEP_SECONDS: self.usual_seconds,
                Field.SECONDS_COVERED: round(sum(seconds for seconds, _ in self._parts), 3),
                Field.SECONDS_BY_PART: [
                    round(sum(taken.get(part, 0.0) for _, taken in self._parts), 4) for part in StepPart
                ],
                Field.RSS_BYTES: tree_rss_bytes(psutil.Process()),
                Field.DEVICE_MEMORY_BYTES: (
                    torch.cuda.max_memory_allocated() if torch.cuda.is_initialized() else None
                ),
            }
            | self._free()
        )
        self.metrics.write(record)
        return record

    def _free(self) -> dict[str, int | None]:
        """Free memory and disk, looked up at most once a second."""
        now = time.monotonic()
        if now - self._looked > 1.0:
            try:
                disk: int | None = shutil.disk_usage(self.run.path).free
            except OSError:
                disk = None
            ram = local_machine_fast().ram_available_bytes
            self._looked, self._left = now, {Field.RAM_FREE_BYTES: ram, Field.DISK_FREE_BYTES: disk}
        return self._left

    def stamp(self, kind: RecordKind) -> dict[str, Any]:
        """What every record of the metrics log begins with."""
        epoch = self.step / self.steps_per_epoch
        return {Field.KIND: kind, Field.TIME: time.time(), Field.STEP: self.step, Field.EPOCH: epoch}

    def validation_record(self, result: Mapping[str, float]) -> None:
        """Write what validation measured, as metrics and as an event."""
        epoch = self.step / self.steps_per_epoch
        self.metrics.write({**self.stamp(RecordKind.VAL), **result})
        self.event(
            EventKind.EPOCH,
            f"epoch {epoch:.1f}: validation pose loss {result[Field.LOSS_POSE]:.4f} "
            f"(mean pose {result[Field.MEAN_POSE_LOSS]:.4f}), total {result[Field.LOSS]:.4f}",
        )

    def quality_record(self, figures: Mapping[str, float]) -> None:
        """Write what the evaluation of the motion measured, as metrics and as an event."""
        self.metrics.write({**self.stamp(RecordKind.QUALITY), **figures})
        names = {
            Field.QUALITY_ACTION_ACCURACY: "{:.0%} of unseen wordings recognised",
            Field.QUALITY_CONTRAST: "{:.0%} of contrasts obeyed",
            Field.QUALITY_SKATE_RATIO: "feet slide in {:.0%} of their time on the floor",
        }
        said = [words.format(figures[name]) for name, words in names.items() if name in figures]
        self.event(EventKind.QUALITY, "; ".join(said))


class SilentJournal(Journal):
    """The journal of every process but the first of its group, which reports for all."""

    def __init__(self, run: Run, launch: int) -> None:
        self.run, self.launch = run, launch
        self.step = self.total_steps = 0
        self.steps_per_epoch = 1
        self.pace = Pace()

    def event(self, kind: EventKind, message: str, **facts: Any) -> None:
        """Write no event, only a line at debug level."""
        log.debug("%s: %s", kind, message)

    def beat(self, phase: Phase) -> None:
        """Nothing: the first process writes the heartbeat."""

    def close(self) -> None:
        """Nothing: the first process has the logs."""

    def train_record(
        self,
        result: StepResult,
        learning_rate: float,
        seconds: float,
        covered: float,
        parts: Mapping[str, float],
    ) -> dict[str, Any]:
        """Nothing."""
        return {}

    def validation_record(self, result: Mapping[str, float]) -> None:
        """Nothing."""

    def quality_record(self, figures: Mapping[str, float]) -> None:
        """Nothing."""
