"""A question with a few answers, one key each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

_ROOM = 68  # columns for the answers in a dialog on 80 columns
_BESIDE = 4  # what a button takes beside its label


class QuestionScreen(ModalScreen[str]):
    """Dismisses with the key of the answer chosen, or "" when it was left with escape.

    `answers` are (key, label); the first one has the focus, so that Enter takes it: put the one that harms
    nothing first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown", "scroll(10)", show=False),
    ]

    def __init__(self, title: str, body: Content | str, answers: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title, self._body, self._answers = title, body, tuple(answers)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog question") as box:
            box.border_title = Content(self._title)
            with VerticalScroll(id="question-body", can_focus=False):
                yield Static(self._body, markup=False)
            labels = {key: f"{label} ({key})" for key, label in self._answers}
            box.set_class(sum(cell_len(label) + _BESIDE for label in labels.values()) > _ROOM, "-below")
            with Vertical(classes="answers"):
                for key, label in labels.items():
                    yield Button(Content(label), id=f"answer-{key}", compact=True)

    def on_key(self, event: events.Key) -> None:
        for key, _ in self._answers:
            if event.character == key:
                event.stop()
                self.dismiss(key)
                return

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss((event.button.id or "").removeprefix("answer-"))

    def action_scroll(self, by: int) -> None:
        self.query_one("#question-body").scroll_relative(y=by, animate=False)

    def action_leave(self) -> None:
        self.dismiss("")
