"""A row of the editor: a key, its value, what is to know about it, and its error right below."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import Input

from stickgen.config.schema import KEY_BY_PATH, Key, Value
from stickgen.errors import StickgenError
from stickgen_tui.editing import EditSession, FieldState, mend_text
from stickgen_tui.path_suggester import PathSuggester
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import FAINT, MUTED

NAME_WIDTH = 24
VALUE_WIDTH = 26


class Field(Widget, can_focus=True):
    """Shows a key of the session. Steps and typed values are asked for by message; the screen applies them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left,minus,h",
            "step(-1)",
            "",
            show=False,
            key_display="←",
            tooltip="The next smaller value, or choice",
        ),
        Binding(
            "right,plus,l", "step(1)", "Step", key_display="← →", tooltip="The next larger value, or choice"
        ),
        Binding(
            "enter",
            "enter",
            "Type",
            tooltip="Type a value, choose one of a list, or switch; esc leaves it as it was",
        ),
        Binding("space", "step(1)", show=False),
        *(Binding("full_stop" if c == "." else c, f"type('{c}')", show=False) for c in "0123456789."),
        Binding(
            "delete,backspace",
            "reset",
            "Default",
            show=False,
            key_display="del",
            tooltip="Back to the default",
        ),
    ]

    class Change(Message):
        """A person wants this key to have this value; None: its default."""

        def __init__(self, field: Field, value: object) -> None:
            super().__init__()
            self.field, self.value = field, value

    class Typing(Message):
        """What stands in the text box now, where it is allowed; None: it is not, or the box was closed."""

        def __init__(self, field: Field, value: Value | None) -> None:
            super().__init__()
            self.field, self.value = field, value

    class Choose(Message):
        """A person wants to see the choices of this key."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    class Focused(Message):
        """The row got the focus."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    typing: var[bool] = var(False)

    def __init__(self, key: Key, session: EditSession) -> None:
        known = key.path in KEY_BY_PATH
        super().__init__(id="field-" + key.path.replace(".", "-") if known else None)
        self.key = key
        self.group = key.group if known else ""
        self._session = session
        self.state: FieldState = session.state(key)
        self._typed_error: str | None = None
        self.read_only = False

    def reload(self, session: EditSession | None = None) -> None:
        """Take the state from the session; redraw only when it changed."""
        self._session = session or self._session
        state = self._session.state(self.key)
        if state != self.state:
            self.state = state
            self._fit()

    @property
    def error(self) -> str | None:
        """The sentence below the value, if there is one."""
        if self._typed_error is not None:
            return self._typed_error
        problem = self.state.problem
        if problem is None:
            return None
        key = f"; f {mend_text(problem, 's')}" if problem.mendable else ""
        fix = f"{key}; {problem.fix}" if problem.fix else key
        return clean(f"{problem.message}{fix}", single_line=True, limit=300)

    def _fit(self) -> None:
        self.styles.height = 2 if self.error else 1
        self.refresh(layout=True)

    def on_mount(self) -> None:
        self._fit()

    def render(self) -> Content:
        state = self.state
        marker = "▸ " if self.has_focus or self.typing else "* " if state.was is not None else "  "
        name = Content.styled(
            f"{marker}{self._label():<{NAME_WIDTH - 2}}", "bold" if state.was is not None else ""
        )
        line = name + self._value() + self._note()
        if self.error is None:
            return line
        severe = self._typed_error is not None or (
            self.state.problem is not None and self.state.problem.severity == "error"
        )
        glyph, style = ("✗ ", "$text-error") if severe else ("! ", "$text-warning")
        return line + Content.assemble("\n    ", (glyph, style), (self.error, style))

    def _label(self) -> str:
        """The key's name; of one that the schema does not know the end of its path."""
        name = self.key.name if self.group else clean(self.key.path, single_line=True)
        room = NAME_WIDTH - 3
        return name if len(name) <= room else "…" + name[-(room - 1) :]

    def _value(self) -> Content:
        room = VALUE_WIDTH - 4
        text = clean(self.state.text, single_line=True)
        if self.key.type is bool:
            text = {"true": "━● true", "false": "●━ false"}.get(text, text)
        if len(text) > room:
            text = "…" + text[-(room - 1) :]  # the end of a path says more than its beginning
        steps = self.key.type is not str or bool(self.key.choices)
        left, right = ("‹ ", " ›") if steps and self.has_focus else ("  ", "  ")
        style = MUTED if not self.state.in_file else "" if self.state.is_default else "$text-accent"
        unit = f" {self.key.unit}" if self.key.unit else ""
        rest = VALUE_WIDTH - 4 - len(text)
        unit = unit[:rest] if len(unit) <= rest else ""
        pad = " " * (rest - len(unit))
        if not right.strip():
            right, pad = "", pad + right  # the unit stands right behind its number
        return Content.assemble((left, MUTED), (text, style), (right, MUTED), (unit, MUTED), pad)

    def _note(self) -> Content:
        if self.state.was is not None:
            return one_line(f" was {self.state.was}", "$text-warning", limit=40)
        tone = FAINT if self.state.is_default else MUTED
        return Content.styled(f" {self.key.comment}", tone)

    # -- keys

    def action_step(self, direction: int) -> None:
        if self.read_only:
            return
        value = self._session.stepped(self.key, direction)
        if value is not None:
            self.post_message(self.Change(self, value))

    def action_reset(self) -> None:
        if not self.read_only:
            self.post_message(self.Change(self, None))

    async def action_enter(self) -> None:
        """The control of the key's type: a switch turns, choices open as a list, the rest is typed."""
        if self.key.type is bool and self.state.text in ("true", "false"):
            self.action_step(1)
        elif self.key.choices and not self.read_only:
            self.post_message(self.Choose(self))
        else:
            await self.action_edit()

    async def action_edit(self, text: str | None = None) -> None:
        """Open a text box over the value, with `text` instead of the present value."""
        if self.read_only or self.typing:
            return
        box = Input(
            self.state.text if text is None else text,
            compact=True,
            select_on_focus=False,
            suggester=PathSuggester() if self.key.is_path else None,
            classes="field-box",
        )
        self.typing = True
        await self.mount(box)
        if text is None:
            box.select_all()
        self.screen.set_focus(box)  # at once: Widget.focus waits, and the next key would miss the box

    async def action_type(self, character: str) -> None:
        """A digit begins a new number; a binding, so that it keeps its place among the keys before it."""
        if self.key.type in (int, float):
            await self.action_edit(character)

    async def on_key(self, event: events.Key) -> None:
        if self.typing and event.key == "escape":
            event.stop()
            await self._close()
        elif self.typing and event.key in ("up", "down"):
            event.stop()
            if await self._take(self.query_one(Input).value):
                self.screen.focus_next(Field) if event.key == "down" else self.screen.focus_previous(Field)
        elif self.typing and event.key == "tab":  # takes what is suggested
            event.stop()
            event.prevent_default()
            box = self.query_one(Input)
            box.cursor_position = len(box.value)
            box.action_cursor_right()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        value: Value | None = None
        error = None
        try:
            value = self._session.parse(self.key, event.value)
        except (StickgenError, ValueError) as problem:
            error = clean(problem, single_line=True, limit=300)
        self.post_message(self.Typing(self, value))
        if error != self._typed_error:
            self._typed_error = error
            self._fit()

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        await self._take(event.value)

    async def _take(self, text: str) -> bool:
        """Ask for the typed value; False, and the box stays, while it is not allowed."""
        try:
            value = self._session.parse(self.key, text)
        except (StickgenError, ValueError) as problem:
            self._typed_error = clean(problem, single_line=True, limit=300)
            self._fit()
            return False
        await self._close()
        self.post_message(self.Change(self, value))
        return True

    async def _close(self) -> None:
        self.typing = False
        self._typed_error = None
        self.post_message(self.Typing(self, None))
        self._fit()
        self.screen.set_focus(self, scroll_visible=False)
        await self.query(Input).remove()

    async def on_click(self, event: events.Click) -> None:
        at = event.x - NAME_WIDTH
        if 0 <= at < 2:
            self.action_step(-1)
        elif 2 <= at < VALUE_WIDTH and (self.key.type is bool or self.key.choices):
            self.action_step(1)
        elif 2 <= at < VALUE_WIDTH and event.chain == 2:
            await self.action_edit()

    def on_focus(self) -> None:
        self.post_message(self.Focused(self))
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()
