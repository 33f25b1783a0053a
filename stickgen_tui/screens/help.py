"""`?`: the keys of the screen one is on, and what each does, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
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
            yield Static(getattr(self._about, "HELP", None) or "", markup=False, classes="help-text")
            yield Static(self._keys(), markup=False)
            yield Static("esc closes this", markup=False, classes="muted")

    def _keys(self) -> Content:
        lines: dict[str, tuple[str, Content]] = {}
        for node in (self._about.focused, self._about, self.app):
            if node is None:
                continue
            for binding in type(node).BINDINGS:
                if not isinstance(binding, Binding) or not binding.description:
                    continue
                changed = self._changed(type(node), binding)
                keys = (binding.key_display if changed is None else None) or " ".join(
                    self.app.get_key_display(Binding(key.strip(), "", ""))
                    for key in (changed or binding.key).split(",")
                )
                lines.setdefault(binding.action, (keys, Content(binding.tooltip or binding.description)))
        return fact_lines(list(lines.values()))

    def _changed(self, owner: type[DOMNode], binding: Binding) -> str | None:
        """The keys that a person has given to this action; None where it has its usual ones."""
        keymap: Mapping[str, str] = self.app._keymap
        if not keymap:
            return None
        from stickgen_tui.keymap import name_of

        return keymap.get(name_of(owner, binding) or "")

    async def action_dismiss(self, result: None = None) -> None:
        self.dismiss(None)
