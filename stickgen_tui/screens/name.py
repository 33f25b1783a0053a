"""A name of a file, typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from stickgen_tui.path_suggester import PathSuggester


class NameScreen(ModalScreen[str]):
    """Dismisses with the name, or "" when it was left with escape. `hint` says below it what may be typed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, title: str, name: str, hint: str = "") -> None:
        super().__init__()
        self._title, self._name, self._hint = title, name, hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = "Enter takes it, esc leaves"
            yield Input(self._name, compact=True, select_on_focus=False, suggester=PathSuggester())
            if self._hint:
                yield Static(self._hint, markup=False, classes="muted")

    @on(Input.Submitted)
    def _taken(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        self.dismiss("")
