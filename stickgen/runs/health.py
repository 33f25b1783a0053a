"""How a run is doing, in sentences that follow from its records: `stickgen runs show` and `diagnose` say the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from stickgen.errors import StickgenError
from stickgen.quantities import byte_text, number_text
from stickgen.record_log import RecordReader, newest_records
from stickgen.run_contract import Field, RecordKind
from stickgen.runs.directory import RunDirectory
from stickgen.watchdog.finding import Action, Finding, Record, number
from stickgen.watchdog.learned import not_learned
from stickgen.watchdog.watchdog import Watchdog

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig

MOST_BYTES = 4 * 2**20  # that are read from the end of the log
BARELY = 0.9  # of the mean pose's loss: less counts as learning
RECENT = 50  # records of training whose median is what a figure is now
WILD = 100.0  # times training.max_grad_norm
VALIDATIONS = 3  # whose mean is the loss now
OVERFIT = 1.1  # times the best validation loss, while the training loss falls


@dataclass(frozen=True)
class Sign:
    """A sentence about a run, and whether it says that something is wrong."""

    sentence: str
    wrong: bool = False


def health(run: RunDirectory, *, alive: bool) -> list[Sign]:
    """What the newest records of a run say: does it learn, gradients, overfitting, memory, and what the watchdog finds.

    What the watchdog has told already, in the run's events, is not told again.
    """
    records = newest_records(run.metrics_path, MOST_BYTES)
    train = [record for record in records if record.get(Field.KIND) == RecordKind.TRAIN]
    validations = [record for record in records if record.get(Field.KIND) == RecordKind.VAL]
    try:
        config = run.config()
    except (StickgenError, OSError):
        config = None
    return [
        *_losses(train, validations),
        *_learning(validations, alive),
        *_gradients(train, config),
        *_overfitting(train, validations),
        *_memory(train, run.identity.get("predicted")),
        *(_found(records, run, config) if config else []),
    ]


def _losses(train: Sequence[Record], validations: Sequence[Record]) -> list[Sign]:
    newest = (("training", train[-1:]), ("validation", validations[-1:]))
    return [
        Sign(f"the {name} loss at step {record.get(Field.STEP)} is not finite", wrong=True)
        for name, records in newest
        for record in records
        if number(record, Field.LOSS) is None
    ]


def _learning(validations: Sequence[Record], alive: bool) -> list[Sign]:
    if not validations:
        return []
    newest = validations[-1]
    if lesson := not_learned(newest):
        return [Sign(f"{'it is training and so far' if alive else 'it'} {lesson}", wrong=True)]
    pose, mean = number(newest, Field.LOSS_POSE), number(newest, Field.MEAN_POSE_LOSS)
    if pose is None or not mean:
        return []
    verdict = "it learns" if pose < BARELY * mean else "it has hardly learned more than the mean pose"
    return [
        Sign(
            f"validation pose loss {number_text(pose)} at step {newest.get(Field.STEP)}, against {number_text(mean)} for "
            f"always predicting the mean pose: {verdict}",
            wrong=pose >= BARELY * mean,
        )
    ]


def _gradients(train: Sequence[Record], config: TrainingConfig | None) -> list[Sign]:
    norms = _numbers(train[-RECENT:], Field.GRAD_NORM)
    if not norms:
        return []
    usual = median(norms)
    said = f"the gradient norm is {number_text(usual)}"
    most = float(config.training.max_grad_norm) if config else 0.0
    if not most or usual <= most:
        return [Sign(said)]
    wild = usual > WILD * most
    said += f", and most steps are cut to training.max_grad_norm, {most:g}"
    return [Sign(said + ("; lower training.learning_rate" if wild else ""), wrong=wild)]


def _overfitting(train: Sequence[Record], validations: Sequence[Record]) -> list[Sign]:
    """Whether validation gets worse while training gets better; says nothing of runs that are too young to tell."""
    seen = [(number(record, Field.STEP), number(record, Field.LOSS_POSE)) for record in validations]
    losses = [(step, loss) for step, loss in seen if step is not None and loss is not None]
    if len(losses) < 2 * VALIDATIONS:
        return []
    best_step, best = min(losses[:-VALIDATIONS], key=lambda one: one[1])
    now = fmean(loss for _, loss in losses[-VALIDATIONS:])
    before = _numbers(
        [record for record in train if (number(record, Field.STEP) or 0) <= best_step][-RECENT:],
        Field.LOSS_POSE,
    )
    after = _numbers(train[-RECENT:], Field.LOSS_POSE)
    if best <= 0 or now < OVERFIT * best or not before or not after or median(after) >= median(before):
        return []
    return [
        Sign(
            f"validation was best at step {best_step:,.0f} ({number_text(best)}) and is {now / best - 1:.0%} higher now, "
            "while the training loss fell on: it overfits; the best checkpoint is kept, and more clips or model.dropout "
            "help",
            wrong=True,
        )
    ]


def _memory(train: Sequence[Record], predicted: Any) -> list[Sign]:
    device = _numbers(train, Field.DEVICE_MEMORY_BYTES)
    held = device or _numbers(train, Field.RSS_BYTES)
    if not held or not isinstance(predicted, dict):
        return []
    value, high = (number(predicted, name) for name in ("peak_memory_bytes", "peak_memory_bytes_high"))
    if value is None or high is None:
        return []
    more = max(held) > high
    return [
        Sign(
            f"it took at most {byte_text(max(held))} of {'VRAM' if device else 'memory'}; {byte_text(value)} were "
            f"predicted, {byte_text(high)} at the most" + (": more than it should" if more else ""),
            wrong=more,
        )
    ]


def _found(records: Sequence[Record], run: RunDirectory, config: TrainingConfig) -> list[Sign]:
    """What the rules of the watchdog say of these records, each rule once, if it is on."""
    first = number(run.identity, "first_loss")
    dog = Watchdog(
        config, first_loss=first, checkpoint_bytes=_checkpoint_bytes(run), cores=os.cpu_count() or 1
    )
    found: dict[str, Finding] = {}
    for record in records:
        for action, finding in dog.look_at(record):
            if action != Action.OFF:
                found[finding.rule] = finding
    told = {event.get(Field.RULE) for event in RecordReader(run.events_path).read_new()}
    return [Sign(finding.sentence, wrong=True) for rule, finding in found.items() if rule not in told]


def _checkpoint_bytes(run: RunDirectory) -> int:
    newest = run.checkpoints[-1:]
    try:
        return sum(path.stat().st_size for folder in newest for path in folder.iterdir())
    except OSError:
        return 0


def _numbers(records: Sequence[Record], field: str) -> list[float]:
    return [value for record in records if (value := number(record, field)) is not None]
