"""Made-up histories of runs, as the metrics log holds them: healthy ones of many kinds, and ones that go wrong."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

GIB = 2**30


def flat(_: float) -> float:
    """No change."""
    return 1.0


@dataclass
class History:
    """A run whose pose loss falls from `start` to `floor`; `seed` makes its noise."""

    seed: int = 0
    steps: int = 400
    per_epoch: int = 10
    start: float = 1.0
    floor: float = 0.08
    noise: float = 0.3  # of a step's loss, as the deviation of its logarithm
    speed: float = 8.0  # how often the distance to the floor is divided by e
    norm: float = 2.0
    spikes: float = 0.01  # share of steps whose loss and gradient are odd
    skipped: float = 0.0  # share of steps that are not finite
    warmup_epochs: int = 1
    overfits: float = 0.0  # how much validation rises again, of its fall
    train: Callable[[float], float] = flat  # what the training loss is multiplied by, by the share of the run
    held: Callable[[float], float] = lambda share: GIB * (1 + 0.2 * min(8 * share, 1))  # memory
    free: Callable[[float], float] = lambda share: 8.0 * GIB
    disk: Callable[[float], float] = lambda share: 100.0 * GIB
    data_share: float = 0.05
    step_seconds: float = 60.0
    more: dict[str, Any] = field(default_factory=dict)

    def records(self) -> Iterator[dict[str, Any]]:
        """Its records of steps and validations, in order."""
        chance = random.Random(self.seed)
        for step in range(1, self.steps + 1):
            share = step / self.steps
            yield self._step(step, share, chance)
            if step % self.per_epoch == 0:
                yield self._validation(step, share, chance)

    def pose(self, share: float) -> float:
        """The pose loss without noise."""
        warm = self.warmup_epochs * self.per_epoch / self.steps
        progress = max(share - warm / 2, 0.0)
        return self.floor + (self.start - self.floor) * math.exp(-self.speed * progress)

    def _step(self, step: int, share: float, chance: random.Random) -> dict[str, Any]:
        odd = chance.random() < self.spikes
        loss = self.pose(share) * self.train(share) * math.exp(chance.gauss(0, self.noise))
        loss *= chance.uniform(3, 30) if odd else 1
        norm = self.norm * math.exp(chance.gauss(0, 0.5)) * (chance.uniform(10, 1000) if odd else 1)
        finite = chance.random() >= self.skipped
        return {
            "kind": "train", "step": step, "time": 1e9 + step * self.step_seconds,
            "epoch": step / self.per_epoch, "loss": 2 * loss if finite else None,
            "loss_pose": loss if finite else None, "grad_norm": norm if finite else None, "lr": 0.001,
            "eta_seconds": (self.steps - step) * self.step_seconds,
            "rss_bytes": self.held(share) * (1 + 0.01 * chance.random()),
            "ram_free_bytes": self.free(share) * (1 - 0.05 * chance.random()),
            "disk_free_bytes": self.disk(share) - 0.3 * GIB * (step // 7 % 4),  # checkpoints come and go
            "seconds_covered": 10.0,
            "seconds_by_part": [min(10 * self.data_share * math.exp(chance.gauss(0, 0.3)), 10.0), 1.0],
            **self.more,
        }  # fmt: skip

    def _validation(self, step: int, share: float, chance: random.Random) -> dict[str, Any]:
        rise = self.overfits * (self.start - self.floor) * max(share - 0.5, 0.0) * 2
        loss = 1.1 * self.pose(share) + rise
        loss *= math.exp(chance.gauss(0, 0.02))
        return {
            "kind": "val", "step": step, "time": 1e9 + step * self.step_seconds, "epoch": step / self.per_epoch,
            "loss": 2 * loss, "loss_pose": loss, "mean_pose_loss": 1.0, "action_accuracy": 1 - loss / 2,
        }  # fmt: skip
