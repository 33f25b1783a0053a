"""A piece of text that is drawn again only when it says something else."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Line(Static):
    """A Static without markup; `show` compares first, so that an idle screen sends no byte."""

    def __init__(
        self, content: Content | str = "", *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(content, id=id, classes=classes, markup=False)
        self._said = Content(content) if isinstance(content, str) else content

    def show(self, content: Content | str) -> None:
        """Say this from now on; a str is shown literally."""
        new = Content(content) if isinstance(content, str) else content
        if new.plain != self._said.plain or new.spans != self._said.spans:
            self._said = new
            self.update(new)
