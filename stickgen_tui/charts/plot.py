"""A chart of curves as characters: raw values as a band that keeps every spike, the smoothed curve over it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from textual.content import Content
from textual.geometry import Size

from stickgen.braille import BrailleCanvas, braille_text
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
_STRETCH = re.compile(rb"(.)\1*", re.DOTALL)  # of cells in the same colour
_USUAL_GUTTER = 6  # columns of characters beside the plot
_SPARE_GUTTER = 2  # that may stay empty, so that the plot does not move with every label
_WITHOUT_AIR = 16  # columns of a chart that is no chart

Part = tuple[str, str]  # a text and its style
Row = Content | tuple[Part, ...]  # a line of the chart
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

    rows: tuple[Row, ...] = ()  # from top to bottom
    x: Scale | None = None  # None: there is nothing to see
    y: Scale | None = None
    gutter: int = 0  # columns of characters before the plot
    columns: int = 0  # of characters of the plot

    @cached_property
    def content(self) -> Content:
        """All of it as one content."""
        parts: list[Content | str | Part] = []
        for row in self.rows:
            parts.append("\n")
            parts.extend([row] if isinstance(row, Content) else row)
        return Content.assemble(*parts[1:])

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
        return _in_words(empty if size.width else "")
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
            return _in_words(empty)
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
    out: list[Row] = [head]
    for row in range(rows):
        label = labels.get(row, "")
        beside = (f"{label:>{gutter - 1}}{'┤' if label else '│'}", MUTED)
        out.append((beside, *_plot_row(layers, row, cross)))
    if in_view:
        out.append(_marks_row(in_view, drawn[0], view, x, gutter, columns))
    if cross is not None and place:
        out.append(under_crosshair(place, cross, gutter, columns))
    else:
        out.append(x_labels(x, view.over, gutter, columns))
    return Plotted(tuple(out), x, scale, gutter, columns)


def _in_words(text: str) -> Plotted:
    """No chart, but why there is none."""
    return Plotted((Content.styled(text, MUTED),) if text else ())


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
    bottom = rows * 4 - 1
    for curve, own, between in zip(drawn, found, edges, strict=True):
        plane = BrailleCanvas(columns, rows)
        marks: set[tuple[int, int]] = set()
        if curve.kind == "level":
            last = curve.series.last
            if last is not None and scale.low <= last / curve.unit <= scale.high:
                plane.dashes(scale.rows([last / curve.unit], bottom)[0])
            out.append(Layer(plane, curve.style, marks))
            continue
        if view.smoothing > 0 and curve.kind == "line" and len(own) >= FEWEST_SMOOTHED:
            band = BrailleCanvas(columns, rows)
            _trace(band, own, scale, bottom)
            out.append(Layer(band, f"{curve.style} 35%", marks))
            smoothed = curve.smoothed(between, view.smoothing)
            heights = scale.rows([value for _, value in smoothed], bottom)
            plane.path([(column, row) for (column, _), row in zip(smoothed, heights, strict=True)])
        else:
            _trace(plane, own, scale, bottom)
            if curve.kind == "marks":
                heights = scale.rows([low for _, low, _ in own], bottom)
                marks = {(column // 2, row // 4) for (column, _, _), row in zip(own, heights, strict=True)}
                if len(marks) > columns // 3:
                    marks = {max(marks)}  # many validations: the line speaks, the newest is marked
        out.append(Layer(plane, curve.style, marks))
    return out


def _trace(plane: BrailleCanvas, found: Found, scale: Scale, bottom: int) -> None:
    """A stroke from the smallest to the largest value of each column, each joined to the one before."""
    tops = scale.rows([high for _, _, high in found], bottom)
    ends = scale.rows([low for _, low, _ in found], bottom)
    strokes: list[tuple[int, int, int]] = []
    last_column, last_top, last_end = -1, 0, 0
    for (column, _, _), top, end in zip(found, tops, ends, strict=True):
        first, last = top, end
        if last_column == column - 1 and strokes:  # reach up or down to the neighbour's stroke
            if last_end < top:
                first = last_end + 1
            if last_top > end:
                last = last_top - 1
        elif strokes:
            start = min(max(top, last_top), last_end)
            plane.path([(last_column, start), (column, min(max(start, top), end))])
        strokes.append((column, first, last))
        last_column, last_top, last_end = column, top, end
    plane.uprights(strokes)


def _plot_row(layers: Sequence[Layer], row: int, cross: int | None) -> list[Part]:
    """One row of cells: the dots of all curves, in the colour of the frontmost that has any there."""
    there = [
        layer for layer in layers if any(layer.plane.cells[row]) or any(at == row for _, at in layer.marks)
    ]
    columns = layers[0].plane.width // 2
    if cross is None and not there:
        return [(" " * columns, "")]
    if cross is None and len(there) == 1 and not there[0].marks:
        return [(braille_text(there[0].plane.cells[row]), there[0].style)]
    bits = 0
    owners = bytes(columns)  # the number of the frontmost layer with dots there, from 1; 0: none
    for number, layer in enumerate(there, 1):
        own = layer.plane.cells[row]
        bits |= int.from_bytes(own, "big")
        owners = bytes(map(max, owners, own.translate(_owned_by(number))))
    styles = ["", *(layer.style for layer in there)]
    text = braille_text(bits.to_bytes(columns, "big"))
    if cross is not None or any(layer.marks for layer in there):
        text, owners = _with_glyphs(text, owners, there, row, cross)
        styles.append(FAINT)
    return [(text[m.start() : m.end()], styles[owners[m.start()]]) for m in _STRETCH.finditer(owners)]


@cache
def _owned_by(number: int) -> bytes:
    """A table for `bytes.translate`: the number of a layer where it has dots."""
    return bytes([0] + [number] * 255)


def _with_glyphs(
    text: str, owners: bytes, layers: Sequence[Layer], row: int, cross: int | None
) -> tuple[str, bytes]:
    """A row of cells with the marks of its curves, and the crosshair where nothing else is."""
    cells, own = list(text), bytearray(owners)
    for number, layer in enumerate(layers, 1):
        for column, at in layer.marks:
            if at == row:
                cells[column], own[column] = MARK, number
    if cross is not None and cells[cross] == " ":
        cells[cross], own[cross] = "│", len(layers) + 1
    return "".join(cells), bytes(own)


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
