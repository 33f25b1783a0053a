"""Charts by key and mouse: every key of the curves panel does what it says, and all charts show the same."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from on_screen import screen_text, until
from run_fixture import FROZEN
from textual.geometry import Size
from textual.pilot import Pilot

from stickgen.curves.series import Series
from stickgen.record_log import RecordWriter
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.charts.chart_view import ChartView, view_from_json
from stickgen_tui.charts.curve import Curve
from stickgen_tui.charts.palettes import PALETTES
from stickgen_tui.charts.plot import plot
from stickgen_tui.drawing.axes import Scale, steady, value_scale
from stickgen_tui.following.clock import Clock, Over, clips_in_an_epoch
from stickgen_tui.following.marks import Mark, fold_marks
from stickgen_tui.panels.chart_grid import GridChoice, grid_from_json
from stickgen_tui.panels.curves import CurvesPanel
from stickgen_tui.panels.run_charts import MOST_RUNS, REMEMBERED, RunCharts, charts_of, read_limits, with_run
from stickgen_tui.remembered import recall, remember
from stickgen_tui.widgets.chart import Chart
from stickgen_tui.widgets.stick_canvas import StickCanvas


def series_of(values: list[float], every: int = 1) -> Series:
    series = Series()
    series.extend([float(n * every) for n in range(len(values))], values)
    return series


def text_of(
    curves: tuple[Curve, ...], view: ChartView, size: tuple[int, int] = (80, 16), **more: object
) -> str:
    return plot(curves, Size(*size), view, **more).content.plain  # type: ignore[arg-type]


# -- scales


@given(st.floats(1e-12, 1e12), st.floats(1.01, 1e9), st.booleans(), st.floats(0, 1))
def test_a_place_on_a_scale_and_its_value_are_each_others_inverse(
    low: float, ratio: float, log: bool, share: float
) -> None:
    scale = Scale(low, low * ratio, log)
    assert scale.share(scale.at(share)) == pytest.approx(share, abs=1e-6)
    assert scale.at(0) == pytest.approx(low) and scale.at(1) == pytest.approx(low * ratio)


@given(st.floats(1e-9, 1.0), st.floats(1.5, 1e6), st.integers(4, 200))
def test_rows_of_a_log_axis_are_those_of_its_positions_below_one_as_well(
    low: float, ratio: float, bottom: int
) -> None:
    scale = value_scale(low, low * ratio, log=True)
    values = [low * ratio**share for share in (0.0, 0.1, 0.5, 0.9, 1.0)]
    for value, row in zip(values, scale.rows(values, bottom), strict=True):
        assert abs(row - (1 - scale.position(value)) * bottom) <= 0.51
    assert scale.rows([0.0, -1.0], bottom) == [bottom, bottom]


def test_the_y_limits_of_a_live_curve_stay_until_they_no_longer_fit() -> None:
    first = value_scale(0.0, 1.0, log=False)
    assert steady(value_scale(0.1, 0.95, log=False), first) is first
    grown = value_scale(0.0, 1.4, log=False)
    assert steady(grown, first) is grown
    small = value_scale(0.0, 0.2, log=False)
    assert steady(small, first) is small


@given(
    st.floats(0, 1), st.sampled_from([0.5, 1.25, 2.0, 4.0]), st.booleans(), st.floats(-2, 2),
)  # fmt: skip
def test_zoom_keeps_the_pointed_place_and_panning_stays_inside(
    at: float, factor: float, log_x: bool, share: float
) -> None:
    view = ChartView(whole=(1.0, 10_000.0), log_x=log_x)
    scale = view.x_scale((1.0, 10_000.0))
    near = view.zoomed(scale, 0.5, 8.0)
    seen = near.x_scale((1.0, 10_000.0))
    again = near.zoomed(seen, at, factor)
    if again.window is not None and again.window[0] >= 1.0 and again.window[1] <= 10_000.0:
        assert again.x_scale((1.0, 10_000.0)).at(at) == pytest.approx(seen.at(at), rel=1e-6)
    panned = near.panned(seen, share)
    assert panned.window is not None
    moved = Scale(*panned.window, log_x)
    assert scale.share(moved.low) >= -1e-6 and scale.share(moved.high) <= 1 + 1e-6
    assert scale.share(moved.high) - scale.share(moved.low) == pytest.approx(1 / 8, rel=1e-6)


# -- what lies along x


def clock() -> Clock:
    """A run of a hundred steps: an epoch of ten steps, two seconds a step, an hour's pause after step 50."""
    steps = [float(n) for n in range(101)]
    time, epoch = Series(), Series()
    time.extend(steps, [1e9 + 2 * n + (3600 if n > 50 else 0) for n in range(101)])
    epoch.extend(steps, [n / 10 for n in range(101)])
    return Clock({"time": time, "epoch": epoch}, clips=80)


