"""The box that narrows a form to the keys that contain a word."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line


class FindBar(Horizontal):
    """Hidden until it is opened. It posts `Wanted` for each change of its text, and `Taken` at Enter."""

    class Wanted(Message):
        """What is looked for."""

        def __init__(self, bar: FindBar, text: str) -> None:
            super().__init__()
            self.bar, self.text = bar, text

    class Taken(Message):
        """The person goes to what was found."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="a word of the key or its help", id="find", compact=True)
        yield Line(id="found")

    def open(self) -> None:
        """Show it with the focus; the next search is typed over the last one."""
        self.display = True
        box = self.query_one(Input)
        box.select_all()
        self.screen.set_focus(box)

    def close(self) -> bool:
        """Hide and empty it; whether it was open."""
        was_open = bool(self.display)
        self.query_one(Input).value = ""
        self.display = False
        return was_open

    def show_count(self, count: int, text: str) -> None:
        """Say how many keys contain `text`."""
        words = f"{count} key{'s' if count != 1 else ''}" if text.strip() else ""
        self.query_one("#found", Line).show(Content.styled(words, MUTED if count else "$text-error"))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Wanted(self, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Taken())
