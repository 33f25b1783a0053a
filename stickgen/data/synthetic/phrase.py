"""A performance of one action: its controls over time, and the facts about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stickgen.data.mirroring import TRAVEL
from stickgen.data.synthetic.body import CONTROLS, INDEX, Floats
from stickgen.data.synthetic.phrasebook import Facts

OTHER = {"l": "r", "r": "l"}
# for each control, the one that replaces it when sides are swapped
MIRRORED = [
    INDEX[OTHER[name[0]] + name[1] if len(name) == 2 and name[0] in "lr" else name] for name in CONTROLS
]


@dataclass
class Phrase:
    """A performed action. `facts` decide which words describe it."""

    action: str
    track: Floats  # [t, controls]
    facts: Facts

    def mirrored(self) -> Phrase:
        """The phrase with sides swapped, as `data/mirroring.py` does for a view from the side or from the front."""
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
    """The random choices of a performance, and how big and how fast it is."""

    rng: np.random.Generator
    size: float = 1.0  # scale of the movement, about 1
    pace: float = 1.0  # factor of the speed
    on_floor: bool = False  # sits on the floor instead of a chair, the same throughout the clip

    def between(self, low: float, high: float) -> float:
        """A random number from the range."""
        return float(self.rng.uniform(low, high))

    def side(self) -> str:
        """`l` or `r`."""
        return "l" if self.rng.random() < 0.5 else "r"

    def count(self, low: int, high: int) -> int:
        """A random integer, including both ends."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, *options: str) -> str:
        """One of the options."""
        return options[int(self.rng.integers(len(options)))]

    def seconds(self, low: float, high: float) -> float:
        """A random duration from the range, at the pace of this performance."""
        return self.between(low, high) / self.pace


Performance = Callable[[Chance], Phrase]
PERFORMANCES: dict[str, Performance] = {}


def performs(action: str) -> Callable[[Callable[[Chance], tuple[Floats, Facts]]], Performance]:
    """Register how an action is performed: a function from Chance to a track and its facts."""

    def register(function: Callable[[Chance], tuple[Floats, Facts]]) -> Performance:
        def perform(chance: Chance) -> Phrase:
            track, known = function(chance)
            return Phrase(action, track, known)

        PERFORMANCES[action] = perform
        return perform

    return register
