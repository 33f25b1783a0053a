"""A few facts, a line each: a quiet label on the left, the value beside it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from stickgen_tui.tones import MUTED


class Facts(Static):
    """Label and value lines; `show` redraws only when something changed."""

    DEFAULT_CSS = "Facts { height: auto; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(Content(""), id=id, markup=False)
        self._lines: list[tuple[str, Content]] = []

    def show(self, lines: Sequence[tuple[str, str | Content]]) -> None:
        """Show these lines. A value that is a plain str is shown literally."""
        new = [(label, Content(value) if isinstance(value, str) else value) for label, value in lines]
        if new != self._lines:
            self._lines = new
            self.update(fact_lines(new))


def fact_lines(lines: Sequence[tuple[str, Content]]) -> Content:
    """The lines with their labels in one column; a line without a label continues the one above."""
    width = max((len(label) for label, _ in lines), default=0)
    return Content("\n").join(Content.styled(f"{label:<{width}}  ", MUTED) + value for label, value in lines)
