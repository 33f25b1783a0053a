"""A moment of a run that a person looks back at: its step, and when that was; and where a log was then."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from stickgen.run_contract import Field
from stickgen_tui.following.run_follower import RunFollower

_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d) ")
_DAY = 86_400
_STEPS_BACK = 50  # key presses from the end of a run to its beginning


@dataclass(frozen=True)
class Moment:
    """A step, and when it was logged, in seconds since 1970; None if that is not known."""

    step: int
    unix: float | None

    def tells(self, event: dict[str, object]) -> bool:
        """Whether an event, or another record, had happened by then."""
        step, unix = event.get(Field.STEP), event.get(Field.TIME)
        if self.unix is not None and isinstance(unix, int | float):
            return unix <= self.unix
        return not isinstance(step, int) or step <= self.step


def moment_at(follower: RunFollower, step: float) -> Moment:
    """The moment of a step of the run, as far as it has come."""
    last = follower.step or 0
    at = min(max(round(step), 0), last)
    times = follower.history.curves.clocks.get(Field.TIME)
    near = times.near(at) if times is not None and len(times) else None
    return Moment(at, near[1] if near is not None else None)


def moment_further(follower: RunFollower, now: Moment | None, by: int) -> Moment | None:
    """The moment `by` key presses on from `now` (None: the newest); None past the newest."""
    last = follower.step or 0
    start = last if now is None else now.step
    step = start + by * max(last // _STEPS_BACK, 1)
    return None if step >= last else moment_at(follower, step)


def line_at(lines: Sequence[str], unix: float, end: float) -> int | None:
    """Which of a log's lines, that begin with the time of day, was the last at or before `unix`; None: all came later.

    `end` is when the last of them was written; the days before follow from the clock that wraps around at midnight.
    """
    local = time.localtime(end)
    midnight = end - (3600 * local.tm_hour + 60 * local.tm_min + local.tm_sec)
    after = _DAY
    for number in range(len(lines) - 1, -1, -1):
        found = _CLOCK.match(lines[number])
        if found is None:
            continue
        hours, minutes, seconds = map(int, found.groups())
        clock = 3600 * hours + 60 * minutes + seconds
        if clock > after or (after == _DAY and midnight + clock > end + 1):
            midnight -= _DAY
        after = clock
        if midnight + clock <= unix:
            return number
    return None
