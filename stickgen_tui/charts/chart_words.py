"""What a chart says in words: its legend, the values at the crosshair, the labels of x."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.content import Content

from stickgen.quantities import count_text, counted, duration_text, number_text
from stickgen_tui.charts.chart_view import ChartView
from stickgen_tui.charts.curve import Curve
from stickgen_tui.drawing.axes import Scale, count_tick_text, round_step, ticks
from stickgen_tui.following.clock import Over
from stickgen_tui.following.marks import Mark
from stickgen_tui.tones import MUTED

MARK = "◆"
_GLYPHS = {"line": "━", "marks": MARK, "level": "┅"}
_UNITS_OF_TIME = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def legend(drawn: Sequence[Curve], width: int, scale: Scale, view: ChartView, outside: int) -> Content:
    """`━ train 0.0412   ◆ validation 0.0630   ┅ mean pose 0.291   log`, as much of it as fits."""
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
        parts.append(Content.assemble((_glyph(curve), curve.style), (f" {text}", MUTED)))
    line = Content("  ").join(parts)
    for text in _notes(scale, view, outside):
        if used + len(text) + 2 <= width:
            line += Content.styled("  " + text, MUTED)
            used += len(text) + 2
    return line


def _notes(scale: Scale, view: ChartView, outside: int) -> list[str]:
    out = []
    if view.log_y:
        out.append("log" if scale.log else "not log: nothing above 0")
    if view.y is not None:
        out.append("y held")
    if view.clip or (view.y is not None and outside):
        out.append(f"{counted(outside, 'column')} outside" if outside else "none outside")
    return out


def _glyph(curve: Curve) -> str:
    return curve.glyph or _GLYPHS[curve.kind]


def crosshair_lines(
    drawn: Sequence[Curve], width: int, view: ChartView, x: Scale, marks: Sequence[Mark]
) -> tuple[Content, str]:
    """The values at the crosshair, and where it is with what happened there.

    `train 0.0412, validation 0.0630 at step 1,240, 14:02` in one where there is room; the other is then empty.
    """
    assert view.crosshair is not None
    step = drawn[0].clock.step(view.over, view.crosshair)
    dot = abs(drawn[0].clock.step(view.over, x.at(x.position(view.crosshair) + 0.01)) - step)
    parts: list[Content] = []
    for curve in drawn:
        own = curve.clock.step(view.over, view.crosshair)
        near = curve.series.near(own)
        if near is None:
            continue
        at, value, low, high = (near[0], *(part / curve.unit for part in near[1:]))
        text = number_text(value)
        if low != high:
            text += f" ({number_text(low)} to {number_text(high)})"
        if curve.kind == "marks" and abs(own - at) > max(dot, 1):
            text += f" (step {at:,.0f})"
        parts.append(Content.assemble((_glyph(curve), curve.style), f" {curve.name} {text}"))
    values = Content(", ").join(parts)
    place = place_words(drawn[0], view, step)
    for mark in sorted(marks, key=lambda mark: mark.rank):
        place += f" · {mark.glyph} {mark.words}"
    whole = values + Content(f" at {place}")
    if whole.cell_length <= width:
        return whole, ""
    return values.truncate(max(width, 1), ellipsis=True), place


def under_crosshair(text: str, column: int, gutter: int, columns: int) -> Content:
    """Where the crosshair is, written in the row of the labels of x, below its column."""
    width = gutter + columns
    if len(text) > width:
        text = text[: width - 1] + "…"
    start = min(max(gutter + column - len(text) // 2, 0), width - len(text))
    return Content(" " * start + text)


def place_words(curve: Curve, view: ChartView, step: float) -> str:
    """`step 1,240, epoch 3.2, 14:02`: where the crosshair is."""
    assert view.crosshair is not None
    words = [f"step {max(round(step), 0):,}"]
    if view.over is Over.EPOCH:
        words.append(f"epoch {view.crosshair:.2f}")
    elif view.over is Over.CLIPS:
        words.append(f"{count_text(view.crosshair)} clips seen")
    elif view.over is Over.TIME:
        words.append(f"{duration_text(view.crosshair)} in")
    moment = curve.clock.moment(step)
    if moment is not None:
        words.append(time.strftime("%H:%M", time.localtime(moment)))
    return ", ".join(words)


def x_labels(x: Scale, over: Over, gutter: int, columns: int) -> Content:
    """Round numbers below the plot, each under its column."""
    line = [" "] * (gutter + columns)
    free = 0
    for value, text in _x_ticks(x, over, max(columns // 12, 2)):
        at = gutter + round(x.position(value) * (columns - 1)) - len(text) // 2
        at = min(max(at, gutter - 1), len(line) - len(text))
        if at >= free:
            line[at : at + len(text)] = text
            free = at + len(text) + 2
    return Content.styled("".join(line).rstrip(), MUTED)


def _x_ticks(x: Scale, over: Over, count: int) -> list[tuple[float, str]]:
    if over is Over.TIME:
        size, unit = next((size, unit) for size, unit in _UNITS_OF_TIME if x.high >= 2 * size or size == 1.0)
        scaled = Scale(x.low / size, x.high / size, x.log)
        return [(value * size, f"{value:g} {unit}") for value in _round(scaled, count, 0.0)]
    whole = 0.0 if over is Over.EPOCH else 1.0
    return [(value, _tick(value, value if x.log else x.high)) for value in _round(x, count, whole)]


def _round(x: Scale, count: int, least_step: float) -> list[float]:
    if x.log:
        return [float(f"{value:.6g}") for value in ticks(x, count)]
    step = max(round_step(x.high - x.low, count), least_step)
    first = -int(-(x.low / step) // 1)
    out, number = [], first
    while number * step <= x.high * (1 + 1e-12):
        out.append(float(f"{number * step:.12g}"))
        number += 1
    return out


def _tick(value: float, largest: float) -> str:
    if 0 < value < 1:
        return f"{value:g}"
    text = count_tick_text(value, largest)
    return (
        f"{value:,.0f}" if "." in text and value >= 1000 and not text.endswith("M") else text
    )  # 149,980 of 150,020
