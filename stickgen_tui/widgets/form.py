"""The rows of the editor, group by group, from the schema; the keys that it does not know come last."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from stickgen.config.nodes import Path_
from stickgen.config.schema import GROUPS, keys_of
from stickgen_tui.editing import EditSession, UnknownKey
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.field import Field

OTHERS = ("Other keys", "Kept as they are, and editable as text.")


class GroupTitle(Static):
    """The heading of a group."""

    def __init__(self, name: str, title: str, help: str) -> None:
        words = Content.assemble((title, "bold $primary"), (f"  {help}", MUTED))
        super().__init__(words, classes="group-title", markup=False)
        self.group = name


class Form(Vertical):  # a VerticalScroll would take up and down for itself
    """Shows the session; changes are asked for by the messages of its fields."""

    def __init__(self, session: EditSession, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._session = session
        self._others: list[
            Path_
        ] = []  # the keys of the file that the schema does not know, as they are shown

    def compose(self) -> ComposeResult:
        for group in GROUPS:
            yield GroupTitle(group.name, group.title, group.help)
            for key in keys_of(group.name):
                yield Field(key, self._session)
        others = self._session.unknown()
        self._others = [key.parts for key in others]
        if others:
            yield GroupTitle("", *OTHERS)
            yield from (Field(key, self._session) for key in others)

    def reload(self, session: EditSession) -> None:
        """Show the session as it is now; a row is drawn again only where it changed."""
        self._session = session
        others = session.unknown()
        if [key.parts for key in others] != self._others:
            self._show_others(others)
        for field in self.query(Field):
            field.reload(session)

    def _show_others(self, others: list[UnknownKey]) -> None:
        """An edit, or another file, took away or brought keys that the schema does not know."""
        rows = {field.key.parts: field for field in self.query(Field) if not field.group}
        wanted = {key.parts for key in others}
        fields = list(self.query(Field))
        for at, field in enumerate(fields):
            if not field.group and field.key.parts not in wanted:
                if field.has_focus:
                    following = [f for f in fields[at + 1 :] if f.key.parts in wanted]
                    self.screen.set_focus(following[0] if following else fields[at - 1])
                field.remove()
        title = next((title for title in self.query(GroupTitle) if not title.group), None)
        if others and title is None:
            title = GroupTitle("", *OTHERS)
            self.mount(title)
        elif not others and title is not None:
            title.remove()
        before: Widget | None = title
        new: list[Widget] = []
        for key in others:
            row = rows.get(key.parts)
            if row is None:
                new.append(Field(key, self._session))
                continue
            if new:
                self.mount_all(new, after=before)
            before, new = row, []
        if new:
            self.mount_all(new, after=before)
        self._others = [key.parts for key in others]

    @property
    def open_field(self) -> Field | None:
        """The row whose text box is open."""
        return next((field for field in self.query(Field) if field.typing), None)

    def move(self, by: int) -> None:
        """Give the focus to the row so many further, among those in sight."""
        fields = [field for field in self.query(Field) if field.display]
        if not fields:
            return
        focused = self.screen.focused
        at = fields.index(focused) if isinstance(focused, Field) and focused in fields else 0
        target = fields[min(max(at + by, 0), len(fields) - 1)]
        self.screen.set_focus(
            target, scroll_visible=False
        )  # at once: Widget.focus waits, the next key does not
        self.scroll_to_widget(target, animate=False, top=False)
        if target is fields[0]:
            self.scroll_home(animate=False)

    def filter(self, text: str) -> int:
        """Show only the rows whose key, comment or help have all these words; how many those are."""
        words = text.lower().split()
        groups = set()
        count = 0
        for field in self.query(Field):
            key = field.key
            found = all(word in f"{key.path} {key.comment} {key.help}".lower() for word in words)
            field.display = found
            count += found
            if found:
                groups.add(field.group)
        for title in self.query(GroupTitle):
            title.display = title.group in groups
        return count
