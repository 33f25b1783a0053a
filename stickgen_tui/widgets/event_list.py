"""What happened in a run: the newest events, each with its time of day and a glyph."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from textual.content import Content
from textual.widget import Widget

from stickgen.run_contract import EventKind, Field
from stickgen_tui.text import clean
from stickgen_tui.tones import MUTED

GLYPHS: dict[str, tuple[str, str]] = {
    EventKind.STARTED: ("▶", "$text-primary"),
    EventKind.RESUMED: ("▶", "$text-primary"),
    EventKind.CHECKPOINT: ("◆", "$text-success"),
    EventKind.SAMPLE: ("☺", "$text-accent"),
    EventKind.ALERT: ("!", "$text-warning"),
    EventKind.ROLLBACK: ("↶", "$text-warning"),
    EventKind.CONTROL: ("›", MUTED),
    EventKind.EPOCH: ("·", MUTED),
    EventKind.LIVE: ("≈", "$text-accent"),
    EventKind.EARLY: ("◧", "$text-primary"),
    EventKind.PAUSED: ("⏸", "$text-warning"),
    EventKind.FINISHED: ("✓", "$text-success"),
    EventKind.STOPPED: ("■", MUTED),
    EventKind.FAILED: ("✗", "$text-error"),
}


class EventList(Widget):
    """Shows as many of the newest events as there are lines."""

    DEFAULT_CSS = "EventList { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._events: list[dict[str, Any]] = []

    def show(self, events: Iterable[dict[str, Any]]) -> None:
        """Show these events, oldest first."""
        self._events = list(events)
        self.refresh()

    def render(self) -> Content:
        if not self._events:
            return Content.styled("nothing has happened yet", MUTED)
        newest = self._events[-max(self.size.height, 1) :]
        return Content("\n").join(event_line(event, self.size.width) for event in newest)


def event_line(event: dict[str, Any], width: int) -> Content:
    """`14:02:11 ◆ step 1,200 checkpoint saved`."""
    kind = clean(event.get(Field.EVENT, "?"), single_line=True, limit=20)
    glyph, style = GLYPHS.get(kind, ("·", MUTED))
    moment, step = event.get(Field.TIME), event.get(Field.STEP)
    clock = time.strftime("%H:%M:%S", time.localtime(moment)) if isinstance(moment, int | float) else " " * 8
    at = f"step {step:,}: " if isinstance(step, int) and not isinstance(step, bool) else ""
    message = clean(event.get(Field.MESSAGE) or kind, single_line=True, limit=300)
    line = Content.assemble((f"{clock} ", MUTED), (f"{glyph} ", style), f"{at}{message}")
    return line.truncate(max(width, 1), ellipsis=True)
