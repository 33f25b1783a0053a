"""What stands in the border of a box, set only when it says something else: Textual redraws the box each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

if TYPE_CHECKING:
    from textual.widget import Widget


def say_title(box: Widget, words: str) -> None:
    """Write `words`, literally, into the top border of `box`."""
    title = Content(words)
    if (box.border_title or "") != title.markup:
        box.border_title = title


def say_subtitle(box: Widget, words: str) -> None:
    """Write `words`, literally, into the bottom border of `box`."""
    subtitle = Content(words)
    if (box.border_subtitle or "") != subtitle.markup:
        box.border_subtitle = subtitle
