"""The limits of y of one chart, typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from stickgen_tui.panels.run_charts import Limits, read_limits
from stickgen_tui.widgets.line import Line

_HINT = "two numbers, the lower one first; nothing leaves y free"


class LimitsScreen(ModalScreen[None]):
    """`take` gets what was typed, None for a y that is free; escape takes nothing."""

    HELP_TITLE = "Limits of y"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", tooltip="Leave the limits as they are")
    ]
    DEFAULT_CSS = "LimitsScreen { align: center middle; background: $background 60%; }"

    def __init__(self, title: str, now: Limits | None, take: Callable[[Limits | None], None]) -> None:
        super().__init__()
        self._title, self._take = title, take
        self._now = "" if now is None else f"{now[0]:g} {now[1]:g}"

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(f"Limits of y: {self._title}")
            box.border_subtitle = "Enter takes them, esc leaves"
            yield Input(self._now, placeholder="0.1 0.5", compact=True)
            yield Line(_HINT, id="limits-said", classes="muted")

    @on(Input.Submitted)
    def _taken(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            limits = read_limits(event.value)
        except ValueError as error:
            self.query_one("#limits-said", Line).show(Content.styled(f"✗ {error}", "$text-error"))
            return
        self._take(limits)
        self.dismiss(None)

    def action_leave(self) -> None:
        self.dismiss(None)