@pytest.mark.parametrize("over", list(Over))
def test_along_x_and_back_is_the_same_step(over: Over) -> None:
    for step in (0.0, 3.5, 50.0, 50.5, 99.0, 100.0):
        assert clock().step(over, clock().at(over, step)) == pytest.approx(step)
    expected = {Over.STEP: 60, Over.EPOCH: 6, Over.TIME: 3720, Over.CLIPS: 480}
    assert clock().at(over, 60.0) == pytest.approx(expected[over])


def test_what_a_run_does_not_know_is_not_offered() -> None:
    assert [over for over in Over if Clock().knows(over)] == [Over.STEP]
    view = ChartView(window=(10, 20), crosshair=15.0)
    assert view.next_over(Clock()) == view
    there = view.next_over(clock())
    assert (there.over, there.window, there.crosshair) == (Over.EPOCH, (1.0, 2.0), 1.5)
    assert clips_in_an_epoch({"dataset": {"clips": 100, "clips_val": 20}}) == 80
    assert clips_in_an_epoch({"dataset": "?"}) == clips_in_an_epoch({}) == 0


def test_labels_of_a_narrow_part_of_x_are_whole_steps() -> None:
    series = Series()
    series.extend([float(step) for step in range(149_900, 150_100)], [1.0] * 200)
    assert "149,950" in text_of((Curve("a", series, "red"),), ChartView(), (100, 16)).split("\n")[-1]


def test_over_wall_time_a_pause_takes_its_room() -> None:
    curve = Curve("train", series_of([1.0] * 101), "red", clock=clock())
    edges = curve.edges(Scale(0.0, 3800.0).edges(100), Over.TIME)
    columns = [column for column, _, _ in curve.columns(edges)]
    assert columns[0] == 0 and columns[-1] == 99
    assert max(b - a for a, b in zip(columns, columns[1:], strict=False)) > 90


# -- drawing


def test_clipping_says_how_many_columns_are_outside_and_shows_the_rest() -> None:
    values = [1.0 + 0.1 * (n % 7) for n in range(2000)]
    values[777] = 1e6
    curves = (Curve("train", series_of(values), "red"),)
    assert "outside" not in text_of(curves, ChartView())
    assert "1M" in text_of(curves, ChartView()) or "1,000,000" in text_of(curves, ChartView())
    clipped = text_of(curves, ChartView(clip=True))
    assert "1 column outside" in clipped
    assert "1,000,000" not in clipped and "1.6" in clipped


def test_the_crosshair_says_the_values_the_step_the_time_and_what_happened() -> None:
    curves = (
        Curve("train", series_of([1.0 - n / 200 for n in range(101)]), "red", clock=clock()),
        Curve("validation", series_of([2.0, 1.5, 1.0], 50), "blue", "marks", clock=clock()),
    )
    marks = (Mark(50, "checkpoint", "checkpoint saved"), Mark(20, "alert", "look"))
    view = ChartView(crosshair=50.0)
    head, *_, marked, _ = text_of(curves, view, (140, 16), marks=marks).split("\n")
    assert head.startswith("━ train 0.7500, ◆ validation 1.500 at step 50, 01:48 · ◆ checkpoint saved")
    assert marked.split() == ["!", "◆"]
    narrow = text_of(curves, view, (44, 16), marks=marks).split("\n")
    assert narrow[0] == "━ train 0.7500, ◆ validation 1.500"
    assert narrow[-1].strip().startswith("step 50, 01:48 · ◆ checkpoint")
    assert text_of(curves, ChartView(crosshair=70.0), (140, 16)).startswith(
        "━ train 0.6500, ◆ validation 1.500 (step 50) at step 70, 02:49"
    )


def test_a_log_axis_of_values_that_touch_zero_draws_those_above_it() -> None:
    text = text_of((Curve("a", series_of([0.0, 1e-5, 1e-3, 0.1]), "red"),), ChartView(log_y=True))
    assert text.split("\n")[0].endswith("log")
    assert "1e-5" in text or "2e-5" in text
    nothing = text_of((Curve("a", series_of([0.0, -1.0]), "red"),), ChartView(log_y=True))
    assert "not log: nothing above 0" in nothing


