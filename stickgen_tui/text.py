"""The one door through which foreign text enters a widget.

Logs, names, paths, captions and messages of exceptions come from outside. `foreign` makes escape codes
inert and hands back a `Content`, which Textual shows literally: square brackets in it are never markup.
"""

from __future__ import annotations

from textual.content import Content

from stickgen.text import clean

__all__ = ["clean", "foreign", "one_line"]


def foreign(text: object, style: str = "", *, limit: int | None = None) -> Content:
    """`text`, cleaned, as content in one style; newlines stay."""
    return Content.styled(clean(text, limit=limit), style)


def one_line(text: object, style: str = "", *, limit: int | None = None) -> Content:
    """`text`, cleaned, on a single line and cut to `limit` characters."""
    return Content.styled(clean(text, single_line=True, limit=limit), style)
