"""Which charts the grid shows, in which order and how many beside each other: each key is seen at once behind this box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from stickgen_tui.following.metric_names import title_of
from stickgen_tui.panels.chart_grid import GridChoice
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line

_ROWS_AROUND = 14  # of the screen, that are not the list's
_MOST_LETTERS = 28  # of a curve's name, on a line


class ChooseChartsScreen(ModalScreen[None]):
    """`show` is told of each change; the choice on screen when it closes is the one to keep."""

    HELP_TITLE = "Charts"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "go(-1)", show=False, tooltip="The curve above"),
        Binding("down", "go(1)", show=False, tooltip="The curve below"),
        Binding("space", "show_or_hide", "Show / hide", tooltip="Give the curve a chart, or take it away"),
        Binding("shift+up,K", "move(-1)", "Move up", tooltip="Move the chart towards the first place"),
        Binding("shift+down,J", "move(1)", "Move down", tooltip="Move the chart towards the last place"),
        Binding("left", "columns(-1)", "Fewer columns", tooltip="Fewer charts beside each other"),
        Binding("right", "columns(1)", "More columns", tooltip="More charts beside each other"),
        Binding("u", "usual", "As usual", tooltip="The first four curves, in two columns"),
        Binding("escape,enter,G", "close", "Close", tooltip="Keep it so"),
    ]

    def __init__(self, choice: GridChoice, names: Sequence[str], show: Callable[[GridChoice], None]) -> None:
        super().__init__()
        self._choice, self._all, self._tell = choice, tuple(names), show
        self._at = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog arrange") as box:
            box.border_title = "Charts of the grid"
            yield Line(id="chart-list")
            yield Line("space shows or hides · shift+↑ ↓ (or K J) moves · ← → columns · u as usual · esc keeps it so",
                       classes="muted")  # fmt: skip

    def on_mount(self) -> None:
        self._show()

    def on_resize(self) -> None:
        self._show()

    @property
    def _names(self) -> list[str]:
        """The charts in their order, then the curves without one."""
        shown = self._choice.of(self._all)
        return [*shown, *(name for name in self._all if name not in shown)]

    def _seen(self) -> range:
        """The numbers of the lines that there is room for, with the chosen one among them."""
        names = self._names
        rows = max(min(self.size.height - _ROWS_AROUND, len(names)), 1)
        first = min(max(self._at - rows // 2, 0), len(names) - rows)
        return range(first, first + rows)

    def _show(self) -> None:
        shown, names, seen = self._choice.of(self._all), self._names, self._seen()
        lines = []
        for number in seen:
            name = names[number]
            place = f"{shown.index(name) + 1:>2}" if name in shown else "  "
            box = "[x]" if name in shown else "[ ]"
            here = number == self._at
            lines.append(
                Content.styled(
                    f"{'›' if here else ' '} {box} {place} {title_of(name)[:_MOST_LETTERS]}",
                    "bold" if here else "",
                )
            )
        columns = self._choice.columns
        below = len(names) - seen.stop
        more = f"{seen.start} above, {below} below · " if len(seen) < len(names) else ""
        lines.append(Content.styled(f"{more}{columns} column{'' if columns == 1 else 's'}", MUTED))
        self.query_one("#chart-list", Line).show(Content("\n").join(lines))

    def _change(self, choice: GridChoice, *, follow: bool = False) -> None:
        """`follow`: stay on the curve, wherever it goes; otherwise on the line."""
        name = self._names[self._at]
        self._choice = choice
        self._at = self._names.index(name) if follow else self._at
        self._show()
        self._tell(choice)

    def on_click(self, event: events.Click) -> None:
        """A click on a curve's line shows or hides it."""
        seen = self._seen()
        if event.widget is self.query_one("#chart-list") and event.y < len(seen):
            self._at = seen[event.y]
            self.action_show_or_hide()

    # -- keys

    def action_go(self, by: int) -> None:
        self._at = (self._at + by) % len(self._all)
        self._show()

    def action_show_or_hide(self) -> None:
        self._change(self._choice.toggled(self._names[self._at], self._all))

    def action_move(self, by: int) -> None:
        self._change(self._choice.moved(self._names[self._at], by, self._all), follow=True)

    def action_columns(self, by: int) -> None:
        self._change(self._choice.widened(by))

    def action_usual(self) -> None:
        self._change(GridChoice(on=True))

    def action_close(self) -> None:
        self.dismiss(None)
