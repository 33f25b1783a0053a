"""Which panels the monitor shows, and where: each key is seen at once on the monitor behind this box."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from stickgen_tui.panels.arrangement import Arrangement
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line


class ArrangeScreen(ModalScreen[None]):
    """`show` is told of each change; the arrangement on screen when it closes is the one to keep."""

    HELP_TITLE = "Panels"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False, tooltip="The panel above"),
        Binding("down", "choose(1)", show=False, tooltip="The panel below"),
        Binding("space", "hide", "Hide / show", tooltip="Hide the panel, or show it"),
        Binding("shift+up,K", "move(-1)", "Move up", tooltip="Move the panel towards the first place"),
        Binding("shift+down,J", "move(1)", "Move down", tooltip="Move the panel towards the last place"),
        Binding("u", "usual", "As usual", tooltip="Put all panels back where they are at first"),
        Binding("escape,enter,v", "close", "Close", tooltip="Keep it so"),
    ]

    def __init__(
        self, arrangement: Arrangement, usual: Arrangement, show: Callable[[Arrangement], None]
    ) -> None:
        super().__init__()
        self._arrangement, self._usual, self._tell = arrangement, usual, show
        self._at = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog arrange") as box:
            box.border_title = "Panels"
            yield Line(id="arrange-list")
            yield Line(
                "space hides or shows · shift+↑ ↓ (or K J) moves · u as usual · esc keeps it so",
                classes="muted",
            )

    def on_mount(self) -> None:
        self._show()

    @property
    def _names(self) -> tuple[str, ...]:
        return self._arrangement.upper + self._arrangement.lower

    def _show(self) -> None:
        lines: list[Content] = []
        for row, names in (("upper row", self._arrangement.upper), ("lower row", self._arrangement.lower)):
            lines.append(Content.styled(row if names else f"{row}: none", MUTED))
            for name in names:
                here = name == self._names[self._at]
                box = "[ ]" if name in self._arrangement.hidden else "[x]"
                lines.append(Content.styled(f" {'›' if here else ' '} {box} {name}", "bold" if here else ""))
        self.query_one("#arrange-list", Line).show(Content("\n").join(lines))

    def _change(self, arrangement: Arrangement) -> None:
        name = self._names[self._at]
        self._arrangement = arrangement
        self._at = self._names.index(name)
        self._show()
        self._tell(arrangement)

    def on_click(self, event: events.Click) -> None:
        """A click on a panel's line hides or shows it."""
        if event.widget is not self.query_one("#arrange-list"):
            return
        lines: list[str | None] = [None, *self._arrangement.upper, None, *self._arrangement.lower]
        name = lines[event.y] if event.y < len(lines) else None
        if name is not None:
            self._at = self._names.index(name)
            self.action_hide()

    # -- keys

    def action_choose(self, by: int) -> None:
        self._at = (self._at + by) % len(self._names)
        self._show()

    def action_hide(self) -> None:
        self._change(self._arrangement.toggled(self._names[self._at]))

    def action_move(self, by: int) -> None:
        self._change(self._arrangement.moved(self._names[self._at], by))

    def action_usual(self) -> None:
        self._change(self._usual)

    def action_close(self) -> None:
        self.dismiss(None)
