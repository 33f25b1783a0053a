"""How charts are looked at: what lies along x, which part of it, the scales, the crosshair. Charts of a group share one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stickgen_tui.drawing.axes import Scale
from stickgen_tui.following.clock import Clock, Over

SMOOTHING = (0.0, 0.02, 0.1)  # shares of the points seen; the first draws the values as they are
ZOOM = 2.0  # a step of the zoom keys
_LEAST_PART = 1e-6  # of the whole x axis: nobody zooms in further


@dataclass(frozen=True)
class ChartView:
    """What a person chose. `window`, `whole` and `crosshair` are in what lies along x: steps, epochs, seconds, clips."""

    over: Over = Over.STEP
    log_x: bool = False
    log_y: bool = False
    smoothing: float = SMOOTHING[1]
    clip: bool = False  # whether y shows where most values are
    window: tuple[float, float] | None = None  # the part of x that is seen; None: all of it
    whole: tuple[float, float] | None = None  # all of x; None: what the curves of a chart have
    crosshair: float | None = None
    y: tuple[float, float] | None = None  # the limits of y of this one chart; None: what its curves have

    def x_scale(self, whole: tuple[float, float]) -> Scale:
        """The scale of x where the curves reach from end to end of `whole`."""
        low, high = self.whole or whole
        if self.window is not None:
            first, last = max(self.window[0], low), min(self.window[1], high)
            if last > first:
                low, high = first, last
        if high <= low:
            return Scale(low - 0.5, low + 0.5)
        if self.log_x and high > 0:
            # what is at 0 has no place on a logarithmic axis: it begins at the first step, or a millionth of its end
            low = (
                low
                if low > 0
                else min(1.0, high / 10)
                if self.over in (Over.STEP, Over.CLIPS)
                else high * 1e-4
            )
            return Scale(low, high, log=True)
        return Scale(low, high)

    def zoomed(self, scale: Scale, at: float, factor: float) -> ChartView:
        """See 1/`factor` of what `scale` shows, with the share `at` of it in the same place."""
        if factor == 1 or (factor > 1 and self._part(scale) < _LEAST_PART):
            return self
        width = 1 / factor
        return self._windowed(scale.part(at - at * width, at + (1 - at) * width))

    def panned(self, scale: Scale, share: float) -> ChartView:
        """Move by that share of what `scale` shows, up to the ends of all there is."""
        if self.window is None or self.whole is None:
            return self
        whole = self.x_scale_of_all(self.whole)
        if share > 0:
            share = min(share, scale.share(whole.high) - 1)
        else:
            share = max(share, scale.share(whole.low))
        return self._windowed(scale.part(share, 1 + share))

    def whole_again(self) -> ChartView:
        """See all there is."""
        return replace(self, window=None)

    def x_scale_of_all(self, whole: tuple[float, float]) -> Scale:
        """The scale of x that shows all there is."""
        return replace(self, window=None).x_scale(whole)

    def _part(self, scale: Scale) -> float:
        low, high = self.whole or (scale.low, scale.high)
        return (scale.high - scale.low) / (high - low) if high > low else 1.0

    def _windowed(self, scale: Scale) -> ChartView:
        if self.whole is not None:
            whole = self.x_scale_of_all(self.whole)
            if scale.low <= whole.low and scale.high >= whole.high * (1 - 1e-9):
                return self.whole_again()
        if not (math.isfinite(scale.low) and math.isfinite(scale.high) and scale.high > scale.low):
            return self
        return replace(self, window=(scale.low, scale.high))

    def next_over(self, clock: Clock) -> ChartView:
        """Draw over the next thing that `clock` knows; the same steps are seen, and the crosshair is at the same one."""
        every = list(Over)
        places = [every[(every.index(self.over) + by) % len(every)] for by in range(1, len(every) + 1)]
        over = next(place for place in places if clock.knows(place))

        def moved(value: float) -> float:
            return clock.at(over, clock.step(self.over, value))

        return replace(
            self,
            over=over,
            whole=None,
            window=None if self.window is None else (moved(self.window[0]), moved(self.window[1])),
            crosshair=None if self.crosshair is None else moved(self.crosshair),
        )

    def next_smoothing(self) -> ChartView:
        """Smooth more, or not at all."""
        at = SMOOTHING.index(self.smoothing) if self.smoothing in SMOOTHING else 0
        return replace(self, smoothing=SMOOTHING[(at + 1) % len(SMOOTHING)])

    def to_json(self) -> dict[str, Any]:
        """What is kept from one start to the next, as `from_json` reads it."""
        return {
            "over": str(self.over), "log_x": self.log_x, "log_y": self.log_y, "smoothing": self.smoothing, "clip": self.clip,
        }  # fmt: skip


def view_from_json(value: Any) -> ChartView:
    """What was kept, as far as it can be used."""
    if not isinstance(value, Mapping):
        return ChartView()
    over = value.get("over")
    smoothing = value.get("smoothing")
    return ChartView(
        over=Over(over) if over in set(Over) else Over.STEP,
        log_x=value.get("log_x") is True,
        log_y=value.get("log_y") is True,
        smoothing=smoothing if smoothing in SMOOTHING else SMOOTHING[1],
        clip=value.get("clip") is True,
    )
