"""The board: puts the monitor's panels where their arrangement says."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import NULL_OFFSET, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.message import Message
from textual.widget import Widget

from stickgen_tui.panels.arrangement import Arrangement, Need
from stickgen_tui.panels.panel import Panel


class Board(Container):
    """All panels of a monitor. Those without a place are not displayed, and draw nothing."""

    DEFAULT_CSS = "Board { height: 1fr; }"

    class Settled(Message):
        """Other panels can be seen than before."""

    def __init__(self, panels: Sequence[Panel], arrangement: Arrangement) -> None:
        super().__init__(id="board")
        self.panels = tuple(panels)
        self.arrangement = arrangement
        self.only: str | None = None
        self._layout_as_arranged = BoardLayout()
        self._needs = {panel.NAME: Need(panel.LEAST_COLUMNS, panel.WEIGHT) for panel in self.panels}

    def compose(self) -> ComposeResult:
        yield from self.panels

    def on_mount(self) -> None:
        self._settle()

    def on_resize(self) -> None:
        self._settle()

    def arrange_as(self, arrangement: Arrangement) -> None:
        """Put the panels where this says."""
        self.arrangement = arrangement
        self._settle()

    def show_only(self, name: str | None) -> None:
        """Show one panel alone; None shows all that have a place."""
        self.only = name
        self._settle()

    @property
    def layout(self) -> Layout:
        """The arrangement; a style sheet knows only Textual's own layouts by name."""
        return self._layout_as_arranged

    @property
    def seen(self) -> tuple[str, ...]:
        """The panels that can be seen, in the order of the screen."""
        return tuple(self.arrangement.regions(self.size, self._needs, self.only))

    def _settle(self) -> None:
        seen = self.seen
        for panel in self.panels:
            panel.display = panel.NAME in seen
        self.refresh(layout=True)
        self.post_message(self.Settled())

    def place(self, size: Size, children: Sequence[Widget]) -> list[WidgetPlacement]:
        """A placement for each panel that is seen."""
        regions = self.arrangement.regions(size, self._needs, self.only)
        return [
            WidgetPlacement(regions[panel.NAME], NULL_OFFSET, Spacing(), panel)
            for panel in children
            if isinstance(panel, Panel) and panel.NAME in regions
        ]


class BoardLayout(Layout):
    """Textual's view of a board."""

    name = "board"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """See Layout.arrange."""
        parent.pre_layout(self)
        return parent.place(size, children) if isinstance(parent, Board) else []
