"""The keys that the schema does not know. A file may have thousands, so only those near the view are widgets."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from stickgen.config.schema import Key
from stickgen.yaml_edit import KeyPath
from stickgen_tui.editing.session import EditSession
from stickgen_tui.editing.unknown_key import UnknownKey
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.field import Field

TITLE = ("Other keys", "Kept as they are, and editable as text.")
AHEAD = 24  # rows that are made above and below what is in view


class GroupTitle(Static):
    """The heading of a group."""

    def __init__(self, name: str, title: str, help: str) -> None:
        words = Content.assemble((title, "bold $primary"), (f"  {help}", MUTED))
        super().__init__(words, classes="group-title", markup=False)
        self.group = name

    class Clicked(Message):
        """A person wants to go to this group."""

        def __init__(self, group: str) -> None:
            super().__init__()
            self.group = group

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked(self.group))


class Gap(Static):
    """Takes the place of the rows that are not made."""

    def __init__(self) -> None:
        super().__init__(classes="gap")
        self.styles.height = 0

    def stand_for(self, height: int) -> None:
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height


class OtherKeys(Vertical):
    """Rows by number, made when they are needed: those in view, and the one that has the focus.

    The gaps between them are as high as the rows would be, so that scrolling is the same.
    """

    def __init__(self, session: EditSession) -> None:
        super().__init__(classes="other-keys")
        self._session = session
        self._keys = session.unknown()
        self._words: list[str] = []
        self._shown = self._keys  # those with the words that are looked for
        self._number: dict[KeyPath, int] = {}  # of those
        self._tops: list[int] = []  # the line below each row, counted from the first row
        self._rows: dict[KeyPath, Field] = {}
        self._view = range(AHEAD)
        self._gaps = [Gap() for _ in range(3)]  # before the rows, around the one with the focus, after them

    def compose(self) -> ComposeResult:
        yield GroupTitle("", *TITLE)
        yield from self._gaps

    def on_mount(self) -> None:
        self._take()

    def __len__(self) -> int:
        """How many keys are shown, as rows or as room for them."""
        return len(self._shown)

    def __bool__(self) -> bool:
        return True

    # -- what the form asks

    def reload(self, session: EditSession) -> None:
        """Show the session as it is now. The focus of a row whose key is gone goes to the one after it."""
        self._session = session
        keys = session.unknown()
        if [key.parts for key in keys] != [key.parts for key in self._keys]:
            left = self._left_by(keys)
            self._keys = keys
            self._take()
            if left is not None:
                self._focus_near(left)
        elif keys:
            self._measure()
            self._lay_out()
        for row in self._rows.values():
            row.reload(session)

    def filter(self, words: list[str]) -> int:
        """Show only the keys that have all these words; how many those are."""
        self._words = words
        self._take()
        return len(self._shown)

    @property
    def rows(self) -> list[Field]:
        """Those that are made now, in no order."""
        return list(self._rows.values())

    def number_of(self, field: Field) -> int | None:
        return self._number.get(field.key.parts)

    def row(self, number: int) -> Field:
        """The row of a key that is shown, made now if it was not there."""
        key = self._shown[number]
        if key.parts not in self._rows:
            self._view = range(number - AHEAD, number + AHEAD)
            self._lay_out()
        return self._rows[key.parts]

    def row_of(self, parts: KeyPath) -> Field | None:
        """The same of a key, None if it is not shown."""
        number = self._number.get(parts)
        return None if number is None else self.row(number)

    def look_at(self, top: int, height: int) -> None:
        """Make the rows that are seen at these lines, counted from the top of this widget."""
        first = bisect_right(self._tops, top - 2)
        last = bisect_right(self._tops, top + height)
        if self._made(max(first, 0), min(last, len(self._shown) - 1)):
            return
        self._view = range(first - AHEAD, last + AHEAD)
        self._lay_out()

    # -- laying out

    def _take(self) -> None:
        """Count the keys anew: which are shown, and where."""
        self._shown = (
            [key for key in self._keys if has_words(key, self._words)] if self._words else self._keys
        )
        self._number = {key.parts: number for number, key in enumerate(self._shown)}
        self.display = bool(self._shown)
        self._measure()
        self._lay_out()

    def _measure(self) -> None:
        heights = (2 if self._session.problem(key) is not None else 1 for key in self._shown)
        self._tops = list(accumulate(heights))

    def _made(self, first: int, last: int) -> bool:
        return all(self._shown[number].parts in self._rows for number in range(first, last + 1))

    def _lay_out(self) -> None:
        """Make the rows that are wanted, take away the others, and fit the gaps."""
        if self._gaps[0] not in self.children:  # not composed yet, or closed before it was
            return
        wanted = set(range(max(self._view.start, 0), min(self._view.stop, len(self._shown))))
        busy = next((parts for parts, row in self._rows.items() if row.has_focus or row.typing), None)
        if busy in self._number:
            wanted.add(self._number[busy])
        numbers = sorted(wanted)
        keys = [self._shown[number] for number in numbers]
        self._keep_only(keys)
        before: Widget = self._gaps[0]
        waiting: list[Field] = []
        for key in keys:
            row = self._rows.get(key.parts)
            if row is None:
                row = self._rows[key.parts] = Field(key, self._session)
                waiting.append(row)
                continue
            if waiting:
                self.mount_all(waiting, after=before)
            before, waiting = row, []
        if waiting:
            self.mount_all(waiting, after=before)
        self._fit_gaps(numbers)

    def _keep_only(self, keys: list[UnknownKey]) -> None:
        """Take the other rows away; all of them where their order is another now."""
        order = [key.parts for key in keys if key.parts in self._rows]
        here = [child.key.parts for child in self.children if isinstance(child, Field)]
        kept = set(order)
        if [parts for parts in here if parts in kept] != order:
            kept = set()
        for parts in [parts for parts in self._rows if parts not in kept]:
            row = self._rows.pop(parts)
            row.display = False  # at once; it is taken out after this
            row.remove()

    def _fit_gaps(self, numbers: list[int]) -> None:
        """Put a gap wherever rows are left out: before, between (the focus may be far from the view), after."""
        gaps = list(self._gaps)
        end = -1  # the last row above
        above: Widget = gaps[0]
        for number in numbers:
            if number > end + 1 or end < 0:
                gap = gaps.pop(0)
                self._put_behind(above, gap)
                gap.stand_for(self._lines(end + 1, number))
            above, end = self._rows[self._shown[number].parts], number
        for gap in gaps:
            self._put_behind(above, gap)
            gap.stand_for(self._lines(end + 1, len(self._shown)))
            above, end = gap, len(self._shown) - 1

    def _put_behind(self, above: Widget, gap: Gap) -> None:
        """Move a gap, where it does not stand there already: a move lays out the whole form."""
        if above is not gap and self.children.index(gap) != self.children.index(above) + 1:
            self.move_child(gap, after=above)

    def _lines(self, first: int, behind: int) -> int:
        """How many lines the rows from `first` up to `behind` take."""
        if behind <= first:
            return 0
        return self._tops[behind - 1] - (self._tops[first - 1] if first else 0)

    # -- a row whose key is gone

    def _left_by(self, keys: list[UnknownKey]) -> list[KeyPath] | None:
        """Where the row with the focus goes with its key: the keys to go to, nearest first."""
        there = {key.parts for key in keys}
        held = next((parts for parts, row in self._rows.items() if row.has_focus), None)
        if held is None or held in there:
            return None
        order = [key.parts for key in self._keys]
        at = order.index(held)
        return [parts for parts in [*order[at + 1 :], *reversed(order[:at])] if parts in there]

    def _focus_near(self, places: list[KeyPath]) -> None:
        row = next((row for parts in places if (row := self.row_of(parts)) is not None), None)
        if row is None:  # none is left: the row above this group
            fields = [field for field in self.screen.query(Field) if field.display and field.group]
            row = fields[-1] if fields else None
        self.screen.set_focus(row)


def has_words(key: Key, words: list[str]) -> bool:
    """Whether all these words, in lower case, stand in the key's path, comment or help."""
    text = f"{key.path} {key.comment} {key.help}".lower()
    return all(word in text for word in words)
