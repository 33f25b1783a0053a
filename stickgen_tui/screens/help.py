"""`?`: the keys of the screen one is on, and what each does, in a sentence."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from stickgen_tui.widgets.facts import fact_lines


class HelpScreen(ModalScreen[None]):
    """Built from the bindings themselves, so that it cannot be out of date."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "Close", key_display="esc"),
    ]

    def __init__(self, about: Screen[object]) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        title = getattr(self._about, "HELP_TITLE", "stickgen")
        with VerticalScroll(classes="dialog help") as box:
            box.border_title = f"Help · {title}"
            yield Static(getattr(self._about, "HELP", ""), markup=False, classes="help-text")
            yield Static(self._keys(), markup=False)
            yield Static("esc closes this", markup=False, classes="muted")

    def _keys(self) -> Content:
        lines: dict[str, tuple[str, Content]] = {}
        for node in (self._about.focused, self._about, self.app):
            for binding in type(node).BINDINGS if node is not None else ():
                if not isinstance(binding, Binding) or not binding.description:
                    continue
                keys = binding.key_display or " ".join(
                    self.app.get_key_display(Binding(key.strip(), "", "")) for key in binding.key.split(",")
                )
                lines.setdefault(binding.action, (keys, Content(binding.tooltip or binding.description)))
        return fact_lines(list(lines.values()))

    async def action_dismiss(self, result: None = None) -> None:
        self.dismiss(None)
