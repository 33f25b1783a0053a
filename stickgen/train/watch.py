"""The watchdog inside the trainer: it is shown each step and each measurement, and says what is to become of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from stickgen.config.settings import Settings
from stickgen.hardware.machine import local_machine_fast
from stickgen.planner.arithmetic.parameters import count_parameters, count_trained
from stickgen.planner.decisions.checkpoints import checkpoint_bytes
from stickgen.record_log import RecordReader
from stickgen.run_contract import EventKind, Field, RecordKind, loss_field
from stickgen.runs.store import Run
from stickgen.train.context import LaunchContext
from stickgen.train.optim.step import StepResult
from stickgen.train.placement.distributed import Ranks
from stickgen.train.reporting.journal import Journal
from stickgen.watchdog.finding import Action, Finding
from stickgen.watchdog.watchdog import Watchdog

# What must be done, the gravest first, where several rules want something after the same step.
_GRAVEST = ("non_finite", "divergence", "memory", "disk", "early_stop")
_READ_AT_ONCE = 2**20
_MEASUREMENTS = {RecordKind.VAL, RecordKind.QUALITY}


class Watch:
    """Reports what the rules find, and keeps what is to be done until the trainer does it.

    Steps and measurements are the same on all processes of a group, and so is what follows from them. Memory and
    disk are looked at by the first process alone.
    """

    def __init__(
        self,
        config: Settings,
        journal: Journal,
        first_loss: object = None,
        *,
        checkpoint_bytes: int = 0,
        cores: int = 1,
    ) -> None:
        """`first_loss` is the loss that the run began with, from run.json; None in the first launch."""
        first = float(first_loss) if isinstance(first_loss, int | float) and first_loss > 0 else None
        self.journal = journal
        self.dog = Watchdog(config, first_loss=first, checkpoint_bytes=checkpoint_bytes, cores=cores)
        self.wanted: tuple[Action, Finding] | None = None

    @classmethod
    def of(cls, context: LaunchContext) -> Watch:
        """The watch of a launch."""
        config, parameters = context.config, count_parameters(context.config)
        trained, moments = count_trained(config, parameters)
        adapters = trained if config.lora.enabled else 0
        return cls(
            config,
            context.journal,
            context.identity.get("first_loss"),
            checkpoint_bytes=checkpoint_bytes(parameters, moments, adapters=adapters),
            cores=local_machine_fast().cores_usable,
        )

    @property
    def first_loss(self) -> float | None:
        """The loss that the run began with; None in its first steps."""
        return self.dog.divergence.first

    @property
    def unfit(self) -> str:
        """Why the present weights are not worth a checkpoint; empty if they are."""
        return self.dog.unfit

    @property
    def bad_steps(self) -> int:
        """Steps in a row until now whose loss or gradient was not finite."""
        return self.dog.non_finite.in_a_row

    def step_taken(self, result: StepResult, logged: Mapping[str, Any] | None = None) -> None:
        """Take note of a step; `logged` is what the metrics log holds of it, where it holds it."""
        record: dict[str, Any] = {
            Field.KIND: RecordKind.TRAIN,
            Field.STEP: self.journal.step,
            Field.GRAD_NORM: result.grad_norm,
            **{loss_field(name): loss for name, loss in result.losses.items()},
        }
        self._show({**(logged or {}), **record})
        if result.skipped and self.bad_steps <= self.dog.non_finite.limit:
            self.journal.event(
                EventKind.ALERT,
                f"step {self.journal.step}: the loss or gradient is not finite; the weights did not move",
            )

    def measured(self, kind: RecordKind, figures: Mapping[str, float]) -> None:
        """Take note of a measurement of validation or of the drawn motion."""
        self._show({**self.journal.stamp(kind), **figures})

    def recall(self, records: list[dict[str, Any]]) -> None:
        """Take up the waiting of early stop and plateau where the run was, from its earlier measurements."""
        for record in records:
            for rule in self.dog.rules:
                if rule.name in {"early_stop", "plateau"}:
                    rule.look_at(record)

    def take(self, config: Settings) -> None:
        """Go by other values of the keys from now on."""
        self.dog.take(config)

    def forget(self) -> None:
        """The run went back to an earlier checkpoint."""
        self.dog.forget()
        self.wanted = None

    def wants(self, *actions: Action, rules: tuple[str, ...] = _GRAVEST) -> bool:
        """Whether one of these actions is to be done, for one of these rules."""
        return self.wanted is not None and self.wanted[0] in actions and self.wanted[1].rule in rules

    @property
    def sentence(self) -> str:
        """The message with the edits that may help."""
        return self.wanted[1].sentence if self.wanted else self.message

    @property
    def message(self) -> str:
        """Why something is to be done; on a process that did not find it itself, where it is said."""
        return self.wanted[1].message if self.wanted else "see the events of the first process"

    def _show(self, record: Mapping[str, Any]) -> None:
        for action, finding in self.dog.look_at(record):
            if action == Action.ALERT:
                self.journal.event(EventKind.ALERT, finding.sentence, **finding.facts)
            elif self.wanted is None or _GRAVEST.index(finding.rule) < _GRAVEST.index(self.wanted[1].rule):
                self.wanted = action, finding


class Verdict(Enum):
    """How a run ends by the watchdog."""

    LOST = "lost"  # as failed
    STOP = "stop"  # as stopped
    DONE = "done"  # as finished: it does not get any better


class GoBackError(Exception):
    """The watchdog wants the run to go back to an earlier checkpoint; the message says why."""

    def __init__(self, reason: str, *, to_best: bool) -> None:
        super().__init__(reason)
        self.to_best = to_best


def judge(watch: Watch, ranks: Ranks, rollbacks: int, most: int) -> Verdict:
    """What is to become of the run; all processes of a group get one answer.

    Raises GoBackError while fewer than `most` rollbacks were made and one is wanted.
    """
    back, lost, stop = ranks.any_of(
        [
            watch.wants(Action.ROLLBACK),
            watch.wants(Action.STOP, rules=("non_finite", "divergence")),
            watch.wants(Action.STOP, rules=("memory", "disk")),
        ]
    )
    if back and rollbacks < most:
        raise GoBackError(watch.message, to_best=watch.wants(Action.ROLLBACK, rules=("divergence",)))
    if back or lost:
        return Verdict.LOST
    return Verdict.STOP if stop else Verdict.DONE


def measurements(run: Run, step: int) -> list[dict[str, Any]]:
    """What the run measured up to `step`, without stretches that it went back from."""
    found: list[dict[str, Any]] = []
    for record in _records(run):
        at = record.get(Field.STEP)
        if record.get(Field.KIND) not in _MEASUREMENTS or not isinstance(at, int) or at > step:
            continue
        while found and (found[-1][Field.STEP], found[-1][Field.KIND]) >= (at, record[Field.KIND]):
            found.pop()
        found.append(record)
    return found


def _records(run: Run) -> Iterator[dict[str, Any]]:
    reader = RecordReader(run.metrics_path)
    while records := reader.read_new(_READ_AT_ONCE):
        yield from records
