"""A few facts, a line each: a quiet label on the left, the value beside it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line


class Facts(Line):
    """Label and value lines."""

    DEFAULT_CSS = "Facts { height: auto; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }"

    def show_facts(self, lines: Sequence[tuple[str, str | Content]]) -> None:
        """Show these lines. A value that is a plain str is shown literally."""
        self.show(fact_lines([(label, Content(v) if isinstance(v, str) else v) for label, v in lines]))


def fact_lines(lines: Sequence[tuple[str, Content]]) -> Content:
    """The lines with their labels in one column; a line without a label continues the one above."""
    width = max((len(label) for label, _ in lines), default=0)
    return Content("\n").join(Content.styled(f"{label:<{width}}  ", MUTED) + value for label, value in lines)
