"""`logging:` what it tells you, and how often it saves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stickgen.config.key import Section, key


@dataclass(frozen=True, eq=False)
class Logging(Section):
    """What it tells you, and how often it saves."""

    title: ClassVar[str] = "Logging and checkpoints"

    level: str = key(
        "INFO",
        '"DEBUG", "INFO", "WARNING", "ERROR"',
        "DEBUG: very detailed; INFO: normal training progress (recommended); WARNING: only warnings and errors; "
        "ERROR: only errors.",
        choices=("DEBUG", "INFO", "WARNING", "ERROR"),
        live=True,
    )
    log_interval: int = key(
        10,
        "Log every N gradient steps",
        "How often a point of the curves is written.",
        unit="steps",
        minimum=1,
        maximum=1_000_000,
        steps=(1, 5, 10, 20, 50),
        live=True,
    )
    save_interval: int = key(
        5,
        "Save checkpoint every N epochs",
        "How often a checkpoint is written at the end of an epoch.",
        unit="epochs",
        minimum=1,
        maximum=1_000_000,
        steps=(1, 2, 5, 10),
        live=True,
    )
    save_minutes: float = key(
        30.0,
        "Save also every N minutes (0: never)",
        "An epoch may take a day: this bounds what a crash can cost.",
        unit="minutes",
        minimum=0.0,
        steps=(0.0, 5.0, 10.0, 30.0, 60.0),
        in_specification=False,
        live=True,
    )
    sample_minutes: float = key(
        2.0,
        "Draw a sample every N minutes (0: never)",
        "How often the model draws the stick figures that the monitor shows.",
        unit="minutes",
        minimum=0.0,
        steps=(0.0, 0.5, 1.0, 2.0, 5.0, 15.0),
        in_specification=False,
        live=True,
    )
    tracker: str = key(
        "none",
        '"none", "tensorboard", "wandb" or "trackio"',
        "Copies the metrics to a tracker as they come, beside the run's own log, by a process of its own: a tracker "
        'that fails never stops training. Each needs its extra: pip install "stickgen[tensorboard]".',
        choices=("none", "tensorboard", "wandb", "trackio"),
        in_specification=False,
    )
