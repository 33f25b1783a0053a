"""The curves of a run: one large chart with the next ones beside it where there is room, or a grid of charts."""

from __future__ import annotations

from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from stickgen.curves.series import Series
from stickgen.quantities import duration_text
from stickgen.run_contract import Field, Unit, unit_of
from stickgen_tui.border_words import say_subtitle, say_title
from stickgen_tui.charts.chart_view import ZOOM, view_from_json
from stickgen_tui.charts.palettes import REMEMBERED as PALETTE
from stickgen_tui.charts.palettes import palette_named
from stickgen_tui.drawing.axes import Scale
from stickgen_tui.following.clock import Over
from stickgen_tui.following.metric_names import BASELINES, curve_names, title_of
from stickgen_tui.following.moment import Moment
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.keeping import keep_choice
from stickgen_tui.notices import notice
from stickgen_tui.panels.chart_grid import ChartGrid, GridChoice, grid_from_json
from stickgen_tui.panels.panel import Panel
from stickgen_tui.panels.run_charts import REMEMBERED, Limits, RunCharts, charts_of, with_run
from stickgen_tui.remembered import recall
from stickgen_tui.widgets.chart import Chart, ChartView, Curve

FURTHER = 3  # small charts beside the large one, where there is room
PAN = 0.25  # of what is seen, a press of a pan key
REMEMBERED_VIEW, REMEMBERED_GRID = "charts.view", "charts.grid"


