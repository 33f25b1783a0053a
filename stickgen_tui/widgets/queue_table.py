"""The jobs of the queue: how each is in glyph and word, how far, when it ends."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from stickgen.quantities import DASH, duration_text
from stickgen_tui.drawing.progress_bar import progress_bar
from stickgen_tui.drawing.states import look_of
from stickgen_tui.following.queue_view import Row
from stickgen_tui.text import clean
from stickgen_tui.widgets.run_table import without_stamp

# Fixed, because a table that measures its cells may draw once with widths from before (Textual 8.2.8).
RIGHT = {"step", "ends in"}
WIDTHS = {"job": 4, "state": 13, "run": 0, "step": 13, "progress": 8, "ends in": 13}
SHORTEST, LONGEST = 16, 60
PADDING = 2


class QueueTable(DataTable[Text]):
    """Rows keyed by where the run is, or the number of a job without one; only cells that changed are redrawn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "select_cursor",
            "Open",
            tooltip="Open the run of the job under the cursor in the monitor",
        ),
        Binding("k", "cursor_up", show=False),
        Binding("j", "cursor_down", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", show_row_labels=False, zebra_stripes=False)
        self._rows: list[Row] = []
        self._keys: list[str] = []
        self._shown: dict[tuple[str, str], Text] = {}
        self._width = 0

    @property
    def chosen(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self.cursor_row] if 0 <= self.cursor_row < len(self._rows) else None

    def on_resize(self) -> None:
        rest = sum(WIDTHS.values()) + PADDING * len(WIDTHS)
        width = min(max(self.size.width - rest, SHORTEST), LONGEST)
        if width != self._width and self.size.width:
            self._width = width
            self._rebuild()

    def show(self, rows: list[Row]) -> None:
        """Show these rows; rebuilt only when jobs came, went or moved."""
        self._rows = rows
        if [row.key for row in rows] != self._keys:
            self._rebuild()
            return
        for row in rows:
            for column, text in self._cells(row).items():
                if self._shown.get((row.key, column)) != text:
                    self._shown[row.key, column] = text
                    self.update_cell(row.key, column, text)

    def _rebuild(self) -> None:
        if not self._width:
            return  # not laid out yet: the first resize brings it here again
        chosen = self._keys[self.cursor_row] if 0 <= self.cursor_row < len(self._keys) else ""
        self.clear(columns=True)
        for name, width in WIDTHS.items():
            label = Text(name, justify="right" if name in RIGHT else "left")
            self.add_column(label, key=name, width=width or self._width)
        self._shown.clear()
        self._keys = [row.key for row in self._rows]
        for row in self._rows:
            cells = self._cells(row)
            self.add_row(*cells.values(), key=row.key)
            self._shown.update({(row.key, column): text for column, text in cells.items()})
        if chosen in self._keys:
            self.move_cursor(row=self._keys.index(chosen), animate=False)

    def _cells(self, row: Row) -> dict[str, Text]:
        look = look_of(row.status)
        style = self.app.theme_variables.get(look.style.removeprefix("$"), "")
        step, bar = "", ""
        if row.total_steps:
            step = f"{row.step:,}/{row.total_steps:,}"
            bar = progress_bar(row.step / row.total_steps, WIDTHS["progress"])
        name = without_stamp(Path(row.run).name) if row.run else row.title
        ends = "" if row.over else DASH if row.ends is None else duration_text(row.ends)
        return {
            "job": Text(DASH if row.id is None else str(row.id)),
            "state": Text(f"{look.glyph} {look.word}", style=style if style.startswith("#") else ""),
            "run": Text(clean(name, single_line=True), no_wrap=True, overflow="ellipsis"),
            "step": Text(step, justify="right"),
            "progress": Text(bar),
            "ends in": Text(ends, justify="right"),
        }
