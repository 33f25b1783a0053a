"""The panels by number, in a line: which can be seen, and a click for those that cannot."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from stickgen_tui.tones import MUTED


class PanelTabs(Widget):
    """Says which of the panels are on screen; a click on a name chooses it."""

    DEFAULT_CSS = "PanelTabs { height: 1; padding: 0 1; }"

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, names: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._names = tuple(names)
        self._seen: tuple[str, ...] = ()

    def show(self, seen: Sequence[str]) -> None:
        """Mark the panels that are seen."""
        if tuple(seen) != self._seen:
            self._seen = tuple(seen)
            self.refresh()

    def _labels(self) -> list[str]:
        """What each tab says: those that are seen stand in brackets, so that it is told without colour too."""
        return [
            f"[{number} {name}]" if name in self._seen else f" {number} {name} "
            for number, name in enumerate(self._names, 1)
        ]

    def render(self) -> Content:
        return Content.assemble(
            *(
                (label, "bold" if name in self._seen else MUTED)
                for name, label in zip(self._names, self._labels(), strict=True)
            )
        )

    def on_click(self, event: events.Click) -> None:
        end = 1  # the padding
        for name, label in zip(self._names, self._labels(), strict=True):
            start, end = end, end + len(label)
            if start <= event.x < end:
                self.post_message(self.Chosen(name))
                return
