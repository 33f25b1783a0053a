"""How much of the learning-rate schedule is over where a launch ends before the last epoch.

Without such an end, the schedule follows the steps alone, and a run is to the bit what its config says. With one, the
rest of the schedule is laid over the rest of the launch: a straight line from the share that was over when the launch
began, to 1 at its end. It never goes back, so the learning rate of a launch that took over from a killed one comes
down from where it was.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from stickgen.config.settings import Settings
from stickgen.planner.decisions.schedule import share_by_steps

# The time does not count until it is ahead of the steps by this share of itself: a slow first validation must not
# make a run depend on the clock that will end with its epochs anyway.
SLACK = 0.02


@dataclass(frozen=True)
class LaunchEnd:
    """Where a launch ends: after step `last_step`, or at `deadline` of `time.monotonic` if there is one."""

    total_steps: int  # of the whole run
    last_step: int
    deadline: float | None


@dataclass(frozen=True)
class _Start:
    """From where the rest of the schedule is laid out."""

    until: str
    end: LaunchEnd
    step: int
    time: float
    share: float


class ScheduleClock:
    """The share of the schedule that is over, asked after each step."""

    def __init__(self) -> None:
        self._start: _Start | None = None

    def restart(self) -> None:
        """Lay out the rest anew from the next step on, as after going back."""
        self._start = None

    def share(
        self, config: Settings, end: LaunchEnd, step: int, reached: float, now: float | None = None
    ) -> float:
        """What is over when step `step`, counted from 0, begins; 0 where the steps alone say it.

        `reached` is the answer after the step before, which a checkpoint keeps. The first call is made after a step,
        so that loading and compiling do not count. A live change of an end lays out the rest from where it is.
        """
        until, now = config.training.schedule_until, time.monotonic() if now is None else now
        if until == "epochs":
            return 0.0
        by_steps = share_by_steps(step, end.total_steps)
        if self._start is None or (self._start.until, self._start.end) != (until, end):
            self._start = _Start(until, end, step, now, max(reached, by_steps))
        start = self._start
        last = end.last_step if until == "launch" else end.total_steps
        over = 0.0
        if last < end.total_steps or start.share > share_by_steps(start.step, end.total_steps):
            over = share_by_steps(step - start.step, last - start.step)
        if (
            end.deadline is not None and end.deadline > start.time
        ):  # else loading took all of it, and nothing learned
            passed = (now - start.time) / (end.deadline - start.time)
            over = max(over, min((passed - SLACK) / (1 - SLACK), 1.0))
        share = max(reached, start.share + (1 - start.share) * over)
        return share if share > by_steps else 0.0
