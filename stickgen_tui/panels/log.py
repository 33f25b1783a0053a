"""The trainer's log, followed at its end: searched, and narrowed to what matters."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input

from stickgen.run_contract import EventKind
from stickgen_tui.following.moment import Moment, line_at
from stickgen_tui.panels.panel import Panel
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.log_view import LogView, matcher

# A line that an event has written too: the panel of events tells it already.
_OF_EVENT = re.compile(rf"^(?:\d\d:\d\d:\d\d )?(?:WARNING |ERROR )?(?:{'|'.join(EventKind)}): ")


class LogPanel(Panel):
    """The last lines that the trainer wrote. `/` and `f` open one box, which searches or filters."""

    NAME = "log"
    LEAST_COLUMNS = 48
    KEYS = (
        Binding("slash", "search", "Search log", show=False, key_display="/", tooltip="Search the log"),
        Binding("f", "filter", "Filter log", show=False, tooltip="Show only the lines of the log that contain something"),
    )  # fmt: skip
    BINDINGS = [
        Binding("escape", "close_box", show=False),
        Binding("up", "older", show=False),
        Binding("down", "newer", show=False),
    ]

    def compose(self) -> ComposeResult:
        with Horizontal(id="log-box"):
            yield Input(id="log-wanted", compact=True)
            yield Line(id="log-found")
        yield LogView(id="log-lines")

    def on_mount(self) -> None:
        self._filters = False
        self.query_one("#log-box").display = False

    def show(self, what: frozenset[str]) -> None:
        if "log" in what:
            self.query_one(LogView).add(self.follower.take_log_lines())

    def set_beside(self, seen: Sequence[str]) -> None:
        """Lines that events tell are left out while both panels are in sight."""
        twice = {"events", "log"} <= set(seen)
        self.query_one(LogView).keep_only(
            (lambda line: _OF_EVENT.match(line) is None) if twice else (lambda line: True)
        )
        self.border_subtitle = "without what events tell" if twice else ""

    def look_at(self, moment: Moment | None) -> None:
        view = self.query_one(LogView)
        if moment is None or moment.unix is None:
            view.to_end()
            self._say("")
            return
        end = self.follower.log.written_unix or time.time()
        there = view.go_to(lambda lines: line_at(lines, moment.unix or 0.0, end))
        self._say(f"up to step {moment.step:,}" if there else "older than the lines that are kept here")

    def _say(self, words: str) -> None:
        self.border_title = f"{self.NAME} {words}".strip()

    # -- the box

    def action_search(self) -> None:
        self._open(filters=False, placeholder="a word, or /a regular expression/")

    def action_filter(self) -> None:
        self._open(filters=True, placeholder="only lines with this word, or /a regular expression/")

    def _open(self, *, filters: bool, placeholder: str) -> None:
        self._filters = filters
        box = self.query_one(Input)
        box.placeholder = placeholder
        self.query_one("#log-box").display = True
        box.select_all()
        self.screen.set_focus(box)
        self._look(box.value)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.query_one("#log-box").display:
            self._look(event.value)

    def _look(self, wanted: str) -> None:
        view, found = self.query_one(LogView), self.query_one("#log-found", Line)
        try:
            matches = matcher(wanted)
        except re.error as error:
            found.show(Content.styled(f"no expression: {error.msg}", "$text-error"))
            return
        if self._filters:
            view.search(None)
            count = view.filter(matches)
        else:
            view.filter(None)
            count = view.search(matches)
        words = f"{count} line{'s' if count != 1 else ''}" if matches else ""
        hint = " ↑↓" if count > 1 and not self._filters else ""
        found.show(Content.styled(words + hint, MUTED if count else "$text-error"))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Enter goes on to the match before, or, of a filter, back to the keys of the monitor."""
        event.stop()
        if self._filters:
            self.screen.set_focus(None)
        else:
            self.action_older()

    def action_older(self) -> None:
        self.query_one(LogView).go(-1)

    def action_newer(self) -> None:
        self.query_one(LogView).go(1)

    def action_close_box(self) -> None:
        """Close the box, and show all lines again; without a box, give the key back to the monitor."""
        if not self.query_one("#log-box").display:
            self.screen.set_focus(None)
            return
        self.query_one("#log-box").display = False
        view = self.query_one(LogView)
        view.search(None)
        view.filter(None)
        view.to_end()
        self.screen.set_focus(None)
