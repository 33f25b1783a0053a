"""The recent runs: state in glyph and word, step, loss, age."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from stickgen.quantities import DASH, number_text
from stickgen_tui.drawing.progress_bar import progress_bar
from stickgen_tui.drawing.states import look_of
from stickgen_tui.following.run_summary import RunSummary, age_of

if TYPE_CHECKING:
    from stickgen.runs.store import Run

# Fixed, because a table that measures its cells may draw once with widths from before (Textual 8.2.8).
RIGHT = {"step", "loss", "age"}
WIDTHS = {"state": 10, "run": 0, "step": 13, "loss": 8, "age": 10, "progress": 8}
FIRST_TO_GO = "progress"  # at 80 columns: the step says it in numbers
SHORTEST_RUN, LONGEST_RUN = 22, 60
PADDING = 2


class RunTable(DataTable[Text]):
    """Rows keyed by the run's name; only cells that changed are redrawn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open", tooltip="Open the run under the cursor in the monitor"),
        Binding("k", "cursor_up", show=False),
        Binding("j", "cursor_down", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", show_row_labels=False, zebra_stripes=False)
        self._found: list[tuple[Run, RunSummary]] = []
        self._runs: dict[str, Run] = {}
        self._shown: dict[tuple[str, str], Text] = {}
        self._said: dict[str, tuple[RunSummary, str, str]] = {}  # what each row was made of
        self._run_width = 0
        self._widths = WIDTHS  # of the columns there is room for

    def run_of(self, name: str | None) -> Run | None:
        """The run of a row's key."""
        return self._runs.get(name or "")

    def on_resize(self) -> None:
        self._widths = dict(WIDTHS)
        if self.size.width < _needed(WIDTHS) + SHORTEST_RUN:
            del self._widths[FIRST_TO_GO]
        width = min(max(self.size.width - _needed(self._widths), SHORTEST_RUN), LONGEST_RUN)
        if width != self._run_width and self.size.width:
            self._run_width = width
            self._rebuild()

    def show(self, found: list[tuple[Run, RunSummary]]) -> None:
        """Show these runs, newest first. The rows are rebuilt only when runs came or went."""
        self._found = found
        if [summary.name for _, summary in found] != list(self._runs):
            self._rebuild()
            return
        for _, summary in found:
            says = summary, age_of(summary), self.app.theme
            if self._said.get(summary.name) == says:
                continue
            self._said[summary.name] = says
            for column, text in self._cells(summary).items():
                if self._shown.get((summary.name, column)) != text:
                    self._shown[summary.name, column] = text
                    self.update_cell(summary.name, column, text)

    def _rebuild(self) -> None:
        if not self._run_width:
            return  # not laid out yet: the first resize brings it here again
        names = list(self._runs)
        chosen = names[self.cursor_row] if 0 <= self.cursor_row < len(names) else ""
        self.clear(columns=True)
        for name, width in self._widths.items():
            label = Text(name, justify="right" if name in RIGHT else "left")
            self.add_column(label, key=name, width=width or self._run_width)
        self._shown.clear()
        self._said.clear()
        self._runs = {summary.name: run for run, summary in self._found}
        for _, summary in self._found:
            cells = self._cells(summary)
            self.add_row(*cells.values(), key=summary.name)
            self._shown.update({(summary.name, column): text for column, text in cells.items()})
        if chosen in self._runs:
            self.move_cursor(row=list(self._runs).index(chosen), animate=False)

    def _cells(self, summary: RunSummary) -> dict[str, Text]:
        look = look_of(summary.status)
        style = self.app.theme_variables.get(look.style.removeprefix("$"), "")
        step = DASH if summary.step is None else f"{summary.step:,}"
        bar = ""
        if summary.total_steps:
            of_all = f"{step}/{summary.total_steps:,}"
            share = f"{step} {100 * (summary.step or 0) // summary.total_steps}%"  # never 100 before the end
            step = of_all if len(of_all) <= WIDTHS["step"] else share
            bar = progress_bar((summary.step or 0) / summary.total_steps, WIDTHS["progress"])
        cells = {
            "state": Text(f"{look.glyph} {look.word}", style=style if style.startswith("#") else ""),
            "run": Text(without_stamp(summary.name), no_wrap=True, overflow="ellipsis"),
            "step": Text(step, justify="right"),
            "loss": Text(number_text(summary.loss), justify="right"),
            "age": Text(age_of(summary), justify="right"),
            "progress": Text(bar),
        }
        return {name: cells[name] for name in self._widths}


def _needed(widths: Mapping[str, int]) -> int:
    """The columns that all but the run's name take."""
    return sum(widths.values()) + PADDING * len(widths)


def without_stamp(name: str) -> str:
    """A run's name without the time it begins with: the age says as much."""
    return re.sub(r"^\d{8}-\d{6}-", "", name)
