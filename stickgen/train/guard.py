"""What keeps a run from ruining itself: steps without a finite loss are counted, and too many end it."""

from __future__ import annotations

from stickgen.errors import RunFailedError
from stickgen.train.journal import Journal
from stickgen.train.step import StepResult

MAX_BAD_STEPS = 20  # steps in a row without a finite loss before the run gives up


class LossGuard:
    """Counts the steps in a row whose loss or gradient was not finite; those moved no weight."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.bad_steps = 0

    def look_at(self, result: StepResult) -> None:
        """Say so where a step was skipped. Raises RunFailedError at the twentieth in a row."""
        if not result.skipped:
            self.bad_steps = 0
            return
        self.bad_steps += 1
        self.journal.event(
            "alert",
            f"step {self.journal.step}: the loss or gradient is not finite; the weights did not move",
        )
        if self.bad_steps >= MAX_BAD_STEPS:
            raise RunFailedError(
                f"{MAX_BAD_STEPS} steps in a row without a finite loss; the last good checkpoint is kept: "
                "lower training.learning_rate"
            )
