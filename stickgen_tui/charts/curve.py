"""One curve of a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from stickgen.curves.series import Series
from stickgen_tui.following.clock import Clock, Over


@dataclass(frozen=True)
class Curve:
    """One curve: its name in the legend, its points, its colour, and how it is told apart without colour."""

    name: str
    series: Series
    style: str
    kind: str = "line"  # "line", "marks" (points joined, a diamond at each), "level" (a dashed horizontal)
    unit: float = 1.0  # what counts as 1 on the axis and in the legend: 2**30 shows bytes in GiB
    clock: Clock = field(default_factory=Clock)  # of the run, for other things than the step along x
    glyph: str = ""  # in the legend; "" takes that of its kind

    def ends(self, over: Over) -> tuple[float, float] | None:
        """The first and the last of its points along x; None if it has none."""
        first, last = self.series.first_x, self.series.last_x
        if first is None or last is None:
            return None
        return self.clock.at(over, first), self.clock.at(over, last)

    def edges(self, places: Sequence[float], over: Over) -> list[float]:
        """The steps between which the columns of an x axis lie, which are bounded by these places along it."""
        steps = list(places) if over is Over.STEP else [self.clock.step(over, place) for place in places]
        slack = abs(steps[-1]) * 1e-12 + 1e-9  # what lies on the very end counts
        steps[0] -= slack
        steps[-1] += slack
        return steps

    def columns(self, edges: Sequence[float]) -> list[tuple[int, float, float]]:
        """(column, smallest, largest), in its unit."""
        found = self.series.columns_at(edges)
        if self.unit == 1.0:
            return found
        return [(column, low / self.unit, high / self.unit) for column, low, high in found]

    def smoothed(self, edges: Sequence[float], share: float) -> list[tuple[int, float]]:
        """(column, mean around it), in its unit."""
        found = self.series.smooth_at(edges, share)
        return found if self.unit == 1.0 else [(column, value / self.unit) for column, value in found]
