"""Series, scales and the chart: no spike is lost, no label lies."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from stickgen.braille import BrailleCanvas
from stickgen.curves.series import Series
from stickgen_tui.drawing.axes import count_tick_text, tick_text, ticks, value_labels, value_scale
from stickgen_tui.following.metric_names import curve_names
from stickgen_tui.following.sparkline import sparkline
from stickgen_tui.widgets.chart import Curve, draw

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400)


def series_of(values: list[float]) -> Series:
    series = Series()
    for step, value in enumerate(values):
        series.append(step, value)
    return series


@given(VALUES, st.integers(2, 80))
def test_columns_keep_the_extremes(values: list[float], width: int) -> None:
    found = series_of(values).columns(0, max(len(values) - 1, 1), width)
    assert min(low for _, low, _ in found) == min(values)
    assert max(high for _, _, high in found) == max(values)
    assert [column for column, _, _ in found] == sorted(column for column, _, _ in found)
    assert all(0 <= column < width for column, _, _ in found)


@given(VALUES, st.integers(2, 80), st.floats(0.01, 0.5))
def test_the_smoothed_curve_stays_within_the_values(values: list[float], width: int, share: float) -> None:
    smoothed = series_of(values).smooth(0, max(len(values) - 1, 1), width, share)
    slack = 1e-6 * max(map(abs, values)) + 1e-9
    assert smoothed
    assert all(min(values) - slack <= value <= max(values) + slack for _, value in smoothed)


def test_smoothing_is_the_mean_of_a_centred_window() -> None:
    smoothed = dict(series_of([float(v) for v in range(11)]).smooth(0, 10, 11, 0.3))
    assert smoothed[5] == 5.0  # of a straight line, the mean around a point is the point


def test_a_resumed_run_replaces_the_steps_it_does_again() -> None:
    series = series_of([1.0, 2.0, 3.0, 4.0])
    series.append(2, 9.0)
    assert list(series.xs) == [0, 1, 2]
    assert list(series.ys) == [1.0, 2.0, 9.0]
    assert series.smooth(0, 2, 3, 1.0)[1][1] == 4.0


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    series = series_of([1.0])
    series.append(1, math.nan)
    series.append(2, math.inf)
    assert (len(series), series.not_finite) == (1, 2)


@given(st.floats(-1e9, 1e9), st.floats(1e-9, 1e9), st.integers(2, 12))
def test_ticks_lie_inside_and_are_few(low: float, span: float, count: int) -> None:
    scale = value_scale(low, low + span, log=False)
    marks = ticks(scale, count)
    assert len(marks) <= count + 1
    slack = (scale.high - scale.low) * 1e-6 + abs(scale.high) * 1e-9
    assert all(scale.low - slack <= mark <= scale.high + slack for mark in marks)


@given(st.floats(1e-9, 1e6), st.floats(1.1, 1e9))
def test_log_positions_rise_and_stay_on_the_axis(low: float, ratio: float) -> None:
    scale = value_scale(low, low * ratio, log=True)
    places = [scale.position(low * ratio**share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert places == sorted(places)
    assert 0 <= places[0] < places[-1] <= 1
    assert scale.position(0.0) == 0.0 and scale.position(-1.0) == 0.0


def test_labels_have_the_decimals_their_step_needs() -> None:
    assert [tick_text(value, 0.05) for value in (0.0, 0.05, 0.1)] == ["0", "0.05", "0.10"]
    assert tick_text(24999.8, 5000) == "25,000"
    assert tick_text(2e-5, 1e-5) == "2e-5"
    assert [count_tick_text(value, 20000) for value in (0, 5000, 20000)] == ["0", "5k", "20k"]


@given(
    st.lists(st.floats(1e-6, 1e6) | st.just(0.0), min_size=1, max_size=120),
    st.integers(0, 130),
    st.integers(0, 40),
    st.booleans(),
    st.sampled_from([0.0, 0.02, 0.1]),
)
def test_the_chart_fills_its_size_exactly(
    values: list[float], width: int, height: int, log_y: bool, smoothing: float
) -> None:
    series = series_of(values)
    curves = (
        Curve("a", series, "red"),
        Curve("b", series, "blue", "marks"),
        Curve("c", series, "green", "level"),
    )
    content = draw(curves, Size(width, height), log_y=log_y, smoothing=smoothing, empty="")
    lines = content.plain.split("\n")
    assert len(lines) <= max(height, 1)
    assert all(len(line) <= max(width, 1) for line in lines)


def test_the_legend_tells_the_curves_apart_without_colour() -> None:
    series = series_of([3.0, 2.0, 1.0])
    curves = (
        Curve("mean", series, "red", "level"),
        Curve("train", series, "blue"),
        Curve("val", series, "red", "marks"),
    )
    legend = draw(curves, Size(80, 12), log_y=False, smoothing=0).plain.split("\n")[0]
    assert legend.startswith("┅ mean 1.000  ━ train 1.000  ◆ val 1.000")


def test_a_spike_of_one_value_in_a_hundred_thousand_is_drawn() -> None:
    values = [0.0] * 100_000
    values[31_415] = 1.0
    content = draw((Curve("a", series_of(values), "red"),), Size(60, 12), log_y=False, smoothing=0.02)
    rows = content.plain.split("\n")[1:-1]
    assert any(character > "⠀" for character in rows[1][4:]), "\n".join(rows)


def test_a_path_leaves_no_gap() -> None:
    plane = BrailleCanvas(20, 10)
    plane.path([(0, 39), (39, 0)])
    rows = plane.rows(" ")
    assert all(row.strip() for row in rows)


def test_the_numbers_of_an_axis_differ_even_where_a_logarithm_spans_little() -> None:
    for low, high in ((1.4, 2.6), (0.9, 30.0), (0.0012, 0.0013)):
        labels = [text.strip() for text in value_labels(value_scale(low, high, log=True), 18).values()]
        assert len(labels) >= 2
        assert len(set(labels)) == len(labels), labels


def test_a_sparkline_is_one_row_of_the_width_asked_for() -> None:
    assert sparkline(None, 5) == " " * 5
    assert len(sparkline(series_of([1.0, 5.0, 2.0, 8.0]), 12)) == 12


def test_known_curves_come_first_and_the_baseline_is_no_curve() -> None:
    one = series_of([1.0])
    found = curve_names({"zeta": one, "lr": one, "loss": one}, {"mean_pose_loss": one, "loss_pose": one})
    assert found == ["loss", "loss_pose", "lr", "zeta"]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.floats(allow_nan=True, allow_infinity=True)), max_size=60),
    st.integers(0, 60),
)
def test_many_points_at_once_are_the_same_as_one_by_one(points: list[tuple[int, float]], cut: int) -> None:
    one, many = Series(), Series()
    for x, y in points:
        one.append(x, y)
    for part in (points[:cut], points[cut:]):
        many.extend([x for x, _ in part], [y for _, y in part])
    assert one == many


def test_a_unit_moves_the_axis_and_the_legend_and_copies_no_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """A curve of bytes read in GiB is drawn like the same figures in GiB, from the points as they are."""
    values = [1.5 + math.sin(n / 40) for n in range(2000)]
    in_bytes = series_of([value * 2**30 for value in values])
    there = draw((Curve("a", series_of(values), "red"),), Size(60, 12), log_y=False, smoothing=0.02)
    monkeypatch.setattr(Series, "append", None)
    monkeypatch.setattr(Series, "extend", None)
    drawn = draw((Curve("a", in_bytes, "red", unit=2**30),), Size(60, 12), log_y=False, smoothing=0.02)
    assert drawn == there
