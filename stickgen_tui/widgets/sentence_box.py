"""The line in which a sentence is typed that is to be drawn."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

LONGEST = 300  # characters


class SentenceBox(Input):
    """Hidden until it is opened. It posts `Taken` at Enter, and goes away at escape."""

    DEFAULT_CSS = "SentenceBox { display: none; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Back", show=False)]

    class Taken(Message):
        """This is to be drawn."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            placeholder="a sentence, and Enter draws it: a person waves",
            compact=True,
            max_length=LONGEST,
            id=id,
        )

    def open(self) -> None:
        """Show it with the focus; the next sentence is typed over the last one."""
        self.display = True
        self.select_all()
        self.screen.set_focus(self)

    def action_close(self) -> None:
        """Hide it, and keep what stands in it."""
        self.display = False
        self.screen.set_focus(None)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.action_close()
            self.post_message(self.Taken(event.value.strip()))
