"""A curve in a handful of characters."""

from __future__ import annotations

from stickgen.braille import BrailleCanvas
from stickgen.curves.series import Series


def sparkline(series: Series | None, columns: int) -> str:
    """The whole of `series` in one row of `columns` braille cells; blank if there are no points."""
    if series is None or len(series) < 2 or columns < 1:
        return " " * max(columns, 0)
    canvas = BrailleCanvas(columns, 1)
    low_x, high_x = series.first_x, series.last_x
    if low_x is None or high_x is None or (extent := series.extent(low_x, high_x)) is None:
        return " " * columns
    low, high = extent
    points = []
    for column, value in series.smooth(low_x, high_x, canvas.width, 1 / canvas.width):
        share = (value - low) / (high - low) if high > low else 0.5
        points.append((column, round((1 - share) * 3)))
    canvas.path(points)
    return canvas.rows(" ")[0]
