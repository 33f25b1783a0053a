"""The file as it stands, with line numbers and colours, kept in step with the row that has the focus."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from stickgen_tui.text import clean
from stickgen_tui.tones import FAINT

MOST_ANEW = 8  # changed lines that are coloured by themselves
MOST_IN_COLOUR = 100_000  # characters; colouring takes about a third of a second for a million


class YamlView(ScrollView, can_focus=True):
    """Read-only. Draws only the lines in sight, so that a long file costs no more than a short one."""

    class Pointed(Message):
        """A line was clicked, counted from 1."""

        def __init__(self, line: int) -> None:
            super().__init__()
            self.line = line

    DEFAULT_CSS = "YamlView { text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = ""
        self._lines: list[Content] = []
        self._at: int | None = None  # counted from 1
        self._tone = "$primary 18%"
        self._drawn: dict[tuple[object, ...], tuple[Content, Strip]] = {}  # lines as they were drawn last

    def show(self, text: str) -> None:
        """Show this text from now on. It may come from anywhere."""
        if text == self._text and self._lines:
            return
        before = self._lines
        self._lines = recoloured(self._text, before, text) or coloured(text)
        self._text = text
        self.virtual_size = Size(0, len(self._lines))
        changed = [
            number
            for number, (old, new) in enumerate(zip(before, self._lines, strict=False))
            if old is not new
        ]
        if len(before) != len(self._lines):
            self._drawn.clear()
        if len(before) != len(self._lines) or len(changed) > MOST_ANEW:
            self.refresh()
        else:
            for number in changed:
                self.refresh_lines(number)

    def point_at(self, line: int | None, tone: str = "$primary 18%") -> None:
        """Mark a line, from 1, and bring it into sight; None marks none."""
        if (line, tone) == (self._at, self._tone):
            return
        for marked in (self._at, line):
            if marked is not None:
                self.refresh_lines(marked - 1)
        self._at, self._tone = line, tone
        if line is not None:
            top, height = self.scroll_offset.y, max(self.size.height, 1)
            if not top + 1 < line < top + height:  # with one line around it, if there is one
                self.scroll_to(y=max(line - 1 - height // 2, 0), animate=False, immediate=True)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Pointed(event.y + self.scroll_offset.y + 1))

    def on_resize(self) -> None:
        line, self._at = self._at, None
        self.point_at(line, self._tone)

    def render_line(self, y: int) -> Strip:
        """One line: its number, a mark, its text."""
        width = self.size.width
        number = y + self.scroll_offset.y
        if number >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        here = number + 1 == self._at
        content = self._lines[number]
        look = (number, width, self.app.theme, self._tone if here else "")
        drawn = self._drawn.get(look)
        if drawn is None or drawn[0] is not content:
            drawn = self._drawn[look] = (content, self._draw(number, content, here))
        return drawn[1]

    def notify_style_update(self) -> None:
        self._drawn.clear()
        super().notify_style_update()

    def _draw(self, number: int, content: Content, here: bool) -> Strip:
        width = self.size.width
        gutter = Content.styled(f"{number + 1:>{len(str(len(self._lines)))}} {'▸' if here else ' '}", FAINT)
        line = gutter + content
        if here:
            line = line.pad_right(max(width - line.cell_length, 0)).stylize_before(f"on {self._tone}")
        strips = Visual.to_strips(self, line, width, 1, self.visual_style, pad=True)
        return strips[0] if strips else Strip.blank(width, self.rich_style)


def recoloured(before: str, lines: list[Content], text: str) -> list[Content] | None:
    """The lines of `text`, where it is `before` but for a line or a few; None where all are to be coloured anew.

    An edit changes a line, and colouring a file takes most of the time of a key press.
    """
    old, new = before.split("\n"), text.split("\n")
    if len(old) != len(new) or len(lines) not in (len(old), len(old) - 1):
        return None
    changed = [number for number in range(len(lines)) if old[number] != new[number]]
    if len(changed) > MOST_ANEW or any(":" not in new[number] for number in changed):
        return None  # a line without a key may be part of a longer text
    out = list(lines)
    for number in changed:
        (out[number],) = coloured(new[number]) or [Content("")]
    return out


def coloured(text: str) -> list[Content]:
    """The lines of a YAML text, cleaned, with the colours of its syntax."""
    lines = [clean(line.expandtabs(4)) for line in text.replace("\r\n", "\n").split("\n")]
    if lines and not lines[-1] and len(lines) > 1:
        lines.pop()
    if sum(map(len, lines)) > MOST_IN_COLOUR:
        return [Content(line) for line in lines]
    from textual.highlight import highlight  # late: Pygments is not needed for the first frame

    found = highlight("\n".join(lines), language="yaml").split("\n", allow_blank=True)
    # a lexer that lost a line would set all lines below it on the wrong number
    return found if len(found) == len(lines) else [Content(line) for line in lines]