def test_a_log_x_axis_gives_each_decade_the_same_room() -> None:
    curves = (Curve("a", series_of([float(n) for n in range(10_001)]), "red"),)
    labels = text_of(curves, ChartView(log_x=True), (100, 16)).split("\n")[-1]
    places = {match.group(): match.start() for match in re.finditer(r"\S+", labels)}
    assert {"1", "10", "100"} <= set(places)
    assert abs((places["100"] - places["10"]) - (places["10"] - places["1"])) <= 2


@given(
    st.lists(st.floats(0.01, 100), min_size=2, max_size=80), st.integers(16, 100), st.integers(4, 30),
    st.sampled_from(list(Over)), st.booleans(), st.booleans(), st.floats(0, 100),
)  # fmt: skip
def test_a_chart_fills_its_size_however_it_is_looked_at(
    values: list[float], width: int, height: int, over: Over, log: bool, clip: bool, cross: float
) -> None:
    curves = (Curve("train", series_of(values), "red", clock=clock()),)
    view = ChartView(over, log, log, 0.02, clip, crosshair=cross, window=(0.5, 60.0))
    lines = text_of(curves, view, (width, height), marks=(Mark(5, "sample", "x" * 200),)).split("\n")
    assert len(lines) <= height and all(len(line) <= width for line in lines)


def test_marks_are_of_the_events_that_matter_and_clean() -> None:
    marks: deque[Mark] = deque()
    events = [
        {"event": "checkpoint", "step": 5, "message": "saved \x1b[2J\nnow"},
        {"event": "epoch", "step": 6, "message": "no"},
        {"event": "alert", "step": True},
        {"event": "resumed", "step": 7},
        {"event": "live", "step": 9, "message": "lr 3e-4 → 1e-4"},
        {"event": "rollback", "step": 10},
        {"event": ["x"], "step": 8},
    ]
    fold_marks(marks, events)
    assert [(mark.step, mark.words) for mark in marks] == [
        (5, "saved \\x1b[2J now"),
        (7, "resumed"),
        (9, "lr 3e-4 → 1e-4"),
        (10, "rollback"),
    ]
    assert [mark.glyph for mark in marks] == ["◆", "▶", "Δ", "↶"]


# -- what is kept


def test_what_was_kept_is_read_and_nonsense_is_not() -> None:
    view = ChartView(Over.TIME, log_x=True, smoothing=0.1, clip=True)
    assert view_from_json(view.to_json()) == view
    assert (
        view_from_json({"over": "moon", "smoothing": 7, "log_x": "yes"}) == view_from_json([1]) == ChartView()
    )
    choice = GridChoice(True, ("lr", "loss"), 3)
    assert grid_from_json(choice.to_json()) == choice
    assert grid_from_json({"columns": True, "curves": "x"}).columns in (1, 2)
    assert grid_from_json({"columns": 99, "curves": [1, "lr", "lr"]}) == GridChoice(False, ("lr",), 2)


def test_a_grid_keeps_one_curve_and_its_order() -> None:
    names = ["loss", "lr", "grad_norm"]
    choice = GridChoice().toggled("lr", names)
    assert choice.of(names) == ("loss", "grad_norm")
    assert choice.moved("grad_norm", -1, names).of(names) == ("grad_norm", "loss")
    assert choice.of(["lr"]) == ("lr",)  # a run without those curves shows what it has
    one = GridChoice(curves=("lr",))
    assert one.toggled("lr", names) == one
    assert GridChoice().widened(9).columns == 4 and GridChoice().widened(-9).columns == 1


# -- by key and mouse


@pytest.fixture
def charted(app: StickgenApp, run: Run) -> StickgenApp:
    """The app on the monitor of a run with a few events more."""
    run.update_identity(dataset={"clips": 90, "clips_val": 10})
    writer = RecordWriter(run.events_path)
    for event, step, message in (("alert", 500, "loss [red]spiked[/] \x1b[31m"), ("changed", 700, "lr 1e-4")):
        writer.write({"event": event, "time": FROZEN + step, "step": step, "message": message})
    writer.close()
    app.first_run = run
    return app


