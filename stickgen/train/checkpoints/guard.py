"""Keeps a run from ruining itself: nothing is saved while the loss is not finite, or far above where it began.

Saving prunes older checkpoints, so saving a ruined model would push out the last good one.
"""

from __future__ import annotations

from collections import deque
from statistics import median

from stickgen.errors import RunFailedError
from stickgen.run_contract import EventKind
from stickgen.train.optim.step import StepResult
from stickgen.train.reporting.journal import Journal

MAX_BAD_STEPS = 20  # steps in a row without a finite loss before the run gives up
FIRST = 20  # the loss that a run began with is the median of so many steps
LAST = 5  # the loss now is the median of so many steps: a single one may be an outlier
DIVERGED = 10.0  # times the loss that the run began with


class LossGuard:
    """Watches the loss of each step, which is the same on all processes of a group."""

    def __init__(self, journal: Journal, first: object = None) -> None:
        """`first` is the loss that the run began with, from run.json; None in the first launch."""
        self.journal = journal
        self.first = float(first) if isinstance(first, int | float) and first > 0 else None
        self.bad_steps = 0  # in a row whose loss or gradient was not finite; they moved no weight
        self._first: list[float] = []
        self._last: deque[float] = deque(maxlen=LAST)

    def begin_again(self) -> None:
        """Measure anew what the loss begins with: from here on it is a sum of other weights."""
        self.first = None
        self._first, self._last = [], deque(maxlen=LAST)

    def look_at(self, result: StepResult) -> None:
        """Take note of a step; alert if it was skipped. Raises RunFailedError at the twentieth in a row."""
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
            EventKind.ALERT,
            f"step {self.journal.step}: the loss or gradient is not finite; the weights did not move",
        )
        if self.bad_steps >= MAX_BAD_STEPS:
            raise RunFailedError(
                f"{MAX_BAD_STEPS} steps in a row without a finite loss; earlier checkpoints are kept: "
                "lower training.learning_rate"
            )

    @property
    def diverged(self) -> str:
        """A sentence if the loss is far above where it began, else empty."""
        if self.first is None or len(self._last) < LAST:
            return ""
        last = median(self._last)
        if not last > DIVERGED * max(self.first, 1e-6):
            return ""
        return f"the loss has diverged ({last:.3g} now, {self.first:.3g} in the first {FIRST} steps)"

    @property
    def unfit(self) -> str:
        """Why the present weights are not worth a checkpoint; empty if they are."""
        if self.bad_steps:
            what = "step has" if self.bad_steps == 1 else f"{self.bad_steps} steps have"
            return f"the last {what} no finite loss"
        return self.diverged
