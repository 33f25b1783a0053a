"""Where in training a figure is from: a line from the first step to the last, with a mark for each sample."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from stickgen_tui.tones import MUTED


class StepStrip(Widget):
    """A click on it chooses the sample that is nearest."""

    DEFAULT_CSS = "StepStrip { height: 1; }"

    class Chosen(Message):
        """A sample was clicked."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._told: tuple[tuple[int, ...], int | None, int] = ((), None, 0)

    def show(self, steps: Sequence[int], at: int | None, total: int) -> None:
        """The steps that have a sample, that of the one that is shown, and how many there will be."""
        told = (tuple(steps), at, max(total, *steps, at or 0, 1))
        if told != self._told:
            self._told = told
            self.refresh()

    def _column(self, step: int) -> int:
        width, total = self.size.width, self._told[2]
        return min(max(round(step / max(total, 1) * (width - 1)), 0), max(width - 1, 0))

    def render(self) -> Content:
        steps, at, _ = self._told
        width = self.size.width
        if width < 3 or not steps:
            return Content("")
        line = ["─"] * width
        line[0], line[-1] = "├", "┤"
        for step in steps:
            line[self._column(step)] = "┼"
        if at is None:
            return Content.styled("".join(line), MUTED)
        here = self._column(at)
        return Content.assemble(
            ("".join(line[:here]), MUTED), ("●", "bold $text-accent"), ("".join(line[here + 1 :]), MUTED)
        )

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if self._told[0]:
            self.post_message(
                self.Chosen(min(self._told[0], key=lambda step: abs(self._column(step) - event.x)))
            )
