"""The trainer's log, followed at its end."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Log

from stickgen_tui.panels.panel import Panel


class LogPanel(Panel):
    """The last lines that the trainer wrote."""

    NAME = "log"
    LEAST_COLUMNS = 48

    def compose(self) -> ComposeResult:
        yield Log(max_lines=1000, auto_scroll=True, id="log-lines")

    def show(self, what: frozenset[str]) -> None:
        if "log" in what:
            self.query_one(Log).write_lines(self.follower.take_log_lines())