class CurvesPanel(Panel):
    """Shows what was measured. All of its charts show the same part of x, and the crosshair at the same place."""

    NAME = "curves"
    LEAST_COLUMNS = 50
    WEIGHT = 3
    KEYS = (
        Binding("left", "curve(-1)", show=False, tooltip="The curve before; with the crosshair, back along x"),
        Binding("right", "curve(1)", "Curve", key_display="← →", tooltip="The next curve; with the crosshair, on along x"),
        Binding("y", "log_y", "Log", tooltip="Logarithmic or linear values"),
        Binding("Y", "limits", "Limits of y", show=False, tooltip="Type the limits of y of this chart"),
        Binding("s", "smooth", "Smooth", tooltip="Smooth more, or not at all"),
        Binding("l", "log_x", "Log x", show=False, tooltip="Logarithmic or linear x axis"),
        Binding("t", "over", "Over", show=False, tooltip="Draw over steps, epochs, wall time or clips seen"),
        Binding("o", "clip", "Clip", show=False, tooltip="Clip outliers: show where most values are"),
        Binding("plus,equals_sign", "zoom(1)", "Zoom in", show=False, key_display="+", tooltip="See less of x, larger"),
        Binding("minus", "zoom(-1)", "Zoom out", show=False, key_display="-", tooltip="See more of x"),
        Binding("shift+left", "pan(-1)", "Back", show=False, key_display="⇧←", tooltip="Earlier, while zoomed in"),
        Binding("shift+right", "pan(1)", "On", show=False, key_display="⇧→", tooltip="Later, while zoomed in"),
        Binding("z", "whole", "Whole", show=False, tooltip="See all of x again"),
        Binding("i", "crosshair", "Crosshair", show=False, tooltip="Read values at a step, with ← → or the mouse"),
        Binding("g", "grid", "Grid", show=False, tooltip="Many small charts, or a large one"),
        Binding("G", "choose", "Choose charts", show=False, tooltip="Which charts the grid shows, in which order"),
    )  # fmt: skip

    def __init__(self, follower: RunFollower) -> None:
        super().__init__(follower)
        self._curve: str = Field.LOSS
        self._view = view_from_json(recall(REMEMBERED_VIEW))
        self._of_run = charts_of(follower.run.path)
        self._view = replace(self._view, window=self._of_run.window_over(self._view.over))
        self._grid = grid_from_json(recall(REMEMBERED_GRID))
        self._palette = palette_named(recall(PALETTE))
        self._looked_back = False  # whether all panels show a moment that is past

    def compose(self) -> ComposeResult:
        with Horizontal(id="one-chart"):
            yield Chart("no points yet: the first comes after logging.log_interval steps", id="chart")
            with Vertical(id="further"):
                for number in range(FURTHER):
                    with Vertical(classes="further"):
                        yield Chart("", id=f"chart-{number}")
        yield ChartGrid(id="chart-grid")

    def on_mount(self) -> None:
        self.show_curves()

    def show(self, what: frozenset[str]) -> None:
        if what & {"metrics", "events", "status"}:
            self.show_curves()

    def look_at(self, moment: Moment | None) -> None:
        self._looked_back = moment is not None
        over = self._view.over
        place = None if moment is None else self.follower.clock.at(over, moment.step)
        self._look(replace(self._view, crosshair=place))

    # -- drawing

    @property
    def view(self) -> ChartView:
        """How its charts are looked at."""
        return self._view

    @property
    def grid(self) -> GridChoice:
        """Which charts the grid shows, and whether it is on."""
        return self._grid

    def colour(self, palette: str) -> None:
        """Draw in the colours of that palette from now on."""
        self._palette = palette_named(palette)
        keep_choice(self, PALETTE, palette)
        self.show_curves()

    def _names(self) -> list[str]:
        return curve_names(self.follower.train, self.follower.validation) or [Field.LOSS]

    def show_curves(self) -> None:
        """Draw all charts that can be seen."""
        names = self._names()
        if self._curve not in names:
            self._curve = names[0]
        self._view = replace(self._view, whole=self._whole())
        grid = self.query_one(ChartGrid)
        grid.display = self._grid.on
        self.query_one("#one-chart").display = not self._grid.on
        say_subtitle(self, self._words())
        if self._grid.on:
            shown = self._grid.of(names)
            say_title(self, f"curves  {len(shown)} of {len(names)}")
            grid.hold(shown, self._grid.columns)
            for name, chart in zip(shown, grid.charts, strict=True):
                self._draw(chart, name)
            return
        at = names.index(self._curve)
        say_title(self, f"{title_of(self._curve)}  ‹ {at + 1}/{len(names)} ›")
        self._draw(self.query_one("#chart", Chart), self._curve)
        for number in range(FURTHER):  # on a wide screen, the curves that the arrow key would bring
            chart = self.query_one(f"#chart-{number}", Chart)
            further = names[(at + 1 + number) % len(names)] if number + 1 < len(names) else None
            if isinstance(chart.parent, Vertical):
                say_title(chart.parent, title_of(further) if further else "")
            self._draw(chart, further)

    def _draw(self, chart: Chart, name: str | None) -> None:
        curves = self._curves(name) if name else ()
        view = replace(self._view, y=self._of_run.limits.get(name)) if name else self._view
        chart.show(curves, view=view, marks=tuple(self.follower.marks))

    def _curves(self, name: str) -> tuple[Curve, ...]:
        train, validation = self.follower.train.get(name), self.follower.validation.get(name)
        record, level = BASELINES.get(name, ("", ""))
        baseline = self.follower.validation.get(record)
        clock, palette = self.follower.clock, self._palette
        out = []
        if baseline is not None:
            out.append(Curve(level, baseline, palette.baseline, "level", clock=clock))
        if train is not None:
            unit = 2**30 if unit_of(name) is Unit.BYTES else 1.0
            out.append(Curve("train", train, palette.train, unit=unit, clock=clock))
        if validation is not None:
            found = "evaluation" if name.startswith("quality_") else "validation"
            out.append(Curve(found, validation, palette.validation, "marks", clock=clock))
        return tuple(out)

    def _whole(self) -> tuple[float, float] | None:
        """From end to end of all curves, along what lies on x."""
        every: list[Series] = [*self.follower.train.values(), *self.follower.validation.values()]
        firsts = [first for series in every if (first := series.first_x) is not None]
        lasts = [last for series in every if (last := series.last_x) is not None]
        if not firsts:
            return None
        clock, over = self.follower.clock, self._view.over
        return clock.at(over, min(firsts)), clock.at(over, max(lasts))

    def _words(self) -> str:
        """`reading 43 %  epoch 2 to 4  smoothing 2%`: how the charts are looked at."""
        view = self._view
        words = []
        if self.follower.history.progress is not None:
            words.append(f"reading {self.follower.history.progress:.0%}")
        if view.window is not None:
            low, high = (_along(view.over, place) for place in view.window)
            words.append(f"{view.over} {low} to {high}")
        elif view.over is not Over.STEP:
            words.append(f"over {view.over}")
        if view.log_x:
            words.append("log x")
        words.append(f"smoothing {view.smoothing:.0%}" if view.smoothing else "not smoothed")
        return "  ".join(words)

    # -- what is seen

    def _look(self, view: ChartView, *, keep: bool = False) -> None:
        before, self._view = self._view, view
        if (before.window is None, before.crosshair is None) != (view.window is None, view.crosshair is None):
            self.refresh_bindings()  # see check_action
        self.show_curves()
        self._look_closely()
        if view.window != before.window:
            self._keep_of_run(replace(self._of_run, window=view.window, over=view.over))
        if keep:
            keep_choice(self, REMEMBERED_VIEW, None if view_is_usual(view) else view.to_json())

    def _keep_of_run(self, charts: RunCharts) -> None:
        self._of_run, run = charts, self.follower.run.path
        keep_choice(self, REMEMBERED, with_run(run, charts))

    def _look_closely(self) -> None:
        """Read old points once more if they are seen so closely that groups of them are too coarse."""
        if self._view.window is not None:
            clock = self.follower.clock
            low, high = (clock.step(self._view.over, place) for place in self._view.window)
            if self.follower.history.needs_detail(low, high):
                self._read_detail(low, high)

    @work(thread=True, exclusive=True, group="detail", exit_on_error=False)
    def _read_detail(self, low_step: float, high_step: float) -> None:
        self.follower.history.read_detail(low_step, high_step)
        self.app.call_from_thread(self.show_curves)

    def _scale(self) -> Scale | None:
        return None if self._view.whole is None else self._view.x_scale(self._view.whole)

    def _place(self) -> float:
        """The share of x where the keys zoom: the crosshair, or the middle."""
        scale = self._scale()
        place = self._view.crosshair
        return 0.5 if scale is None or place is None else scale.position(place)

    def _move_crosshair(self, by: int) -> None:
        chart = self.query_one(ChartGrid).charts[0] if self._grid.on else self.query_one("#chart", Chart)
        scale = self._scale()
        if scale is None or self._view.crosshair is None or not chart.plotted.columns:
            return
        share = scale.position(self._view.crosshair) + by / (2 * chart.plotted.columns)
        self._read_at(scale.at(min(max(share, 0.0), 1.0)), everywhere=self._looked_back)

    def _read_at(self, place: float, *, everywhere: bool) -> None:
        """Put the crosshair there; `everywhere`: the other panels show that moment too."""
        if everywhere:
            self.post_message(self.LookedAt(self.follower.clock.step(self._view.over, place)))
        else:
            self._look(replace(self._view, crosshair=place))

    @on(Chart.Zoomed)
    def _zoomed(self, event: Chart.Zoomed) -> None:
        event.stop()
        if (scale := event.chart.plotted.x) is not None:
            self._look(self._view.zoomed(scale, event.at, event.factor))

    @on(Chart.Panned)
    def _panned(self, event: Chart.Panned) -> None:
        event.stop()
        if (scale := event.chart.plotted.x) is not None:
            self._look(self._view.panned(scale, event.share))

    @on(Chart.Pointed)
    def _pointed(self, event: Chart.Pointed) -> None:
        event.stop()
        scale = event.chart.plotted.x
        if scale is not None and (event.pressed or not self._looked_back):
            self._read_at(scale.at(event.at), everywhere=event.pressed)

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "curve":
            return self._view.crosshair is not None or not self._grid.on
        if action == "limits":
            return not self._grid.on
        if action in ("pan", "whole"):
            return self._view.window is not None
        return True

    def action_curve(self, by: int) -> None:
        if self._view.crosshair is not None:
            self._move_crosshair(by)
            return
        names = self._names()
        at = names.index(self._curve) + by if self._curve in names else 0
        self._curve = names[at % len(names)]
        self.show_curves()

    def action_log_y(self) -> None:
        self._look(replace(self._view, log_y=not self._view.log_y), keep=True)

    def action_limits(self) -> None:
        from stickgen_tui.panels.y_limits import LimitsScreen

        now = self._of_run.limits.get(self._curve)
        self.app.push_screen(LimitsScreen(title_of(self._curve), now, self._limit))

    def _limit(self, limits: Limits | None) -> None:
        self._keep_of_run(self._of_run.limited(self._curve, limits))
        self.show_curves()

    def action_log_x(self) -> None:
        self._look(replace(self._view, log_x=not self._view.log_x), keep=True)

    def action_smooth(self) -> None:
        self._look(self._view.next_smoothing(), keep=True)

    def action_over(self) -> None:
        view = self._view.next_over(self.follower.clock)
        if view.over is self._view.over:
            notice(self.app, "this run's records tell of steps alone")
        self._look(view, keep=True)

    def action_clip(self) -> None:
        self._look(replace(self._view, clip=not self._view.clip), keep=True)

    def action_zoom(self, by: int) -> None:
        if (scale := self._scale()) is not None:
            self._look(self._view.zoomed(scale, self._place(), ZOOM**by))

    def action_pan(self, by: int) -> None:
        if (scale := self._scale()) is not None:
            self._look(self._view.panned(scale, PAN * by))

    def action_whole(self) -> None:
        self._look(self._view.whole_again())

    def action_crosshair(self) -> None:
        scale = self._scale()
        if self._looked_back:
            self.post_message(self.LookedAt(None))
        elif scale is not None:
            place = None if self._view.crosshair is not None else scale.high
            self._look(replace(self._view, crosshair=place))

    def action_grid(self) -> None:
        self._choose_grid(replace(self._grid, on=not self._grid.on))

    def action_choose(self) -> None:
        self._choose()

    @work(group="choose-charts", exclusive=True)
    async def _choose(self) -> None:
        """Each key in the dialog is seen on the charts behind it; closing it keeps the choice."""
        from stickgen_tui.panels.choose_charts import ChooseChartsScreen

        self._choose_grid(replace(self._grid, on=True))
        await self.app.push_screen_wait(ChooseChartsScreen(self._grid, self._names(), self._choose_grid))

    def _choose_grid(self, choice: GridChoice) -> None:
        self._grid = choice
        self.refresh_bindings()  # see check_action
        self.show_curves()
        keep_choice(self, REMEMBERED_GRID, None if choice == GridChoice() else choice.to_json())


def view_is_usual(view: ChartView) -> bool:
    """Whether nothing of it is worth keeping."""
    return view.to_json() == ChartView().to_json()


def _along(over: Over, place: float) -> str:
    """A place along x in words: `1,240`, `3.2`, `2 h 05 min`."""
    if over is Over.TIME:
        return duration_text(place)
    return f"{place:.2f}" if over is Over.EPOCH or abs(place) < 10 else f"{place:,.0f}"
