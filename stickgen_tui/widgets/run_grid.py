"""All runs as rows, of which only those on screen are ever drawn: a thousand cost as much as twenty.

Textual's DataTable makes a row object of every run and lays all of them out anew when one comes or goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from stickgen.catalogue.differing import letter
from stickgen.catalogue.entry import Entry
from stickgen_tui.comparing.columns import DEFAULT, GAP, Column, columns_for, text_of
from stickgen_tui.drawing.states import look_of

_MARK = 3  # columns for the mark before a row
_HEAD = 1  # lines of the heading


class RunGrid(ScrollView, can_focus=True):
    """A cursor over runs, marks, a heading that sorts. Runs are known by their folder."""

    DEFAULT_CSS = "RunGrid { overflow-x: hidden; overflow-y: auto; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"run-grid--cursor", "run-grid--head"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Open the run under the cursor in the monitor"),
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000000)", show=False),
        Binding("end", "move(1000000000)", show=False),
    ]

    class Chosen(Message):
        """The person opens a run."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

    class Moved(Message):
        """The cursor stands on another run."""

    class Sort(Message):
        """A click on the heading of a column."""

        def __init__(self, field: str) -> None:
            super().__init__()
            self.field = field

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: Sequence[Entry] = ()
        self._at = 0
        self._chosen_fields: tuple[str, ...] = DEFAULT
        self._columns: list[Column] = []
        self._head: tuple[str, str, str, bool, bool] = ("", "", "", False, False)
        self._drawn: list[str] = []
        self.marks: list[Path] = []  # in the order in which they were set

    # -- what is shown

    @property
    def current(self) -> Entry | None:
        """The run under the cursor."""
        return self._entries[self._at] if self._at < len(self._entries) else None

    @property
    def columns(self) -> list[Column]:
        """Those that fit."""
        return self._columns

    @property
    def on_screen(self) -> list[Path]:
        """The runs whose rows are seen."""
        first = self.scroll_offset.y
        return [entry.run.path for entry in self._entries[first : first + max(self.size.height - _HEAD, 0)]]

    def show(
        self,
        entries: Sequence[Entry],
        *,
        fields: tuple[str, ...],
        sort: str,
        reverse: bool,
        column: str,
        best: bool,
        smoothed: bool,
        from_top: bool = False,
    ) -> None:
        """Show these runs in this order; the cursor stays on its run, or on its place if that is gone.

        With `from_top` it goes to the first one, and the rows begin there.

        `sort` is the field they are sorted by, `column` the one that the arrow keys have reached.
        """
        current = self.current
        self._entries, self._chosen_fields = entries, fields
        self._head = (sort, "▴" if reverse else "▾", column, best, smoothed)
        self._lay_out()
        if from_top:
            self._at = 0
        elif current is not None:
            paths = [entry.run.path for entry in entries]
            if current.run.path in paths:
                self._at = paths.index(current.run.path)
        self._at = min(self._at, max(len(entries) - 1, 0))
        self.virtual_size = Size(self.size.width, len(entries) + _HEAD)
        if from_top:
            self.scroll_to(y=0, animate=False, immediate=True)
        self._draw_again()

    def _lay_out(self) -> None:
        self._columns = columns_for(self.size.width - _MARK, self._chosen_fields)

    def on_resize(self) -> None:
        self._lay_out()
        self.virtual_size = Size(self.size.width, len(self._entries) + _HEAD)
        self._keep_in_sight()
        self.refresh()

    def _draw_again(self) -> None:
        """Only if a line on screen says something else now: an idle screen sends no byte."""
        drawn = [self.render_line(y).text for y in range(self.size.height)]
        drawn.append(str((self._at, self.scroll_offset.y)))
        if drawn != self._drawn:
            self._drawn = drawn
            self.refresh()

    def render_line(self, y: int) -> Strip:
        if y < _HEAD:
            return self._heading()
        at = y - _HEAD + self.scroll_offset.y
        width = self.size.width
        base = self.rich_style
        if at >= len(self._entries):
            return Strip.blank(width, base)
        if at == self._at:
            base += self.get_component_rich_style("run-grid--cursor", partial=True)
        return self._row(self._entries[at], base).adjust_cell_length(width, base)

    def _row(self, entry: Entry, base: Style) -> Strip:
        _, _, _, best, smoothed = self._head
        path = entry.run.path
        mark = f"{letter(self.marks.index(path)):<{_MARK}}" if path in self.marks else " " * _MARK
        segments = [Segment(mark, base + Style(bold=True))]
        for column in self._columns:
            style = base
            if column.field == "status":
                colour = self.app.theme_variables.get(look_of(entry.state.status).style.removeprefix("$"), "")
                style = base + Style(color=colour) if colour.startswith("#") else base
            text = text_of(entry, column.field, best=best, smoothed=smoothed)
            segments.append(Segment(column.cell(text) + " " * GAP, style))
        return Strip(segments)

    def _heading(self) -> Strip:
        sort, arrow, chosen, _, _ = self._head
        base = self.rich_style + self.get_component_rich_style("run-grid--head", partial=True)
        segments = [Segment(" " * _MARK, base)]
        for column in self._columns:
            title = f"{column.title}{arrow}" if column.field == sort else column.title
            style = base + Style(reverse=True) if column.field == chosen else base
            segments += [Segment(column.cell(title), style), Segment(" " * GAP, base)]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    # -- moving, marking, opening

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        at = min(max(self._at + by, 0), max(len(self._entries) - 1, 0))
        if at != self._at:
            self._at = at
            self._keep_in_sight()
            self.refresh()
            self.post_message(self.Moved())

    def action_page(self, by: int) -> None:
        """Move it by what is on screen."""
        self.action_move(by * max(self.size.height - _HEAD - 1, 1))

    def _keep_in_sight(self) -> None:
        rows = max(self.size.height - _HEAD, 1)
        first = self.scroll_offset.y
        if self._at < first:
            self.scroll_to(y=self._at, animate=False, immediate=True)
        elif self._at >= first + rows:
            self.scroll_to(y=self._at - rows + 1, animate=False, immediate=True)

    def mark(self) -> None:
        """Mark the run under the cursor, or not, and go on to the next."""
        entry = self.current
        if entry is None:
            return
        if entry.run.path in self.marks:
            self.marks.remove(entry.run.path)
        else:
            self.marks.append(entry.run.path)
        self.action_move(1)
        self.refresh()

    def action_open(self) -> None:
        """Open the run under the cursor."""
        if self.current is not None:
            self.post_message(self.Chosen(self.current))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.refresh(Region(0, 0, self.size.width, self.size.height))

    def on_click(self, event: events.Click) -> None:
        """A row takes the cursor, and opens at a second click; a heading sorts."""
        if event.y < _HEAD:
            left = _MARK
            for column in self._columns:
                if left <= event.x < left + column.width + GAP:
                    self.post_message(self.Sort(column.field))
                left += column.width + GAP
            return
        at = event.y - _HEAD + self.scroll_offset.y
        if at < len(self._entries):
            self.action_move(at - self._at)
            if event.x < _MARK:
                self.mark()
            elif event.chain > 1:
                self.action_open()
