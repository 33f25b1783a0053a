"""The rows of the editor, group by group, from the schema; the keys that it does not know come last."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical

from stickgen.config.schema import GROUPS, KEYS, Key
from stickgen.yaml_edit import KeyPath
from stickgen_tui.editing.session import EditSession
from stickgen_tui.widgets.field import Field
from stickgen_tui.widgets.other_keys import GroupTitle, OtherKeys, has_words


class Form(Vertical):  # a VerticalScroll would take up and down for itself
    """Shows the session; changes are asked for by the messages of its fields."""

    def __init__(self, session: EditSession, *, keys: Sequence[Key] = KEYS, id: str | None = None) -> None:
        super().__init__(id=id)
        self._session = session
        self._fields = [Field(key, session) for key in keys]
        self._others = OtherKeys(session)

    def compose(self) -> ComposeResult:
        shown = {field.group for field in self._fields}
        for group in (group for group in GROUPS if group.name in shown):
            yield GroupTitle(group.name, group.title, group.help)
            yield from (field for field in self._fields if field.group == group.name)
        yield self._others

    def reload(self, session: EditSession) -> None:
        """Show the session as it is now; a row is drawn again only where it changed."""
        self._session = session
        for field in self._fields:
            field.reload(session)
        self._others.reload(session)

    @property
    def open_field(self) -> Field | None:
        """The row whose text box is open."""
        return next((field for field in (*self._fields, *self._others.rows) if field.typing), None)

    @property
    def first(self) -> Field:
        """The first row of all."""
        return self._fields[0]

    def found(self, parts: KeyPath | None) -> Field | None:
        """The row of this key if it is in sight, or else the first that is; None if none is."""
        known = self._known()
        row = next((field for field in known if field.key.parts == parts), None)
        if row is None and parts is not None:
            row = self._others.row_of(parts)
        if row is None:
            row = known[0] if known else self._others.row(0) if len(self._others) else None
        return row

    def at_line(self, line: int) -> Field | None:
        """The row in sight whose key stands on this line of the file, counted from 1."""
        document = self._session.document
        rows = [
            field
            for field in self._known()
            if (place := document.position(field.key.parts)) and place[0] == line
        ]
        return rows[0] if rows else None

    def move(self, by: int) -> None:
        """Give the focus to the row so many further, among those in sight."""
        known = self._known()
        count = len(known) + len(self._others)
        if not count:
            return
        focused = self.screen.focused
        at = 0
        if isinstance(focused, Field):
            number = self._others.number_of(focused)
            if focused in known:
                at = known.index(focused)
            elif number is not None:
                at = len(known) + number
        to = min(max(at + by, 0), count - 1)
        self.go_to(known[to] if to < len(known) else self._others.row(to - len(known)))
        if to == 0:
            self.scroll_home(animate=False)

    def go_to(self, row: Field) -> None:
        """Give a row the focus, and bring it into view."""
        self.screen.set_focus(row, scroll_visible=False)  # at once: Widget.focus waits, the next key does not
        if row.size:
            self.scroll_to_widget(row, animate=False, top=False)
        else:  # it was made just now, and has no place yet
            self.call_after_refresh(self._bring_into_view, row)

    def _bring_into_view(self, row: Field) -> None:
        if row.has_focus:
            self.scroll_to_widget(row, animate=False, top=False)

    @on(GroupTitle.Clicked)
    def _go_to_group(self, event: GroupTitle.Clicked) -> None:
        """A click on a heading goes to the first of its rows."""
        event.stop()
        row = next((field for field in self._known() if field.group == event.group), None)
        if row is None and len(self._others):
            row = self._others.row(0)
        if row is not None:
            self.go_to(row)

    def _known(self) -> list[Field]:
        return [field for field in self._fields if field.display]

    def filter(self, text: str) -> int:
        """Show only the rows whose key, comment or help have all these words; how many those are."""
        words = text.lower().split()
        for field in self._fields:
            field.display = has_words(field.key, words)
        known = self._known()
        groups = {field.group for field in known}
        for title in self.query_children(GroupTitle):
            title.display = title.group in groups
        return len(known) + self._others.filter(words)

    # -- the rows that are made when they are needed

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._look_at_others()

    def on_resize(self, event: events.Resize) -> None:
        self._look_at_others()

    def _look_at_others(self) -> None:
        if self._others.is_mounted and self._others.display:
            top = round(self.scroll_y) - self._others.virtual_region.y
            if top + self.size.height > 0:
                self._others.look_at(top, self.size.height)
