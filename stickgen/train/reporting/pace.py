"""How fast a launch is, and so when it ends: from the steps it took, and from what it did between them."""

from __future__ import annotations

from collections import deque
from statistics import median, quantiles

_STEPS = 51  # the last ones, whose median is the usual step
_FEWEST = 8  # steps, before their spread says anything
_UNKNOWN = 0.5  # share of the time left that it may be off by until then: the first steps warm up


class Pace:
    """The durations of a launch's steps, and the seconds that validation, samples and saves took in all."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_STEPS)
        self._steps = 0
        self._between = 0.0

    def record_step(self, seconds: float) -> None:
        """Count a step that took `seconds`."""
        self._seconds.append(seconds)
        self._steps += 1

    def record_between(self, seconds: float) -> None:
        """Count `seconds` in which no step was taken."""
        self._between += seconds

    @property
    def usual_seconds(self) -> float | None:
        """The median duration of the last steps; None before the first."""
        return median(self._seconds) if self._seconds else None

    @property
    def steps_timed(self) -> int:
        """How many steps `usual_seconds` is the median of."""
        return len(self._seconds)

    def left(self, steps: int) -> tuple[float, float]:
        """Seconds that `steps` more steps will take with what comes between them, and how far that may be off.

        Half of the steps took between the quartiles of their durations; the error is what it would be if all further
        steps took as long as either quartile.
        """
        usual = self.usual_seconds
        if usual is None:
            return 0.0, 0.0
        seconds = steps * (usual + self._between / self._steps)
        if len(self._seconds) < _FEWEST:
            return seconds, _UNKNOWN * seconds
        low, _, high = quantiles(self._seconds, n=4)
        return seconds, steps * max(high - usual, usual - low)
