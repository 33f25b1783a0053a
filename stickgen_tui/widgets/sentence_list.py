"""The sentences that a figure panel can show, a line each; a click chooses one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from stickgen.text import clean
from stickgen_tui.tones import MUTED


@dataclass(frozen=True)
class Sentence:
    """One line. `kind` says in a word where it is from."""

    kind: str
    text: str


class SentenceList(Widget):
    """Shows the lines around the chosen one, as many as there is room for."""

    DEFAULT_CSS = "SentenceList { height: auto; max-height: 4; text-wrap: nowrap; text-overflow: ellipsis; }"

    class Chosen(Message):
        """A sentence was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sentences: tuple[Sentence, ...] = ()
        self._at = 0

    def show(self, sentences: Sequence[Sentence], at: int) -> None:
        """Show these, the one at `at` marked; one alone needs no list."""
        if (tuple(sentences), at) != (self._sentences, self._at):
            grows = len(sentences) != len(self._sentences)
            self._sentences, self._at = tuple(sentences), at
            self.display = len(sentences) > 1
            self.refresh(layout=grows)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """See Widget: a line for each sentence."""
        return len(self._sentences)

    @property
    def _first(self) -> int:
        """The number of the sentence in the first line."""
        room = max(self.size.height, 1)
        return min(max(self._at - room // 2, 0), max(len(self._sentences) - room, 0))

    def render(self) -> Content:
        lines = []
        shown = self._sentences[self._first : self._first + max(self.size.height, 1)]
        for number, sentence in enumerate(shown, self._first):
            chosen = number == self._at
            text = clean(sentence.text, single_line=True, limit=200)
            lines.append(
                Content.assemble(
                    ("▸ " if chosen else "  ", "bold $text-accent"),
                    (f"{sentence.kind:<8}", MUTED),
                    (text, "bold" if chosen else ""),
                )
            )
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        number = self._first + event.y
        if number < len(self._sentences):
            self.post_message(self.Chosen(number))
