"""A chart is plotted when it can be seen, and of what was plotted only the rows that differ are drawn again."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from stickgen.curves.series import Series
from stickgen_tui.charts.chart_view import ChartView
from stickgen_tui.charts.curve import Curve
from stickgen_tui.widgets.chart import Chart


async def test_only_the_rows_of_a_chart_that_differ_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [1 / (1 + step) for step in range(1000)]

    class Charts(App[None]):
        def compose(self) -> ComposeResult:
            yield Chart(id="kept")
            yield Chart(id="anew")

    app = Charts()
    async with app.run_test(size=(80, 40)) as pilot:
        kept, anew = app.query_one("#kept", Chart), app.query_one("#anew", Chart)
        series = Series()
        series.extend(range(1000), values)
        curve = Curve("train", series, "$accent")
        kept.show((curve,), view=ChartView())
        await pilot.pause()
        drawn: list[Region] = []
        refresh = kept.refresh

        def counted(*regions: Region, repaint: bool = True, layout: bool = False) -> None:
            drawn.extend(regions)
            refresh(*regions, repaint=repaint, layout=layout)

        monkeypatch.setattr(kept, "refresh", counted)
        kept.show((curve,), view=ChartView())
        await pilot.pause()
        assert drawn == []
        series.append(1000, 1 / 1001)
        for chart in (kept, anew):
            chart.show((curve,), view=ChartView())
        await pilot.pause()
        assert 0 < len(drawn) < kept.size.height / 2
        rows = [[kept.render_line(y) for y in range(20)], [anew.render_line(y) for y in range(20)]]
        assert rows[0] == rows[1]
        before = {segment.style for segment in rows[0][5]}
        app.theme = "textual-light"
        await pilot.pause()
        assert {segment.style for segment in kept.render_line(5)}.isdisjoint(before)


async def test_many_changes_of_a_hidden_chart_are_plotted_once_when_it_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plotted: list[object] = []

    class One(App[None]):
        def compose(self) -> ComposeResult:
            yield Chart(id="chart")

    app = One()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Chart)
        chart.display = False
        await pilot.pause()
        plot_it = chart._plot

        def counted() -> None:
            plotted.append(1)
            plot_it()

        monkeypatch.setattr(chart, "_plot", counted)
        series = Series()
        for step in range(5):
            series.append(step, float(step))
            chart.show((Curve("train", series, "red"),), view=ChartView())
            await pilot.pause()
        assert plotted == []
        chart.display = True
        await pilot.pause()
        await pilot.pause()
        assert plotted == [1] and "train 4" in chart.plotted.content.plain
