"""The keys that work here, in one line at the bottom.

Textual's Footer makes each key a widget and makes them anew at every change of focus, which is most of what
a key press costs in a long form. This one draws a line, when the line changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

_GAP = 2


@dataclass(frozen=True)
class Entry:
    """A key, what it does, and what a click on it runs."""

    key: str
    label: str
    action: str
    enabled: bool

    @property
    def width(self) -> int:
        return len(self.key) + 1 + len(self.label)


class KeyBar(Widget):
    """Follows the screen's active bindings; the way back, help and the palette stand at the right."""

    DEFAULT_CSS = "KeyBar { dock: bottom; height: 1; padding: 0 1; }"
    LAST = ("leave", "back", "help", "command_palette")  # at the right, and never cut off
    LATER = ("step(1)",)  # what a row shows anyway comes after what it does not

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self._places: list[tuple[int, int, Entry]] = []  # first column, column behind the last, entry

    def on_mount(self) -> None:
        self._update(self.screen)
        self.screen.bindings_updated_signal.subscribe(self, self._update)

    def _update(self, screen: Screen[object]) -> None:
        if screen is not self.screen:
            return
        entries = self._found()
        if entries != self._entries:
            self._entries = entries
            self.refresh()

    def _found(self) -> list[Entry]:
        found: dict[str, Entry] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.description and (binding.show or binding.action in self.LAST):
                entry = Entry(self._key_of(binding), binding.description, binding.action, active.enabled)
                found.setdefault(binding.action, entry)
        return sorted(found.values(), key=lambda entry: self._rank(entry.action))

    def _key_of(self, binding: Binding) -> str:
        return self.app.get_key_display(binding)

    def _rank(self, action: str) -> int:
        return self.LAST.index(action) + 2 if action in self.LAST else int(action in self.LATER)

    def render(self) -> Content:
        width = self.size.width
        last = [entry for entry in self._entries if entry.action in self.LAST]
        room = width - sum(entry.width + _GAP for entry in last)
        self._places = []
        line, at = Content(""), 0
        for entry in self._entries:
            if entry in last:
                continue
            if at + entry.width > room:
                break
            line, at = self._placed(line, at, entry)
        for entry in last:
            start = width - sum(e.width + _GAP for e in last[last.index(entry) :]) + _GAP
            line, at = line + " " * max(start - at, 0), max(start, at)
            line, at = self._placed(line, at, entry)
        return line

    def _placed(self, line: Content, at: int, entry: Entry) -> tuple[Content, int]:
        self._places.append((at, at + entry.width, entry))
        tone = "" if entry.enabled else "$foreground 40%"
        drawn = Content.assemble((entry.key, f"bold $text-accent {tone}".strip()), (f" {entry.label}", tone))
        return line + drawn + " " * _GAP, at + entry.width + _GAP

    async def on_click(self, event: events.Click) -> None:
        """Run what was clicked, on whatever has the focus, as its key would."""
        for start, end, entry in self._places:
            if start <= event.x - 1 < end and entry.enabled:
                for active in self.screen.active_bindings.values():
                    if active.binding.action == entry.action:
                        await self.app.run_action(entry.action, active.node)
                        return
