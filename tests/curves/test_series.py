"""Levels of a curve: whatever is asked, at any zoom, they agree with the points one by one."""

from __future__ import annotations

import math
from array import array
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.curves import series as module
from stickgen.curves.series import GROUP, Series, straight_edges

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=1500)


@pytest.fixture(autouse=True)
def few_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 4 * GROUP)


def long_series(values: list[float], piece: int = 97) -> Series:
    """Points at steps 0, 2, 4…, added in pieces, the old ones forgotten as while following."""
    series = Series()
    for start in range(0, len(values), piece):
        part = values[start : start + piece]
        series.extend([2.0 * (start + at) for at in range(len(part))], part)
        series.forget_old_points()
    return series


@given(VALUES)
def test_each_level_is_the_extremes_and_sums_of_its_points(values: list[float]) -> None:
    series = long_series(values)
    assert len(series) == len(values)
    for depth, level in enumerate(series.levels):
        size = GROUP ** (depth + 1)
        assert len(level) == len(values) // size
        for at in range(len(level)):
            part = values[at * size : (at + 1) * size]
            assert (level.xs[at], level.lows[at], level.highs[at]) == (2.0 * at * size, min(part), max(part))
            assert math.isclose(level.sums[at], sum(part), rel_tol=1e-9, abs_tol=1e-3)


@given(VALUES, st.integers(0, 1500), st.floats(0.001, 1.0), st.integers(2, 90))
def test_no_spike_vanishes_at_any_zoom(values: list[float], at: int, share: float, width: int) -> None:
    at %= len(values)
    values[at] = 2e6
    half = max(len(values) * share, 1)
    low, high = max(2 * (at - half), 0), min(2 * (at + half), 2 * (len(values) - 1))
    series = long_series(values)
    if low == high:
        return
    found = series.columns(low, high, width)
    place = next(column for column, _, top in found if top == 2e6)
    true_place = round((2 * at - low) / (high - low) * (width - 1))
    assert abs(place - true_place) <= max(1, 2 * GROUP / ((high - low) / width)), (place, true_place)
    extent = series.extent(low, high)
    assert extent is not None and extent[1] == 2e6
    inside = [v for n, v in enumerate(values) if low <= 2 * n <= high]
    assert extent[0] <= min(inside)


@given(st.integers(1, 1500), st.floats(0.005, 0.4))
def test_the_smoothed_line_of_a_straight_line_is_that_line(count: int, share: float) -> None:
    series = long_series([float(n) for n in range(count)])
    edges = straight_edges(0, 2.0 * max(count - 1, 1), 60)
    for column, value in series.smooth_at(edges, share):
        middle = (edges[column] + edges[column + 1]) / 4
        assert abs(value - middle) <= max(2 * GROUP, count / 60 + 1)


def test_after_a_huge_value_the_smoothed_line_still_knows_small_ones() -> None:
    values = [1.0] * 3000
    values[40] = 1e17
    smoothed = long_series(values).smooth(0, 5998, 100, 0.02)
    assert [value for _, value in smoothed[10:]] == [1.0] * len(smoothed[10:])


@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.lists(st.floats(-9, 9), min_size=1, max_size=120)),
        min_size=1,
        max_size=8,
    )
)
def test_a_run_that_goes_back_keeps_what_is_new_or_says_that_it_cannot(
    launches: list[tuple[int, list[float]]],
) -> None:
    """Each launch writes from a step on; the points from there of those before it are replaced."""
    series = Series()
    steps: list[int] = []
    values: list[float] = []
    for start, part in launches:
        start = min(start, (steps[-1] + 1) if steps else 0)
        keep = sum(step < start for step in steps)
        del steps[keep:], values[keep:]
        steps += range(start, start + len(part))
        values += part
        series.extend([float(step) for step in range(start, start + len(part))], part)
        if series.cut_too_deep:
            return
        series.forget_old_points()
    assert len(series) == len(values)
    assert list(series.ys) == values[series.first :]
    plain = Series()
    plain.extend([float(step) for step in steps], values)
    assert [level.lows for level in series.levels if level] == [level.lows for level in plain.levels if level]


def test_a_cut_into_what_is_only_known_by_groups_is_told() -> None:
    series = long_series([float(n) for n in range(1000)])
    assert series.first > 100 and not series.cut_too_deep
    series.append(11, 5.0)
    assert series.cut_too_deep


def test_points_read_ahead_are_drawn_behind_those_that_are_there() -> None:
    series = long_series([0.0] * 100)
    series.ahead = Series()
    series.ahead.extend([190.0, 198.0, 500.0, 502.0], [9.0, 9.0, 1.0, 3.0])
    found = series.columns(0, 502, 50)
    assert (
        max(top for column, _, top in found if column < 45) == 0.0
    )  # what overlaps is what was read in order
    assert found[-1][0] == 49 and found[-1][2] == 3.0
    assert (series.last, series.last_x, series.first_x) == (3.0, 502.0, 0.0)
    assert series.near(501.0) == (500.0, 1.0, 1.0, 1.0)


def test_the_value_near_a_step_is_the_point_before_it_or_its_group() -> None:
    values = [float(n) for n in range(1000)]
    series = long_series(values)
    assert series.near(1999.0) == (1998.0, 999.0, 999.0, 999.0)
    assert series.near(2.0 * 20) == (2.0 * GROUP, sum(values[16:32]) / 16, 16.0, 31.0)
    assert Series().near(3) is None


def test_a_redraw_looks_at_few_entries_however_long_the_curve_is() -> None:
    count = 50_000
    series = Series()
    series.extend(array("d", map(float, range(count))), array("d", accumulate([0.5] * count)))
    for low, high in ((0, count - 1), (100, 40_000), (20_000, 20_300)):
        assert len(series.entries(low, high, 240)) <= 2 * 240 * GROUP + 4 * GROUP
