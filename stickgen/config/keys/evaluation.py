"""`evaluation:` whether the motion is any good, asked while it trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stickgen.config.key import Section, key


@dataclass(frozen=True, eq=False)
class Evaluation(Section):
    """Whether the motion is any good, asked while it trains."""

    title: ClassVar[str] = "Evaluation"

    every_minutes: float = key(
        10.0,
        "Measure the motion every N minutes (0: never)",
        "Draws motions of texts that training never saw and measures how many show the action, obey the text and "
        "slide on the floor; the monitor draws the figures. The first time it also loads the text encoder and "
        "trains a small action classifier, which are kept for later.",
        unit="minutes",
        minimum=0.0,
        steps=(0.0, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0),
        in_specification=False,
        live=True,
    )
    prompts: int = key(
        24,
        "Texts for the actions, and for each contrast",
        "How many texts are drawn for the actions, and again for each contrast: hand, leg, direction, speed, height, "
        "count. More texts tell smaller differences apart and take longer.",
        minimum=2,
        maximum=200,
        steps=(8, 16, 24, 50, 100, 200),
        in_specification=False,
        live=True,
    )
    time_share: float = key(
        0.02,
        "At most this share of the time",
        "An evaluation waits until training has taken so much longer than it: on a slow machine it then comes less "
        "often than evaluation.every_minutes says.",
        minimum=0.0,
        maximum=0.9,
        above_minimum=True,
        steps=(0.01, 0.02, 0.05, 0.1, 0.25),
        in_specification=False,
        live=True,
    )
    best_by: str = key(
        "loss",
        '"loss", "action_accuracy" or "contrast"',
        "Which checkpoint is kept as the best: that of the lowest validation loss, of the most actions recognised, "
        "or of the most texts obeyed.",
        choices=("loss", "action_accuracy", "contrast"),
        in_specification=False,
        live=True,
    )
