"""A row of the editor: a key, its value, what is to know about it, and its error right below."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive, var
from textual.widget import Widget
from textual.widgets import Input

from stickgen.config.schema import KEY_BY_PARTS, Key, Value
from stickgen.errors import StickgenError
from stickgen_tui.editing.session import Edit, EditSession, FieldState
from stickgen_tui.editing.values import fix_text
from stickgen_tui.path_suggester import PathSuggester
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import FAINT, MUTED
from stickgen_tui.widgets.columns import ARROWS, Columns, columns


class TextBox(Input):
    """An Input of a fixed size: what is typed is drawn in it, and lays out nothing. Its cursor stands still."""

    virtual_size = Reactive(Size(0, 0))

    def on_mount(self) -> None:
        self.cursor_blink = False


class Field(Widget, can_focus=True):
    """Shows a key of the session. Steps and typed values are asked for by message; the screen applies them.

    A text box is open from `action_edit` until `close`. Whoever does something else first takes what stands in
    it: `typed_edits` reads it, `refuse` says why it cannot be.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left,minus,h",
            "step(-1)",
            "Step back",
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

    class Default(Message):
        """A person wants this key at its default."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    class Step(Message):
        """A person wants the next value up (+1) or down (-1)."""

        def __init__(self, field: Field, direction: int) -> None:
            super().__init__()
            self.field, self.direction = field, direction

    class Take(Message):
        """The text box is to be taken and closed; `then` is the row to go to, so many further down."""

        def __init__(self, field: Field, then: int = 0) -> None:
            super().__init__()
            self.field, self.then = field, then

    class Typing(Message):
        """What stands in the text box now, where it is allowed; None: it is not, or the box was closed."""

        def __init__(self, field: Field, value: Value | None) -> None:
            super().__init__()
            self.field, self.value = field, value

    class Open(Message):
        """A person clicked to type a value."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

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
        known = key.parts in KEY_BY_PARTS
        super().__init__(id="field-" + key.path.replace(".", "-") if known else None)
        self.key = key
        self.group = key.group if known else ""
        self._session = session
        self.state: FieldState = session.state(key)
        self._typed_error: str | None = None
        self._height = 0  # lines that it was given last
        self._box: Input | None = None
        self._box_began = ""  # the value as shown when the box was opened

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
        key = f"; f {fix_text(problem, 's')}" if problem.fixable else ""
        fix = f"{key}; {problem.fix}" if problem.fix else key
        return clean(f"{problem.message}{fix}", single_line=True, limit=300)

    def _fit(self) -> None:
        """Draw the row again; a new height lays the form out anew, which costs more than all else of a key press."""
        height = 2 if self.error else 1
        if self._height != height:
            self._height = self.styles.height = height
        self.refresh()

    def on_mount(self) -> None:
        self._fit()

    def render(self) -> Content:
        state = self.state
        marker = "▸ " if self.has_focus or self.typing else "* " if state.was is not None else "  "
        name = Content.styled(
            f"{marker}{self._label():<{self._columns.name - 2}}", "bold" if state.was is not None else ""
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
        room = self._columns.name - 3
        return name if len(name) <= room else "…" + name[-(room - 1) :]

    @property
    def _columns(self) -> Columns:
        return columns(self.size.width, cell_len(self._whole()))

    def _whole(self) -> str:
        """The value on one line; a switch as one."""
        text = clean(self.state.text, single_line=True)
        return {"true": "━● true", "false": "●━ false"}.get(text, text) if self.key.type is bool else text

    def _shown(self) -> str:
        """The value as it stands in the row, cut to its room."""
        room = self._columns.value - ARROWS
        text = self._whole()
        # the end of a path says more than its beginning
        return text if cell_len(text) <= room else "…" + set_cell_size(text[::-1], room - 1)[::-1]

    def _value(self) -> Content:
        text = self._shown()
        steps = self.key.type is not str or bool(self.key.choices)
        left, right = ("‹ ", " ›") if steps and (self.has_focus or self.mouse_hover) else ("  ", "  ")
        style = MUTED if not self.state.in_file else "" if self.state.is_default else "$text-accent"
        unit = f" {self.key.unit}" if self.key.unit else ""
        rest = self._columns.value - ARROWS - cell_len(text)
        unit = unit[:rest] if len(unit) <= rest else ""
        pad = " " * (rest - len(unit))
        if not right.strip():
            right, pad = "", pad + right  # the unit stands right behind its number
        return Content.assemble((left, MUTED), (text, style), (right, MUTED), (unit, MUTED), pad)

    def _note(self) -> Content:
        if self.state.was is not None:
            return one_line(f" was {self.state.was}", "$text-warning", limit=40)
        tone = FAINT if self.state.is_default else MUTED
        return Content.styled(f" {self.key.comment}" if self._columns.comment else "", tone)

    # -- keys

    def action_step(self, direction: int) -> None:
        self.post_message(self.Step(self, direction))

    def action_reset(self) -> None:
        self.post_message(self.Default(self))

    async def action_enter(self) -> None:
        """The control of the key's type: a switch turns, choices open as a list, the rest is typed."""
        if self.key.type is bool and self.state.text in ("true", "false"):
            self.action_step(1)
        elif self.key.choices:
            self.post_message(self.Choose(self))
        else:
            await self.open_box()

    async def action_type(self, character: str) -> None:
        """A digit begins a new number; a binding, so that it keeps its place among the keys before it."""
        if self.key.type in (int, float):
            await self.open_box(character)

    # -- the text box

    async def open_box(self, text: str | None = None) -> None:
        """Open a text box over the value, with `text` instead of the present value."""
        if self._box is not None:
            return
        shown = self.state.text.rstrip("\n")
        box = TextBox(
            shown if text is None else text,
            compact=True,
            select_on_focus=False,
            suggester=PathSuggester() if self.key.is_path else None,
            classes="field-box",
        )
        place = self._columns
        box.styles.margin = (0, 0, 0, place.name + 2)
        box.styles.width = max(place.value - 2, min(24, self.size.width - place.name - 2))
        if self.key.is_path or (self.key.type is str and not self.key.choices):
            box.styles.width = max(
                self.size.width - place.name - 2, place.value - 2
            )  # what is left of the row
        self._box, self._box_began, self.typing = box, shown, True
        await self.mount(box)
        if text is None:
            box.select_all()
        self.screen.set_focus(box)  # at once: Widget.focus waits, and the next key would miss the box

    @property
    def box_changed(self) -> bool:
        """Whether the text in the box is another than the value it was opened on."""
        return self._box is not None and self._box.value != self._box_began

    def typed_edits(self) -> list[Edit]:
        """The edits that the box stands for, none if its text is as it was.

        Raises StickgenError with what is allowed.
        """
        if self._box is None or not self.box_changed:
            return []
        try:
            return [(self.key.parts, self._session.parse(self.key, self._box.value))]
        except ValueError as error:
            raise StickgenError(str(error)) from error

    def refuse(self, reason: object) -> None:
        """Say below the value why the text cannot be taken, and go back into the box."""
        self._typed_error = clean(reason, single_line=True, limit=300)
        self._fit()
        if self._box is not None:
            self.screen.set_focus(self._box)

    def close(self) -> None:
        """Close the box, whatever stands in it. The focus stays in this row where it was here."""
        box, self._box = self._box, None
        if box is None:
            return
        self.typing = False
        self._typed_error = None
        self._fit()
        self.post_message(self.Typing(self, None))
        if self.screen.focused in (box, None):
            self.screen.set_focus(self, scroll_visible=False)
        box.remove()

    async def on_key(self, event: events.Key) -> None:
        box = self._box
        if box is None:
            return
        if event.key == "escape":
            event.stop()
            self.close()
        elif event.key in ("up", "down"):
            event.stop()
            self.post_message(self.Take(self, then=1 if event.key == "down" else -1))
        elif event.key == "tab":  # takes what is suggested
            event.stop()
            event.prevent_default()
            box.cursor_position = len(box.value)
            box.action_cursor_right()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input is not self._box:  # it has been closed meanwhile
            return
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
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Take(self))

    @on(Input.Blurred)
    def _left(self, event: Input.Blurred) -> None:
        """Something else got the focus. A terminal that is left for another window gives it back."""
        event.stop()
        if event.input is self._box and self.app.app_focus:
            self.post_message(self.Take(self))

    def on_click(self, event: events.Click) -> None:
        if event.widget is not self:  # into the text box
            return
        at = event.x - self._columns.name
        listed = self.key.type is bool or bool(self.key.choices)
        behind = 2 + cell_len(self._shown())  # the value: its › stands here, behind a blank
        if not 0 <= at < self._columns.value:
            return
        if at < 2 and (listed or self.key.type is not str):
            self.action_step(-1)
        elif listed or (self.key.type is not str and behind <= at < behind + 2):
            self.action_step(1)
        elif at >= 2 and event.chain == 2:
            self.post_message(self.Open(self))

    def on_focus(self) -> None:
        self.post_message(self.Focused(self))
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_enter(self) -> None:
        self.refresh()  # the arrows that a click would meet

    def on_leave(self) -> None:
        self.refresh()
