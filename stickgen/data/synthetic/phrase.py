"""One action as it is performed: its controls over time, and words for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stickgen.data.synthetic.body import Floats

TIMES = {1: ("", "once"), 2: ("twice", "two times"), 3: ("three times", "three times"), 4: ("four times", "four times"),
         5: ("five times", "five times"), 6: ("six times", "six times")}  # fmt: skip


@dataclass
class Phrase:
    """`words` are ways to say it, in the third person: `waves with the left hand`."""

    action: str
    track: Floats  # [t, controls]
    words: list[str]


@dataclass
class Chance:
    """What a performance leaves open: a random source, and how big and how fast it is done."""

    rng: np.random.Generator
    size: float = 1.0  # of the movement, about 1
    pace: float = 1.0  # times as fast
    on_floor: bool = False  # sits on the floor, not on a chair: the same through the clip

    def between(self, low: float, high: float) -> float:
        """A number from the range."""
        return float(self.rng.uniform(low, high))

    def side(self) -> str:
        """`l` or `r`."""
        return "l" if self.rng.random() < 0.5 else "r"

    def count(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, *options: str) -> str:
        """One of the options."""
        return options[int(self.rng.integers(len(options)))]

    def seconds(self, low: float, high: float) -> float:
        """A duration from the range, at this performance's pace."""
        return self.between(low, high) / self.pace

    def times(self, count: int) -> str:
        """` twice`, ` three times`; empty for once. With its space, to be put behind a verb."""
        word = TIMES[count][int(self.rng.integers(2))] if count > 1 else ""
        return f" {word}" if word else ""


SIDE_NAMES = {"l": "left", "r": "right"}
OTHER = {"l": "r", "r": "l"}
Performance = Callable[[Chance], Phrase]
PERFORMANCES: dict[str, Performance] = {}


def performs(action: str) -> Callable[[Callable[[Chance], tuple[Floats, list[str]]]], Performance]:
    """Register how an action is performed: a function of Chance to a track and words."""

    def register(function: Callable[[Chance], tuple[Floats, list[str]]]) -> Performance:
        def perform(chance: Chance) -> Phrase:
            track, words = function(chance)
            return Phrase(action, track, words)

        PERFORMANCES[action] = perform
        return perform

    return register
