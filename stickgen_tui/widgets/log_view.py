"""Lines of a log: wrapped to the width, followed at the end, narrowed to those that match, searched.

It stays where a person scrolled to, whatever is written meanwhile and whichever panel was looked at in between.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from rich.cells import chop_cells
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

MOST_LINES = 5000

Matches = Callable[[str], "re.Match[str] | None"]


def matcher(wanted: str) -> Matches | None:
    """What `wanted` matches: all that contains it, in any case; between slashes it is a regular expression.

    None if it is empty. Raises re.error if the expression is none.
    """
    if not wanted.strip():
        return None
    if len(wanted) > 2 and wanted[0] == wanted[-1] == "/":
        return re.compile(wanted[1:-1]).search
    return re.compile(re.escape(wanted.strip()), re.IGNORECASE).search


class LogView(ScrollView, can_focus=True):
    """The lines; `rows` are what is on screen of them, a line being as many rows as it needs."""

    DEFAULT_CSS = "LogView { height: 1fr; background: transparent; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._rows: list[tuple[str, bool]] = []  # text, whether it is what is searched for
        self._kept: list[tuple[str, int]] = []  # the lines that are shown, and the row at which each begins
        self._matches: list[int] = []  # rows at which a line begins that is searched for
        self._at: int | None = None  # which of them is looked at
        self._keep: Callable[[str], bool] = lambda line: True
        self._filter: Matches | None = None
        self._search: Matches | None = None
        self._follows = True
        self._width = 0

    @property
    def follows(self) -> bool:
        """Whether the newest line is in sight and stays so."""
        return self._follows

    @property
    def shown(self) -> list[str]:
        """The rows as they can be scrolled through."""
        return [text for text, _ in self._rows]

    def add(self, lines: Iterable[str]) -> None:
        """Append lines."""
        lines = list(lines)
        full = len(self._lines) + len(lines) > MOST_LINES
        self._lines.extend(lines)
        if full:
            self._wrap()
        else:
            for line in lines:
                self._append(line)
            self._settle()

    def keep_only(self, keep: Callable[[str], bool]) -> None:
        """Leave out the lines for which `keep` is false, whatever the filter is."""
        self._keep = keep
        self._wrap()

    def filter(self, matches: Matches | None) -> int:
        """Show only lines that match; returns how many there are."""
        self._follows = self._follows or matches is not None
        self._filter = matches
        self._wrap()
        return sum(1 for line in self._lines if self._passes(line))

    def search(self, matches: Matches | None) -> int:
        """Mark the lines that match, and go to the newest; returns how many there are."""
        self._search, self._at = matches, None
        if matches is not None:
            self._follows = False
        self._wrap()
        self.go(-1)
        return len(self._matches)

    def go(self, by: int) -> int | None:
        """Go to the match before (-1) or behind (1) the one looked at; returns which it is, from 1."""
        if not self._matches:
            return None
        self._at = len(self._matches) - 1 if self._at is None else (self._at + by) % len(self._matches)
        self._follows = False
        self.scroll_to(y=max(self._matches[self._at] - self.size.height // 2, 0), animate=False)
        self.refresh()
        return self._at + 1

    def go_to(self, which: Callable[[Sequence[str]], int | None]) -> bool:
        """Scroll until the line that `which` chooses from those shown is the last in sight; whether there is one."""
        number = which([line for line, _ in self._kept])
        self._follows = False
        end = (
            0
            if number is None
            else self._kept[number + 1][1]
            if number + 1 < len(self._kept)
            else len(self._rows)
        )
        self.scroll_to(y=max(end - self.size.height, 0), animate=False)
        return number is not None

    def to_end(self) -> None:
        """Follow the newest line again."""
        self._follows = True
        self._settle()

    # -- rows

    def _passes(self, line: str) -> bool:
        return self._keep(line) and (self._filter is None or self._filter(line) is not None)

    def _wrap(self) -> None:
        self._rows.clear()
        self._kept.clear()
        self._matches.clear()
        for line in self._lines:
            self._append(line)
        if self._at is not None:
            self._at = min(self._at, len(self._matches) - 1) if self._matches else None
        self._settle()

    def _append(self, line: str) -> None:
        if not self._passes(line):
            return
        self._kept.append((line, len(self._rows)))
        found = self._search is not None and self._search(line) is not None
        if found:
            self._matches.append(len(self._rows))
        width = max(self._width, 8)
        rows = [line] if len(line) * 2 <= width else chop_cells(line, width)
        if len(rows) > 1:  # what goes on in the next row is set in, so that lines are told apart
            first, rest = rows[0], line[len(rows[0]) :]
            rows = [first, *(f"  {row}" for row in chop_cells(rest, width - 2))]
        self._rows.extend((row, found) for row in rows or [""])

    def _settle(self) -> None:
        self.virtual_size = Size(self._width, len(self._rows))
        self.call_after_refresh(self._scroll_on)  # once the scrollable room is known
        self.refresh()

    def _scroll_on(self) -> None:
        if self._follows:
            self.scroll_end(animate=False, immediate=True, x_axis=False)

    def on_resize(self, event: events.Resize) -> None:
        width = self.scrollable_content_region.width
        if width != self._width and width:
            self._width = width
            self._wrap()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.is_vertical_scroll_end or new_value != old_value:
            self._follows = self.is_vertical_scroll_end

    def render_line(self, y: int) -> Strip:
        at = y + self.scroll_offset.y
        if at >= len(self._rows):
            return Strip.blank(self.size.width, self.rich_style)
        text, found = self._rows[at]
        style = self.rich_style
        if found:
            looked_at = self._at is not None and self._matches[self._at] == at
            style += Style(bold=True, reverse=looked_at, underline=not looked_at)
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, self.rich_style)
