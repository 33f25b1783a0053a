"""The recent runs: state in glyph and word, step, loss, age."""

from __future__ import annotations

import re
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from stickgen.runs.store import Run
from stickgen_tui.quantities import DASH, age_text, number_text, progress_bar
from stickgen_tui.run_list import RunSummary, seconds_since
from stickgen_tui.states import look_of

COLUMNS = ("state", "run", "step", "loss", "age", "progress")


class RunTable(DataTable[Text]):
    """Rows keyed by the run's name; only cells that changed are redrawn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open", tooltip="Open the run under the cursor in the monitor"),
        Binding("k", "cursor_up", show=False),
        Binding("j", "cursor_down", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", show_row_labels=False, zebra_stripes=False)
        self._runs: dict[str, Run] = {}
        self._cells: dict[tuple[str, str], Text] = {}
        for name in COLUMNS:
            self.add_column(Text(name), key=name)

    def run_of(self, name: str | None) -> Run | None:
        """The run of a row's key."""
        return self._runs.get(name or "")

    def show(self, found: list[tuple[Run, RunSummary]]) -> None:
        """Show these runs, newest first. The rows are rebuilt only when runs came or went."""
        names = [summary.name for _, summary in found]
        rebuild = names != list(self._runs)
        if rebuild:
            chosen = self._name_at_cursor()
            self.clear()
            self._cells.clear()
            self._runs = {summary.name: run for run, summary in found}
        for _, summary in found:
            cells = self._cells_of(summary)
            if rebuild:
                self.add_row(*cells.values(), key=summary.name)
            for column, text in cells.items():
                if self._cells.get((summary.name, column)) != text:
                    self._cells[summary.name, column] = text
                    if not rebuild:
                        self.update_cell(summary.name, column, text, update_width=True)
        if rebuild and chosen in self._runs:
            self.move_cursor(row=names.index(chosen), animate=False)

    def _name_at_cursor(self) -> str:
        names = list(self._runs)
        return names[self.cursor_row] if 0 <= self.cursor_row < len(names) else ""

    def _cells_of(self, summary: RunSummary) -> dict[str, Text]:
        look = look_of(summary.status)
        colours = self.app.get_css_variables()
        style = colours.get(look.style.removeprefix("$"), "")
        step = DASH if summary.step is None else f"{summary.step:,}"
        bar = ""
        if summary.total_steps:
            step += f"/{summary.total_steps:,}"
            bar = progress_bar((summary.step or 0) / summary.total_steps, 8)
        return {
            "state": Text(f"{look.glyph} {look.word}", style=style if style.startswith("#") else ""),
            "run": Text(without_stamp(summary.name), no_wrap=True),
            "step": Text(step, justify="right"),
            "loss": Text(number_text(summary.loss), justify="right"),
            "age": Text(age_text(seconds_since(summary.changed)), justify="right"),
            "progress": Text(bar),
        }


def without_stamp(name: str) -> str:
    """A run's name without the time it begins with: the age says as much."""
    return re.sub(r"^\d{8}-\d{6}-", "", name)
