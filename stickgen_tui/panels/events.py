"""What happened in a run."""

from __future__ import annotations

from textual.app import ComposeResult

from stickgen_tui.following.moment import Moment
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.panels.panel import Panel
from stickgen_tui.widgets.event_list import EventList


class EventsPanel(Panel):
    """The newest events."""

    NAME = "events"
    LEAST_COLUMNS = 48

    def __init__(self, follower: RunFollower) -> None:
        super().__init__(follower)
        self._moment: Moment | None = None

    def compose(self) -> ComposeResult:
        yield EventList(id="event-list")

    def show(self, what: frozenset[str]) -> None:
        if "events" in what:
            self._show()

    def look_at(self, moment: Moment | None) -> None:
        self._moment = moment
        self.border_title = self.NAME if moment is None else f"{self.NAME} up to step {moment.step:,}"
        self._show()

    def _show(self) -> None:
        moment = self._moment
        self.query_one(EventList).show(
            event for event in self.follower.events if moment is None or moment.tells(event)
        )