@pytest.fixture(autouse=True)
def stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure keeps its first pose: a key is answered when all is drawn."""
    monkeypatch.setattr(StickCanvas, "_advance", lambda self: None)


def panel(app: StickgenApp) -> CurvesPanel:
    return app.screen.query_one(CurvesPanel)


async def ready(pilot: Pilot[None]) -> None:
    await until(pilot, lambda: "✓ finished" in screen_text(pilot.app) and "━ train" in screen_text(pilot.app))


async def test_every_key_of_the_charts(charted: StickgenApp) -> None:
    async with charted.run_test(size=(160, 44)) as pilot:
        await ready(pilot)
        curves = panel(charted)
        await pilot.press("l", "y", "o", "s")
        assert (curves.view.log_x, curves.view.log_y, curves.view.clip, curves.view.smoothing) == (
            True,
            True,
            True,
            0.1,
        )
        assert "log x" in screen_text(charted) and "outside" in screen_text(charted)
        await pilot.press("l", "y", "o", "s", "s")
        assert curves.view.to_json() == ChartView().to_json()
        for over in (Over.EPOCH, Over.TIME, Over.CLIPS):
            await pilot.press("t")
            assert f"over {over}" in screen_text(charted)
        await pilot.press("t", "plus", "equals_sign")
        assert curves.view.window is not None
        assert curves.view.window[1] - curves.view.window[0] == pytest.approx(990 / 4)
        low = curves.view.window[0]
        await pilot.press("shift+right")
        assert curves.view.window[0] > low
        assert "step " in str(curves.border_subtitle) and " to " in str(curves.border_subtitle)
        await pilot.press("shift+left", "minus")
        assert curves.view.window[1] - curves.view.window[0] == pytest.approx(990 / 2)
        await pilot.press("z")
        assert curves.view.window is None
        await pilot.press("i")
        assert "at step 1,000" in screen_text(charted)
        await pilot.press("left", "left")
        assert "at step 1,000" not in screen_text(charted) and " at step 9" in screen_text(charted)
        await pilot.press("i", "right")
        assert curves.view.crosshair is None
        assert "loss: pose" in str(curves.border_title)


async def test_the_mouse_zooms_at_the_pointer_pans_and_reads(charted: StickgenApp) -> None:
    async with charted.run_test(size=(160, 44)) as pilot:
        await ready(pilot)
        curves, chart = panel(charted), charted.screen.query_one("#chart", Chart)
        x = chart.plotted.x
        assert x is not None
        column = chart.plotted.gutter + chart.plotted.columns // 4
        place = x.at(chart.plotted.share_at(column))
        await pilot._post_mouse_events([_wheel()], chart, offset=(column, 5))
        await pilot.pause()
        assert curves.view.window is not None
        low, high = curves.view.window
        assert high - low == pytest.approx(990 / 1.25)
        assert (place - low) / (high - low) == pytest.approx((place - x.low) / (x.high - x.low), abs=0.02)
        await pilot.mouse_down(chart, offset=(column, 5))
        await pilot.hover(chart, offset=(column - 10, 5))
        await pilot.mouse_up(chart, offset=(column - 10, 5))
        assert curves.view.window is not None and curves.view.window[0] > low
        assert curves.view.crosshair is None  # it was a drag
        await pilot.press("i")
        await pilot.hover(chart, offset=(column, 5))
        before = curves.view.crosshair
        assert before is not None and before < curves.view.window[1]
        await pilot.hover(chart, offset=(column + 8, 5))
        assert curves.view.crosshair is not None and curves.view.crosshair > before
        await pilot.press("i")
        await pilot.click(chart, offset=(column, 5))  # all panels show that moment
        await until(pilot, lambda: "numbers at step" in screen_text(charted))
        there = curves.view.crosshair
        await pilot.hover(chart, offset=(column + 8, 5))
        assert curves.view.crosshair == there
        await pilot.press("right")
        await until(pilot, lambda: (curves.view.crosshair or 0) > (there or 0))
        await pilot.press("escape")
        assert curves.view.crosshair is None
        assert "numbers at step" not in screen_text(charted)


def _wheel() -> type:
    from textual.events import MouseScrollUp

    return MouseScrollUp


async def test_the_grid_shows_what_a_person_chose_and_finds_it_again(charted: StickgenApp, run: Run) -> None:
    async with charted.run_test(size=(160, 44)) as pilot:
        await ready(pilot)
        await pilot.press("g")
        await until(pilot, lambda: "─loss: temporal" in screen_text(charted))
        await pilot.press("G", "down", "space", "K", "right", "escape")
        assert panel(charted).grid == GridChoice(True, ("loss_temporal", "loss", "loss_action"), 3)
        await pilot.press("i")
        await pilot.pause()
        assert screen_text(charted).count("step 1,000,") >= 3  # the crosshair is in all of them
        await until(
            pilot, lambda: recall("charts.grid") is not None and len(recall("charts.grid")["curves"]) == 3
        )
    again = StickgenApp(root=run.path.parent, run=run)
    async with again.run_test(size=(160, 44)) as pilot:
        await ready(pilot)
        assert panel(again).grid == GridChoice(True, ("loss_temporal", "loss", "loss_action"), 3)
        await pilot.press("g")
        await until(pilot, lambda: recall("charts.grid")["on"] is False)


async def test_words_of_events_are_literal_where_the_crosshair_is(charted: StickgenApp) -> None:
    async with charted.run_test(size=(160, 44)) as pilot:
        await ready(pilot)
        curves = panel(charted)
        chart = charted.screen.query_one("#chart", Chart)
        await pilot.press("i")
        column = next(
            at for at in range(chart.plotted.columns)
            if abs((chart.plotted.x or Scale(0, 1)).at((at + 0.5) / chart.plotted.columns) - 500) < 10
        )  # fmt: skip
        await pilot.hover(chart, offset=(chart.plotted.gutter + column, 5))
        await pilot.pause()
        assert curves.view.crosshair == pytest.approx(500, abs=12)
        for _ in range(4):
            if "[red]spiked[/] \\x1b[31m" in screen_text(charted).split("events")[0]:
                break
            await pilot.press("right")
        assert "! loss [red]spiked[/] \\x1b[31m" in screen_text(charted)


async def test_the_colours_are_chosen_by_name_and_kept(charted: StickgenApp) -> None:
    async with charted.run_test(size=(160, 44)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"blind")
        await until(pilot, lambda: "Curve colours: colour-blind" in screen_text(charted))
        await pilot.press("down", "enter")
        await until(pilot, lambda: recall("charts.palette") == "colour-blind")
        styles = {curve.style for curve in charted.screen.query_one("#chart", Chart)._curves}
        assert styles <= {*vars(PALETTES["colour-blind"]).values()} - {PALETTES["colour-blind"].runs}


async def test_a_wide_terminal_shows_the_next_curves_beside_the_large_one(charted: StickgenApp) -> None:
    async with charted.run_test(size=(200, 60)) as pilot:
        await ready(pilot)
        box = panel(charted).region
        charts = [chart for chart in charted.screen.query(Chart) if chart.region]
        assert len(charts) == 4
        assert all(box.contains_region(chart.region) for chart in charts)
        assert "loss: temporal" in screen_text(charted)


async def test_limits_of_y_are_typed_and_kept_for_the_run(charted: StickgenApp, run: Run) -> None:
    async with charted.run_test(size=(160, 44)) as pilot:
        await ready(pilot)
        await pilot.press("Y", *"0.5 0.1", "enter")
        assert "the first number must be below the second" in screen_text(charted)
        await pilot.press("ctrl+u", *"0.1 0.5", "enter")
        chart = panel(charted).query_one("#chart", Chart)
        assert chart.plotted.y == Scale(0.1, 0.5) and "y held" in screen_text(charted)
        await pilot.press("right")
        assert chart.plotted.y != Scale(0.1, 0.5)  # of another curve
        await pilot.press("left", "plus")
        window = panel(charted).view.window
        await until(pilot, lambda: charts_of(run.path).window == window)
    opened = StickgenApp(run=run, root=run.path.parent)
    async with opened.run_test(size=(160, 44)) as pilot:
        await ready(pilot)
        assert panel(opened).view.window == window
        assert panel(opened).query_one("#chart", Chart).plotted.y == Scale(0.1, 0.5)
        await pilot.press("Y", "ctrl+u", "enter", "z")
        await until(pilot, lambda: charts_of(run.path) == RunCharts())


def test_limits_are_read_as_people_type_them() -> None:
    for typed in ("0.1 0.5", " 0.1,0.5", "0.1 to 0.5", "1e-1 5e-1"):
        assert read_limits(typed) == (0.1, 0.5)
    assert read_limits("  ") is None
    for wrong in ("0.1", "a b", "0.5 0.1", "nan 1", "0 inf"):
        with pytest.raises(ValueError):
            read_limits(wrong)


def test_what_was_chosen_for_a_run_is_found_again_and_the_oldest_given_up(tmp_path: Path) -> None:
    charts = RunCharts().limited("loss", (0.1, 0.5)).limited("lr", (0.0, 1.0)).limited("lr", None)
    for number in range(MOST_RUNS + 3):
        remember(REMEMBERED, with_run(tmp_path / str(number), charts))
    assert charts_of(tmp_path / "0") == RunCharts()
    assert charts_of(tmp_path / str(MOST_RUNS)) == charts and dict(charts.limits) == {"loss": (0.1, 0.5)}
    remember(REMEMBERED, with_run(tmp_path / str(MOST_RUNS), RunCharts()))
    assert str(tmp_path / str(MOST_RUNS)) not in recall(REMEMBERED)
    remember(REMEMBERED, {"x": {"limits": {"loss": [2, 1], "lr": "no"}, "window": [0, "a"], "over": 3}})
    assert charts_of(Path("x")) == RunCharts()
