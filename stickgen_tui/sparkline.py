"""A curve in a handful of characters."""

from __future__ import annotations

from stickgen_tui.braille import Plane
from stickgen_tui.series import Series


def sparkline(series: Series | None, columns: int) -> str:
    """The whole of `series` in one row of `columns` braille cells; blank where there are no points."""
    if series is None or len(series) < 2 or columns < 1:
        return " " * max(columns, 0)
    plane = Plane(columns, 1)
    low_x, high_x = series.xs[0], series.xs[-1]
    extent = series.extent(low_x, high_x)
    assert extent is not None
    low, high = extent
    points = []
    for column, value in series.smooth(low_x, high_x, plane.width, 1 / plane.width):
        share = (value - low) / (high - low) if high > low else 0.5
        points.append((column, round((1 - share) * 3)))
    plane.path(points)
    return plane.text()[0]
