"""The curves of a run: one large chart, and beside it, where there is room, the next ones."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content

from stickgen.run_contract import Field, Unit, unit_of
from stickgen_tui.following.metric_names import BASELINES, curve_names, title_of
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.panels.panel import Panel
from stickgen_tui.widgets.chart import SMOOTHING, Chart, Curve

FURTHER = 3  # small charts beside the large one, where there is room
TRAIN, VALIDATION, BASELINE = "$primary", "$text-warning", "$text-error"


class CurvesPanel(Panel):
    """Shows what was measured, over the training step."""

    NAME = "curves"
    LEAST_COLUMNS = 50
    WEIGHT = 3
    KEYS = (
        Binding("left", "curve(-1)", show=False, tooltip="The curve before"),
        Binding("right", "curve(1)", "Curve", key_display="← →", tooltip="The curve before, the next curve"),
        Binding("y", "log_y", "Log", tooltip="Logarithmic or linear values"),
        Binding("s", "smooth", "Smooth", tooltip="Smooth more, or not at all"),
    )

    def __init__(self, follower: RunFollower) -> None:
        super().__init__(follower)
        self._curve: str = Field.LOSS
        self._log_y = False
        self._smoothing = SMOOTHING[1]

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Chart("no points yet: the first comes after logging.log_interval steps", id="chart")
            with Vertical(id="further"):
                for number in range(FURTHER):
                    with Vertical(classes="further"):
                        yield Chart("", id=f"chart-{number}")

    def on_mount(self) -> None:
        self._show_curves()

    def show(self, what: frozenset[str]) -> None:
        if "metrics" in what:
            self._show_curves()

    def _names(self) -> list[str]:
        return curve_names(self.follower.train, self.follower.validation) or [Field.LOSS]

    def _show_curves(self) -> None:
        names = self._names()
        if self._curve not in names:
            self._curve = names[0]
        at = names.index(self._curve)
        self.border_title = Content(f"{title_of(self._curve)}  ‹ {at + 1}/{len(names)} ›")
        self.border_subtitle = f"smoothing {self._smoothing:.0%}" if self._smoothing else "not smoothed"
        self.query_one("#chart", Chart).show(
            self._curves(self._curve), log_y=self._log_y, smoothing=self._smoothing
        )
        for number in range(FURTHER):  # on a wide screen, the curves that the arrow key would bring
            chart = self.query_one(f"#chart-{number}", Chart)
            name = names[(at + 1 + number) % len(names)] if number + 1 < len(names) else None
            if isinstance(chart.parent, Vertical):
                chart.parent.border_title = Content(title_of(name) if name else "")
            chart.show(self._curves(name) if name else (), log_y=self._log_y, smoothing=self._smoothing)

    def _curves(self, name: str) -> tuple[Curve, ...]:
        train, validation = self.follower.train.get(name), self.follower.validation.get(name)
        record, level = BASELINES.get(name, ("", ""))
        baseline = self.follower.validation.get(record)
        out = []
        if baseline is not None:
            out.append(Curve(level, baseline, BASELINE, "level"))
        if train is not None:
            unit = 2**30 if unit_of(name) is Unit.BYTES else 1.0
            out.append(Curve("train", train, TRAIN, unit=unit))
        if validation is not None:
            found = "evaluation" if name.startswith("quality_") else "validation"
            out.append(Curve(found, validation, VALIDATION, "marks"))
        return tuple(out)

    # -- keys

    def action_curve(self, by: int) -> None:
        names = self._names()
        self._curve = (
            names[(names.index(self._curve) + by) % len(names)] if self._curve in names else names[0]
        )
        self._show_curves()

    def action_log_y(self) -> None:
        self._log_y = not self._log_y
        self._show_curves()

    def action_smooth(self) -> None:
        self._smoothing = SMOOTHING[(SMOOTHING.index(self._smoothing) + 1) % len(SMOOTHING)]
        self._show_curves()
