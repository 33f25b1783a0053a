"""A piece of text that is drawn again only when it says something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.css.styles import RulesMap


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
            before, self._said = self._said, new
            self.update(new, layout=self._grows(before, new))

    def _grows(self, before: Content, new: Content) -> bool:
        """Whether what is said now needs more or fewer lines or columns: only then is the screen laid out anew."""
        width = self.size.width
        if width == 0 or (self.styles.width is not None and self.styles.width.is_auto):
            return True
        if self.styles.height is not None and not self.styles.height.is_auto:
            return False
        rules = cast("RulesMap", self.styles)  # as Textual itself passes them
        least = self.styles.min_height.cells if self.styles.min_height is not None else None
        return max(before.get_height(rules, width), least or 0) != max(
            new.get_height(rules, width), least or 0
        )
