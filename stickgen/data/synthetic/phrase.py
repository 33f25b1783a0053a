"""One action as it is performed: its controls over time, and what is true of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stickgen.data.mirroring import TRAVEL
from stickgen.data.synthetic.body import CONTROLS, INDEX, Floats
from stickgen.data.synthetic.phrasebook import Facts

OTHER = {"l": "r", "r": "l"}
# the control that takes each one's place when sides are swapped
MIRRORED = [
    INDEX[OTHER[name[0]] + name[1] if len(name) == 2 and name[0] in "lr" else name] for name in CONTROLS
]


@dataclass
class Phrase:
    """`facts` choose the words for it."""

    action: str
    track: Floats  # [t, controls]
    facts: Facts

    def mirrored(self) -> Phrase:
        """With sides swapped: seen as `data/mirroring.py` has it, from the side of the way or from the front."""
        other = self.track[:, MIRRORED].copy()
        travels = np.ptp(self.track[:, INDEX["x"]]) > TRAVEL
        front = not travels and abs(float(np.sin(self.track[0, INDEX["yaw"]]))) > np.sqrt(0.5)
        for name in ("roll", "ls", "rs"):
            other[:, INDEX[name]] *= -1
        if front:
            for name in ("x", "lx", "rx"):
                other[:, INDEX[name]] *= -1
            other[:, INDEX["yaw"]] = np.pi - other[:, INDEX["yaw"]]
        else:
            other[:, INDEX["yaw"]] *= -1
        side = {"left": "right", "right": "left"}.get(self.facts.side, "")
        return replace(self, track=other, facts=replace(self.facts, side=side))


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


Performance = Callable[[Chance], Phrase]
PERFORMANCES: dict[str, Performance] = {}


def performs(action: str) -> Callable[[Callable[[Chance], tuple[Floats, Facts]]], Performance]:
    """Register how an action is performed: a function of Chance to a track and its facts."""

    def register(function: Callable[[Chance], tuple[Floats, Facts]]) -> Performance:
        def perform(chance: Chance) -> Phrase:
            track, known = function(chance)
            return Phrase(action, track, known)

        PERFORMANCES[action] = perform
        return perform

    return register
