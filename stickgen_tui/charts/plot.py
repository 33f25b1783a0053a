"""A chart of curves as characters: raw values as a band that keeps every spike, the smoothed curve over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.geometry import Size

from stickgen.braille import EMPTY_CELL, BrailleCanvas
from stickgen_tui.charts.chart_view import ChartView
from stickgen_tui.charts.chart_words import MARK, crosshair_lines, legend, under_crosshair, x_labels
from stickgen_tui.charts.curve import Curve
from stickgen_tui.drawing.axes import Scale, steady, value_labels, value_scale
from stickgen_tui.following.clock import Over
from stickgen_tui.following.marks import Mark
from stickgen_tui.tones import FAINT, MUTED

FEWEST_SMOOTHED = 30  # columns with points; with fewer, every one is seen without help
CLIPPED = 0.05  # at either end, of the columns that clipping may leave outside
_ROWS_WITH_MARKS = 8  # fewer rows, and events are not marked
_CELLS = (" ", *(chr(EMPTY_CELL + bits) for bits in range(1, 256)))
_USUAL_GUTTER = 6  # columns of characters beside the plot
_SPARE_GUTTER = 2  # that may stay empty, so that the plot does not move with every label
_WITHOUT_AIR = 16  # columns of a chart that is no chart

Part = Content | str | tuple[str, str]  # of a Content: with its style
Found = list[tuple[int, float, float]]  # (column of dots, smallest, largest)


@dataclass
class Layer:
    """The dots of a curve, and the cells with a glyph."""

    plane: BrailleCanvas
    style: str
    marks: set[tuple[int, int]]


@dataclass(frozen=True)
class Plotted:
    """A drawn chart, and where in it things lie."""

    content: Content
    x: Scale | None = None  # None: there is nothing to see
    y: Scale | None = None
    gutter: int = 0  # columns of characters before the plot
    columns: int = 0  # of characters of the plot

    def share_at(self, column: int) -> float:
        """How far along x a column of characters lies, 0 to 1."""
        return min(max((column - self.gutter + 0.5) / max(self.columns, 1), 0.0), 1.0)


def plot(
    curves: Sequence[Curve],
    size: Size,
    view: ChartView,
    *,
    marks: Sequence[Mark] = (),
    before: Plotted | None = None,
    empty: str = "no points yet",
) -> Plotted:
    """The whole chart as content of `size`: legend, y labels, the plot, events, x labels.

    `before` is what was drawn last of the same: as long as its y scale fits, the labels stay where they are.
    """
    drawn = [curve for curve in curves if len(curve.series)]
    ends = [own for curve in drawn if curve.kind != "level" and (own := curve.ends(view.over)) is not None]
    if not ends or size.width < _WITHOUT_AIR or size.height < 4:
        return Plotted(Content.styled(empty, MUTED) if size.width else Content(""))
    x = view.x_scale((min(low for low, _ in ends), max(high for _, high in ends)))
    in_view = [
        mark for mark in marks if size.height >= _ROWS_WITH_MARKS and _is_seen(mark, drawn[0], view, x)
    ]
    rows = size.height - 2 - bool(in_view)  # the legend above, events and x below
    gutter = before.gutter if before is not None and before.gutter else _USUAL_GUTTER
    grown = False
    while True:  # the labels of y follow from the values in the columns, and the columns from the room beside the labels
        columns = size.width - gutter
        if columns < 8:
            return Plotted(Content.styled(empty, MUTED))
        edges = _edges(drawn, x, view, 2 * columns)
        found = [_found(curve, own) for curve, own in zip(drawn, edges, strict=True)]
        scale, outside = _y_scale(drawn, found, view, before.y if before is not None else None)
        labels = value_labels(scale, rows)
        needed = max((len(text) for text in labels.values()), default=0) + 1
        if needed <= gutter and (grown or gutter <= needed + _SPARE_GUTTER):
            break
        gutter, grown = max(needed, gutter) if grown else needed, True
    layers = _layers(drawn, found, edges, scale, view, columns, rows)
    cross = _crosshair_column(view, x, columns)
    if cross is None:
        head, place = legend(drawn, size.width, scale, view, outside), ""
    else:
        near = [mark for mark in in_view if _column_of(mark, drawn[0], view, x, columns) == cross]
        head, place = crosshair_lines(drawn, size.width, view, x, near)
    parts: list[Part] = [head]
    for row in range(rows):
        label = labels.get(row, "")
        parts.append((f"\n{label:>{gutter - 1}}{'┤' if label else '│'}", MUTED))
        parts += _plot_row(layers, row, cross)
    if in_view:
        parts += ["\n", _marks_row(in_view, drawn[0], view, x, gutter, columns)]
    parts.append("\n")
    if cross is not None and place:
        parts.append(under_crosshair(place, cross, gutter, columns))
    else:
        parts.append(x_labels(x, view.over, gutter, columns))
    return Plotted(Content.assemble(*parts), x, scale, gutter, columns)


def _edges(drawn: Sequence[Curve], x: Scale, view: ChartView, width: int) -> list[list[float]]:
    """The steps between which the columns of dots lie, for each curve."""
    places = x.edges(width)
    of_clock: dict[int, list[float]] = {}  # the curves of a run share them
    out = []
    for curve in drawn:
        clock = 0 if view.over is Over.STEP else id(curve.clock)
        if clock not in of_clock:
            of_clock[clock] = curve.edges(places, view.over)
        out.append(of_clock[clock])
    return out


def _found(curve: Curve, edges: Sequence[float]) -> Found:
    return [] if curve.kind == "level" else curve.columns(edges)


def _y_scale(
    drawn: Sequence[Curve], found: Sequence[Found], view: ChartView, before: Scale | None
) -> tuple[Scale, int]:
    """The scale of y, and how many columns reach outside of it because outliers are clipped."""
    lows = [low for part in found for _, low, _ in part]
    highs = [high for part in found for _, _, high in part]
    reach = [(min(lows), max(highs))] if lows else []
    if view.clip and len(lows) >= 20:
        lows_in_order, highs_in_order = sorted(lows), sorted(highs)
        out = int(len(lows) * CLIPPED)
        reach = [(lows_in_order[out], highs_in_order[-1 - out])]
    levels = [last / c.unit for c in drawn if c.kind == "level" and (last := c.series.last) is not None]
    if levels and not (view.clip and reach):
        reach += [(min(levels), max(levels))]
    low, high = min((a for a, _ in reach), default=0.0), max((b for _, b in reach), default=1.0)
    if view.log_y and low <= 0 < high:  # what touches zero has no place: the rest of it is drawn
        low = max(min((value for value in (*lows, *highs) if value > 0), default=high), high * 1e-9)
    if view.y is not None:
        scale = Scale(*view.y, log=view.log_y and view.y[0] > 0)
    else:
        scale = steady(value_scale(low, high, view.log_y), before)
    outside = sum(
        not (scale.low <= low and high <= scale.high) for low, high in zip(lows, highs, strict=True)
    )
    return scale, outside if view.clip or view.y else 0


def _layers(
    drawn: Sequence[Curve],
    found: Sequence[Found],
    edges: Sequence[Sequence[float]],
    scale: Scale,
    view: ChartView,
    columns: int,
    rows: int,
) -> list[Layer]:
    """Planes from back to front, each with its style and the cells that carry a mark."""
    out: list[Layer] = []
    height = scale.rows(rows * 4 - 1)
    for curve, own, between in zip(drawn, found, edges, strict=True):
        plane = BrailleCanvas(columns, rows)
        marks: set[tuple[int, int]] = set()
        if curve.kind == "level":
            last = curve.series.last
            if last is not None and scale.low <= last / curve.unit <= scale.high:
                plane.dashes(height(last / curve.unit))
            out.append(Layer(plane, curve.style, marks))
            continue
        if view.smoothing > 0 and curve.kind == "line" and len(own) >= FEWEST_SMOOTHED:
            band = BrailleCanvas(columns, rows)
            _trace(band, own, height)
            out.append(Layer(band, f"{curve.style} 35%", marks))
            smoothed = curve.smoothed(between, view.smoothing)
            plane.path([(column, height(value)) for column, value in smoothed])
        else:
            _trace(plane, own, height)
            if curve.kind == "marks":
                marks = {(column // 2, height(low) // 4) for column, low, _ in own}
                if len(marks) > columns // 3:
                    marks = {max(marks)}  # many validations: the line speaks, the newest is marked
        out.append(Layer(plane, curve.style, marks))
    return out


def _trace(plane: BrailleCanvas, found: Found, height: Callable[[float], int]) -> None:
    """A stroke from the smallest to the largest value of each column, each joined to the one before."""
    before: tuple[int, int, int] | None = None
    for column, low, high in found:
        top, bottom = height(high), height(low)
        first, last = top, bottom
        if before is not None:
            if before[0] == column - 1:  # reach up or down to the neighbour's stroke
                first, last = min(top, before[2] + 1), max(bottom, before[1] - 1)
            else:
                start = min(max(top, before[1]), before[2])
                plane.path([(before[0], start), (column, min(max(start, top), bottom))])
        plane.upright(column, first, last)
        before = (column, top, bottom)


def _plot_row(layers: Sequence[Layer], row: int, cross: int | None) -> list[Part]:
    """One row of cells: the dots of all curves, in the colour of the frontmost that has any there."""
    there = [
        layer for layer in layers if any(layer.plane.cells[row]) or any(at == row for _, at in layer.marks)
    ]
    columns = layers[0].plane.width // 2
    if cross is None and not there:
        return [" " * columns]
    if cross is None and len(there) == 1 and not there[0].marks:
        return [("".join(map(_CELLS.__getitem__, there[0].plane.cells[row])), there[0].style)]
    bits = [0] * columns
    owner: list[int] = [-1] * columns
    for number, layer in enumerate(there):
        for column, cell in enumerate(layer.plane.cells[row]):
            if cell:
                bits[column] |= cell
                owner[column] = number
    text = [_CELLS[own] for own in bits]
    for number, layer in enumerate(there):
        for column, at in layer.marks:
            if at == row:
                text[column], owner[column] = MARK, number
    styles = ["", *(layer.style for layer in there)]
    if cross is not None and text[cross] == " ":
        styles.append(FAINT)
        text[cross], owner[cross] = "│", len(there)
    parts: list[Part] = []
    start = 0
    for column in range(1, columns + 1):
        if column == columns or owner[column] != owner[start]:
            parts.append(("".join(text[start:column]), styles[owner[start] + 1]))
            start = column
    return parts


def _marks_row(
    marks: Sequence[Mark], curve: Curve, view: ChartView, x: Scale, gutter: int, columns: int
) -> Content:
    """A glyph for each event, at its step; the weightiest where several fall on a column."""
    cells: dict[int, Mark] = {}
    for mark in marks:
        column = _column_of(mark, curve, view, x, columns)
        there = cells.get(column)
        if there is None or mark.rank <= there.rank:
            cells[column] = mark
    line = "".join(cells[column].glyph if column in cells else " " for column in range(columns))
    return Content.styled(" " * gutter + line, MUTED)


def _is_seen(mark: Mark, curve: Curve, view: ChartView, x: Scale) -> bool:
    place = curve.clock.at(view.over, mark.step)
    return x.low <= place <= x.high


def _column_of(mark: Mark, curve: Curve, view: ChartView, x: Scale, columns: int) -> int:
    return _cell(x.position(curve.clock.at(view.over, mark.step)), columns)


def _crosshair_column(view: ChartView, x: Scale, columns: int) -> int | None:
    if view.crosshair is None or not x.low <= view.crosshair <= x.high:
        return None
    return _cell(x.position(view.crosshair), columns)


def _cell(share: float, columns: int) -> int:
    """The column of characters at a share of x, as the dots of the curves are placed."""
    return round(share * (2 * columns - 1)) // 2
