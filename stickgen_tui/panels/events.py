"""What happened in a run."""

from __future__ import annotations

from textual.app import ComposeResult

from stickgen_tui.panels.panel import Panel
from stickgen_tui.widgets.event_list import EventList


class EventsPanel(Panel):
    """The newest events."""

    NAME = "events"
    LEAST_COLUMNS = 48

    def compose(self) -> ComposeResult:
        yield EventList(id="event-list")

    def show(self, what: frozenset[str]) -> None:
        if "events" in what:
            self.query_one(EventList).show(self.follower.events)
