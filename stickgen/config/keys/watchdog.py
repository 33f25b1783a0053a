"""`watchdog:` what is done about a run that goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stickgen.config.key import Section, key
from stickgen.run_contract import MEASURED, Field, RecordKind, Unit, contrast_field

_NO_FIGURES = {Field.MEAN_POSE_LOSS, Field.QUALITY_SKATE_RATIO_REAL}  # levels to compare with
FIGURES = tuple(
    name
    for kind in (RecordKind.VAL, RecordKind.QUALITY)
    for name in MEASURED[kind]
    if name not in _NO_FIGURES
) + tuple(map(contrast_field, ("hand", "leg", "direction", "speed", "height", "count")))


def smaller_is_better(figure: str) -> bool:
    """Losses, and the share of sliding feet; all other figures are shares that are better when larger."""
    losses = {name for name, unit in MEASURED[RecordKind.VAL].items() if unit == Unit.NONE}
    return figure in losses | {Field.QUALITY_SKATE_RATIO}


@dataclass(frozen=True, eq=False)
class Watchdog(Section):
    """What is done about a run that goes wrong."""

    title: ClassVar[str] = "Watchdog"

    non_finite: str = key(
        "rollback",
        '"alert", "stop" or "rollback"',
        "What is done after watchdog.non_finite_steps steps in a row whose loss or gradient is not finite. rollback: "
        "go back to the last good checkpoint with a lower learning rate; stop: end the run; alert: go on and tell.",
        choices=("alert", "stop", "rollback"),
        in_specification=False,
        live=True,
    )
    non_finite_steps: int = key(
        20,
        "Bad steps in a row before that",
        "A step whose loss or gradient is not finite moves no weight, so a single one costs nothing; many in a row "
        "mean that the weights are ruined.",
        unit="steps",
        minimum=1,
        maximum=1_000_000,
        steps=(5, 10, 20, 50, 100),
        in_specification=False,
        live=True,
    )
    divergence: str = key(
        "stop",
        '"off", "alert", "stop" or "rollback"',
        "What is done about a run that gets worse for good: its loss far above where it began, or validation several "
        "times above always predicting the mean pose. stop: end it, which keeps the last good checkpoints; rollback: "
        "go back to the best of them with a lower learning rate.",
        choices=("off", "alert", "stop", "rollback"),
        in_specification=False,
        live=True,
    )
    max_rollbacks: int = key(
        3,
        "Rollbacks before it gives up",
        "How often a run may go back, over all of its launches; after that it ends as failed.",
        minimum=0,
        maximum=1000,
        steps=(0, 1, 2, 3, 5, 10),
        in_specification=False,
        live=True,
    )
    rollback_learning_rate: float = key(
        0.5,
        "Learning rate after a rollback, as a share",
        "Each rollback multiplies the learning rate of all later steps by this. The clips come in the same order "
        "again, so 1 repeats exactly what went wrong: it helps only if the fault was the machine's.",
        minimum=0.0,
        maximum=1.0,
        above_minimum=True,
        steps=(0.1, 0.25, 0.5, 0.7, 1.0),
        in_specification=False,
        live=True,
    )
    plateau: str = key(
        "alert",
        '"off" or "alert"',
        "Whether you are told that the validation loss has stood still for watchdog.plateau_patience validations "
        "while a fifth of the run or more is still to come.",
        choices=("off", "alert"),
        in_specification=False,
        live=True,
    )
    plateau_patience: int = key(
        20,
        "Validations without progress before that",
        "The loss is smoothed over five validations, and a gain of less than 0.2 % is none.",
        unit="validations",
        minimum=1,
        maximum=1_000_000,
        steps=(5, 10, 20, 50),
        in_specification=False,
        live=True,
    )
    early_stop: str = key(
        "off",
        '"off", "alert" or "stop"',
        "stop: end the run, with a checkpoint, once watchdog.early_stop_figure has not improved for "
        "watchdog.early_stop_patience measurements. The best checkpoint is kept as evaluation.best_by says.",
        choices=("off", "alert", "stop"),
        in_specification=False,
        live=True,
    )
    early_stop_figure: str = key(
        "loss",
        "The figure that must improve",
        "A figure of validation (loss and its terms, action_accuracy), measured after each epoch, or of the drawn "
        "motion (quality_…), measured every evaluation.every_minutes.",
        choices=FIGURES,
        in_specification=False,
        live=True,
    )
    early_stop_patience: int = key(
        10,
        "Measurements without an improvement",
        "How many measurements in a row may pass without a better one.",
        unit="measurements",
        minimum=1,
        maximum=1_000_000,
        steps=(3, 5, 10, 20, 50),
        in_specification=False,
        live=True,
    )
    early_stop_min_delta: float = key(
        0.0,
        "What counts as an improvement",
        "How much better than the best a measurement must be, in the unit of the figure; a share is from 0 to 1.",
        minimum=0.0,
        steps=(0.0, 0.0001, 0.001, 0.01),
        in_specification=False,
        live=True,
    )
    memory: str = key(
        "alert",
        '"off", "alert" or "stop"',
        "What is done when memory is nearly full, or grows so steadily that it is full before the run ends.",
        choices=("off", "alert", "stop"),
        in_specification=False,
        live=True,
    )
    disk: str = key(
        "alert",
        '"off", "alert" or "stop"',
        "What is done when the disk has no room for the next checkpoint, or fills so steadily that it soon has none.",
        choices=("off", "alert", "stop"),
        in_specification=False,
        live=True,
    )
    starving: str = key(
        "alert",
        '"off" or "alert"',
        "Whether you are told that steps spend much of their time waiting for data.",
        choices=("off", "alert"),
        in_specification=False,
        live=True,
    )
    stalled: str = key(
        "restart",
        '"off", "alert", "stop" or "restart"',
        "What is done when one of several processes (--nproc) hangs, so that the others wait for it. restart: end it, and "
        "restart all from the last checkpoint; stop: end the run. You are told after a third of the minutes.",
        choices=("off", "alert", "stop", "restart"),
        in_specification=False,
        live=True,
    )
    stalled_minutes: float = key(
        10.0,
        "Minutes without a sign of life before that",
        "Longer where one thing takes long by its nature: loading, the first step, validation, samples, checkpoints, and "
        "ten of the usual steps.",
        unit="minutes",
        minimum=0.0,
        above_minimum=True,
        maximum=100_000.0,
        steps=(2.0, 5.0, 10.0, 30.0, 60.0),
        in_specification=False,
        live=True,
    )
