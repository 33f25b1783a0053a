"""What keeps a run from ruining itself: while its loss is not finite, or far above where it began, nothing is saved.

A save makes older checkpoints superfluous, and one of a model that is lost would push out the last good one.
"""

from __future__ import annotations

from collections import deque
from statistics import median

from stickgen.errors import RunFailedError
from stickgen.train.optim.step import StepResult
from stickgen.train.reporting.journal import Journal

MAX_BAD_STEPS = 20  # steps in a row without a finite loss before the run gives up
FIRST = 20  # steps of a run whose median is the loss that it began with
LAST = 5  # steps whose median is the loss now: a single one may be odd
DIVERGED = 10.0  # times the loss that it began with


class LossGuard:
    """Looks at the loss of each step, the same on all processes of a group."""

    def __init__(self, journal: Journal, first: object = None) -> None:
        """`first` is the loss that the run began with, as run.json tells it; None in a first launch."""
        self.journal = journal
        self.first = float(first) if isinstance(first, int | float) and first > 0 else None
        self.bad_steps = 0  # in a row whose loss or gradient was not finite; those moved no weight
        self._first: list[float] = []
        self._last: deque[float] = deque(maxlen=LAST)

    def look_at(self, result: StepResult) -> None:
        """Say so where a step was skipped. Raises RunFailedError at the twentieth in a row."""
        if not result.skipped:
            self.bad_steps = 0
            self._last.append(result.losses["total"])
            if self.first is None:
                self._first.append(result.losses["total"])
                if len(self._first) == FIRST:
                    self.first = median(self._first)
            return
        self.bad_steps += 1
        self.journal.event(
            "alert",
            f"step {self.journal.step}: the loss or gradient is not finite; the weights did not move",
        )
        if self.bad_steps >= MAX_BAD_STEPS:
            raise RunFailedError(
                f"{MAX_BAD_STEPS} steps in a row without a finite loss; what was saved before them is kept: "
                "lower training.learning_rate"
            )

    @property
    def diverged(self) -> str:
        """That the loss is far above where it began, in words; empty where it is not."""
        if self.first is None or len(self._last) < LAST:
            return ""
        last = median(self._last)
        if not last > DIVERGED * max(self.first, 1e-6):
            return ""
        return f"the loss has diverged ({last:.3g} now, {self.first:.3g} in the first {FIRST} steps)"

    @property
    def unfit(self) -> str:
        """Why the present weights are not worth a checkpoint; empty where they are."""
        if self.bad_steps:
            what = "step has" if self.bad_steps == 1 else f"{self.bad_steps} steps have"
            return f"the last {what} no finite loss"
        return self.diverged
