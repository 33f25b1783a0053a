"""One of a list: by number, or by the arrows and Enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


class ChoiceScreen(ModalScreen[str]):
    """Dismisses with what was chosen, or "" when it was left with escape.

    `choices` are (what is handed back, what is shown); `at` has the mark when it opens, `about` stands above them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    def __init__(
        self, title: str, choices: Sequence[tuple[str, Content | str]], at: str = "", about: str = ""
    ) -> None:
        super().__init__()
        self._about = about
        self._title, self._choices, self._at = title, tuple(choices), at

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog choice") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = "a number or Enter takes it, esc leaves"
            if self._about:
                yield Static(self._about, markup=False, classes="help-text")
            yield OptionList(
                *(Option(self._line(number)) for number in range(len(self._choices))), compact=True
            )

    def _line(self, number: int) -> Content:
        shown = self._choices[number][1]
        key = f"{number + 1} " if number < 9 else "  "
        return Content.styled(key, "$text-accent") + (Content(shown) if isinstance(shown, str) else shown)

    def on_mount(self) -> None:
        ids = [value for value, _ in self._choices]
        self.query_one(OptionList).highlighted = ids.index(self._at) if self._at in ids else 0

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character.isdigit() and 0 < int(event.character) <= len(self._choices):
            event.stop()
            self.dismiss(self._choices[int(event.character) - 1][0])

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._choices[event.option_index][0])

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    def action_leave(self) -> None:
        self.dismiss("")
