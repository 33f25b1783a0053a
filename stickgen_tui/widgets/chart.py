"""A line chart in braille: raw values as a band that keeps every spike, the smoothed curve over it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from stickgen.braille import EMPTY_CELL, BrailleCanvas
from stickgen.quantities import number_text
from stickgen_tui.drawing.axes import Scale, count_tick_text, round_step, value_labels, value_scale
from stickgen_tui.following.series import Series
from stickgen_tui.tones import MUTED

SMOOTHING = (0.0, 0.02, 0.1)  # shares of the points seen; the first draws the values as they are
FEWEST_SMOOTHED = 30  # points; with fewer, every one is seen without help
MARK = "◆"


@dataclass(frozen=True)
class Curve:
    """One curve: its name in the legend, its points, its colour, and how it is told apart without colour."""

    name: str
    series: Series
    style: str
    kind: str = "line"  # "line", "marks" (points joined, a diamond at each), "level" (a dashed horizontal)
    unit: float = 1.0  # what counts as 1 on the axis and in the legend: 2**30 shows bytes in GiB


class Chart(Widget):
    """Curves over the training step. `show` sets what is drawn; it redraws only when told to."""

    DEFAULT_CSS = "Chart { height: 1fr; min-height: 4; }"

    def __init__(self, empty: str = "no points yet", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._empty = empty
        self._curves: tuple[Curve, ...] = ()
        self.log_y = False
        self.smoothing = SMOOTHING[1]

    def show(
        self,
        curves: tuple[Curve, ...],
        *,
        log_y: bool = False,
        smoothing: float = 0.0,
        empty: str | None = None,
    ) -> None:
        """Draw these curves from now on."""
        self._curves, self.log_y, self.smoothing = curves, log_y, smoothing
        self._empty = self._empty if empty is None else empty
        self.refresh()

    def render(self) -> Content:
        return draw(self._curves, self.size, log_y=self.log_y, smoothing=self.smoothing, empty=self._empty)


def draw(
    curves: tuple[Curve, ...], size: Size, *, log_y: bool, smoothing: float, empty: str = "no points yet"
) -> Content:
    """The whole chart as content of `size`: legend, y labels, the plot, x labels."""
    drawn = [curve for curve in curves if len(curve.series)]
    moving = [curve for curve in drawn if curve.kind != "level"]
    if not moving or size.width < 16 or size.height < 4:
        return Content.styled(empty, MUTED) if size.width else Content("")
    low_x = min(x for curve in moving if (x := curve.series.first_x) is not None)
    high_x = max(x for curve in moving if (x := curve.series.last_x) is not None)
    if high_x <= low_x:
        low_x, high_x = low_x - 0.5, low_x + 0.5
    scale = _y_scale(drawn, low_x, high_x, log_y, smoothing)
    rows = size.height - 2  # the legend above, the steps below
    labels = value_labels(scale, rows)
    gutter = max((len(text) for text in labels.values()), default=0)
    columns = size.width - gutter - 1
    if columns < 8:
        return Content.styled(empty, MUTED)
    layers = _layers(drawn, low_x, high_x, scale, columns, rows, smoothing)
    lines = [_legend(drawn, size.width, log_y and scale.log)]
    for row in range(rows):
        label = labels.get(row, "")
        edge = Content.styled(f"{label:>{gutter}}{'┤' if label else '│'}", MUTED)
        lines.append(edge + _plot_row(layers, row, columns))
    lines.append(_x_labels(low_x, high_x, gutter, columns))
    return Content("\n").join(lines)


def _y_scale(drawn: list[Curve], low_x: float, high_x: float, log_y: bool, smoothing: float) -> Scale:
    lows: list[float] = []
    highs: list[float] = []
    for curve in drawn:
        extent = curve.series.extent(low_x, high_x) if curve.kind != "level" else None
        if curve.kind == "level":
            last = curve.series.last
            extent = None if last is None else (last, last)
        if extent is not None:
            lows.append(extent[0] / curve.unit)
            highs.append(extent[1] / curve.unit)
    low, high = min(lows), max(highs)
    if log_y and low <= 0 < high:  # a loss that touches zero: draw the rest of it, down to a millionth
        low = max(high * 1e-6, 1e-12)
    return value_scale(low, high, log_y)


def _layers(
    drawn: list[Curve],
    low_x: float,
    high_x: float,
    scale: Scale,
    columns: int,
    rows: int,
    smoothing: float,
) -> list[tuple[BrailleCanvas, str, set[tuple[int, int]]]]:
    """Planes from back to front, each with its style and the cells that carry a mark."""
    out: list[tuple[BrailleCanvas, str, set[tuple[int, int]]]] = []
    width, bottom = columns * 2, rows * 4 - 1

    for curve in drawn:

        def height(value: float, unit: float = curve.unit) -> int:
            return round((1 - scale.position(value / unit)) * bottom)

        plane = BrailleCanvas(columns, rows)
        marks: set[tuple[int, int]] = set()
        if curve.kind == "level":
            assert curve.series.last is not None
            plane.dashes(height(curve.series.last))
            out.append((plane, curve.style, marks))
            continue
        found = curve.series.columns(low_x, high_x, width)
        smoothed = (
            curve.series.smooth(low_x, high_x, width, smoothing)
            if smoothing > 0 and curve.kind == "line" and len(found) >= FEWEST_SMOOTHED
            else []
        )
        if smoothed:
            band = BrailleCanvas(columns, rows)
            _trace(band, found, height)
            out.append((band, f"{curve.style} 35%", marks))
            plane.path([(column, height(value)) for column, value in smoothed])
        else:
            _trace(plane, found, height)
            if curve.kind == "marks":
                marks = {(column // 2, height(low) // 4) for column, low, _ in found}
                if len(marks) > columns // 3:
                    marks = {max(marks)}  # many validations: the line speaks, the newest is marked
        out.append((plane, curve.style, marks))
    return out


def _trace(plane: BrailleCanvas, found: list[tuple[int, float, float]], height: object) -> None:
    assert callable(height)
    before: tuple[int, int] | None = None
    for column, low, high in found:
        top, bottom = height(high), height(low)
        if before is not None:
            target = min(max(before[1], top), bottom)  # the nearest point of this column's stroke
            plane.path([before, (column, target)])
        plane.upright(column, top, bottom)
        before = (column, bottom if before is None or before[1] <= top else top)


def _plot_row(
    layers: list[tuple[BrailleCanvas, str, set[tuple[int, int]]]], row: int, columns: int
) -> Content:
    """One row of cells: the dots of all curves, in the colour of the frontmost that has any there."""
    parts: list[tuple[str, str]] = []
    text, style = "", ""
    for column in range(columns):
        bits, own = 0, ""
        mark = False
        for plane, colour, marks in layers:
            cell = plane.cells[row][column]
            if (column, row) in marks:
                mark, own = True, colour
            elif cell:
                bits |= cell
                own = colour if not mark else own
        character = MARK if mark else chr(EMPTY_CELL + bits) if bits else " "
        if own != style:
            parts.append((text, style))
            text, style = "", own
        text += character
    parts.append((text, style))
    return Content.assemble(*((part, colour) for part, colour in parts if part))


def _legend(drawn: list[Curve], width: int, log_y: bool) -> Content:
    """`━ train 0.0412   ◆ validation 0.0630   ┅ mean pose 0.291   log`, as much of it as fits."""
    glyphs = {"line": "━", "marks": MARK, "level": "┅"}
    parts: list[Content] = []
    used = 0
    for curve in drawn:
        last = curve.series.last
        text = f"{curve.name} {number_text(None if last is None else last / curve.unit)}"
        if curve.series.not_finite:
            text += f" ({curve.series.not_finite} not finite)"
        if used + len(text) + 4 > width and parts:
            break
        used += len(text) + 4
        parts.append(Content.assemble((glyphs[curve.kind], curve.style), (f" {text}", MUTED)))
    line = Content("  ").join(parts)
    if log_y and used + 3 <= width:
        line += Content.styled("  log", MUTED)
    return line


def _x_labels(low_x: float, high_x: float, gutter: int, columns: int) -> Content:
    """Round step numbers below the plot, each under its column."""
    line = [" "] * (gutter + 1 + columns)
    step = max(round_step(high_x - low_x, max(columns // 12, 2)), 1.0)
    free = 0
    value = -(-low_x // step) * step
    while value <= high_x:
        text = count_tick_text(value, high_x)
        at = gutter + 1 + round((value - low_x) / (high_x - low_x) * (columns - 1)) - len(text) // 2
        at = min(max(at, gutter), len(line) - len(text))
        if at >= free:
            line[at : at + len(text)] = text
            free = at + len(text) + 2
        value += step
    return Content.styled("".join(line).rstrip(), MUTED)
