"""The editor: a form from the schema, errors where they are made, and a file that keeps every other byte."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, Static

from stickgen.config.schema import GROUPS, KEY_BY_PATH, Key, keys_of
from stickgen.errors import StickgenError
from stickgen_tui.editing import EditSession, edit_text, value_text
from stickgen_tui.launching import forecast, shown_path
from stickgen_tui.screens.launch import launch_config
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.screens.saving import changes_content, diff_content, notice, save
from stickgen_tui.text import clean, foreign, one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.field import Field
from stickgen_tui.widgets.forecast_line import ForecastLine
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.line import Line

FORECAST_AFTER = 0.3  # seconds without an edit


class EditorScreen(Screen[None]):
    """Edits one config file."""

    HELP_TITLE = "Editor"
    HELP = (
        "Each row is a key of the config. Up and down move; left and right step through sensible values; Enter or "
        "a digit types one. A * marks what you changed, and the line below a value says what is wrong with it. "
        "Where it names a fix, f makes it. Saving changes only the values you changed: comments and everything else stay byte for byte.\n"
    )
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, tooltip="The row above"),
        Binding("down,j", "move(1)", "Down", show=False, tooltip="The row below"),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("ctrl+s", "save", "Save", tooltip="Write the file"),
        Binding(
            "f5,ctrl+l",
            "launch",
            "Launch",
            key_display="F5",
            tooltip="Launch a run of this config (F5, ctrl+l)",
        ),
        Binding("f", "mend", "Fix", tooltip="Make the edit that the problem of this row suggests"),
        Binding("slash", "find", "Find", key_display="/", tooltip="Show only keys that contain a word"),
        Binding("d", "diff", "Diff", tooltip="What saving would change in the file, line by line"),
        Binding("ctrl+z", "undo", "Undo", tooltip="Take back the last change"),
        Binding("ctrl+y", "redo", "Redo", show=False, tooltip="Make the change again"),
        Binding("escape", "leave", "Back", tooltip="Back; asks when something is not saved"),
    ]

    def __init__(self, path: Path, root: Path | None = None) -> None:
        super().__init__()
        self._path, self._root = path, root
        self._session: EditSession | None = None
        self._refusal: str | None = None
        try:
            self._session = EditSession.open(path)
        except StickgenError as error:
            self._refusal = clean(error)
        self._pending: Timer | None = None

    # -- composing

    def compose(self) -> ComposeResult:
        yield Line(id="editor-title", classes="title-line")
        if self._session is None:
            yield from self._compose_refusal()
            yield KeyBar()
            return
        yield Input(placeholder="a word of the key or its help", id="find", compact=True)
        with Horizontal(id="editor-body"):
            with Vertical(id="form"):  # a VerticalScroll would take up and down for itself
                for group in GROUPS:
                    yield Static(
                        Content.assemble((group.title, "bold $primary")), classes="group-title", markup=False
                    )
                    for key in keys_of(group.name):
                        yield Field(key, self._session)
                others = self._session.unknown()
                if others:
                    yield Static(
                        Content.styled("Other keys, kept as they are", "bold $primary"), classes="group-title"
                    )
                    yield Static(
                        Content("\n").join(
                            one_line(f"  {path}: {text}", MUTED, limit=100) for path, text in others
                        ),
                        markup=False,
                    )
            with Vertical(id="side"):
                yield Line(id="key-help")
                yield Line(id="problems")
        yield ForecastLine(id="forecast")
        yield KeyBar()

    def _compose_refusal(self) -> ComposeResult:
        """The file cannot be edited as a form: say why, and show it as it is."""
        with VerticalScroll(id="raw"):
            yield Static(foreign(f"✗ {self._refusal}", "$text-error"), markup=False, classes="refusal")
            try:
                with self._path.open("rb") as file:
                    text = file.read(100_000).decode("utf-8", errors="replace")
            except OSError:
                text = ""
            yield Static(foreign(text), markup=False)

    def on_mount(self) -> None:
        self._show_title()
        if self._session is not None:
            self.query(Field).first().focus(scroll_visible=False)
            self._show_problems()
            self._forecast_soon()

    # -- showing

    def _show_title(self) -> None:
        path = clean(shown_path(self._path), single_line=True)
        parts: list[tuple[str, str] | str] = [("Editor ", "bold $primary"), (path, "bold")]
        if self._session is None:
            parts.append(("  read-only: it cannot be read as a config", "$text-error"))
        elif self._session.dirty:
            count = len(self._session.changes())
            parts.append((f"  ● {count} change{'s' if count != 1 else ''} not saved", "$text-warning"))
        else:
            parts.append(("  ✓ saved", MUTED))
        self.query_one("#editor-title", Line).show(Content.assemble(*parts))

    def _show_problems(self) -> None:
        assert self._session is not None
        lines: list[Content] = []
        for problem in self._session.problems[:6]:
            glyph, style = ("✗", "$text-error") if problem.severity == "error" else ("!", "$text-warning")
            where = f"line {problem.line}: " if problem.line else ""
            fix = f"; {problem.fix}" if problem.fix else ""
            lines.append(one_line(f"{glyph} {where}{problem.path}: {problem.message}{fix}", style, limit=300))
        more = len(self._session.problems) - len(lines)
        if more > 0:
            lines.append(Content.styled(f"and {more} more", MUTED))
        if not lines:
            lines = [Content.styled("✓ no problems in this config", "$text-success")]
        self.query_one("#problems", Line).show(Content("\n").join(lines))

    @on(Field.Focused)
    def _show_help(self, event: Field.Focused) -> None:
        key = event.field.key
        self.query_one("#key-help", Line).show(self._help_of(key))

    def _help_of(self, key: Key) -> Content:
        assert self._session is not None
        position = self._session.document.position(key.path)
        where = f"line {position[0]} of the file" if position else "not in the file: it takes the default"
        unit = f" {key.unit}" if key.unit else ""
        usual = "  ·  usual: " + ", ".join(value_text(step) for step in key.steps) if key.steps else ""
        return Content.assemble(
            (key.path, "bold $primary"),
            ("  " + where, MUTED),
            "\n",
            key.help,
            ("\n" + key.range_text().capitalize(), MUTED),
            (f"  ·  default {value_text(key.default)}{unit}{usual}", MUTED),
        )

    # -- editing

    @on(Field.Change)
    def _change(self, event: Field.Change) -> None:
        assert self._session is not None
        key, value = event.field.key, event.value
        try:
            if value is None:
                self._session.reset(key)
            elif isinstance(value, bool | int | float | str):
                self._session.set(key, value)
        except StickgenError as error:
            notice(self.app, error, error=True)
        self._refresh_all()
        self.query_one("#key-help", Line).show(self._help_of(key))

    def _refresh_all(self) -> None:
        for field in self.query(Field):
            field.reload(self._session)
        self._show_title()
        self._show_problems()
        self._forecast_soon()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "mend":
            return self._session is not None and any(problem.edit for problem in self._session.problems)
        return True

    def action_mend(self) -> None:
        """Apply the suggested edit of the row's problem, or of the first problem there is."""
        if self._session is None:
            return
        focused = self.focused
        try:
            mended = self._session.mend(focused.key if isinstance(focused, Field) else None)
        except StickgenError as error:
            notice(self.app, error, error=True)
            return
        if mended is not None:
            notice(self.app, f"set {edit_text(mended)}; ctrl+z takes it back")
            self._refresh_all()

    def action_undo(self) -> None:
        if self._session is not None and self._session.undo():
            self._refresh_all()

    def action_redo(self) -> None:
        if self._session is not None and self._session.redo():
            self._refresh_all()

    def action_move(self, by: int) -> None:
        fields = [field for field in self.query(Field) if field.display]
        if not fields:
            if self.query("#raw"):
                self.query_one("#raw").scroll_relative(y=by, animate=False)
            return
        focused = self.focused
        at = fields.index(focused) if isinstance(focused, Field) and focused in fields else 0
        target = fields[min(max(at + by, 0), len(fields) - 1)]
        self.set_focus(target, scroll_visible=False)  # at once: Widget.focus waits, the next key does not
        self.query_one("#form").scroll_to_widget(target, animate=False, top=False)
        if target is fields[0]:
            self.query_one("#form").scroll_home(animate=False)

    # -- finding

    def action_find(self) -> None:
        if self._session is not None:
            box = self.query_one("#find", Input)
            box.display = True
            self.set_focus(box)

    @on(Input.Changed, "#find")
    def _filter(self, event: Input.Changed) -> None:
        words = event.value.lower().split()
        for field in self.query(Field):
            key = KEY_BY_PATH[field.key.path]
            text = f"{key.path} {key.comment} {key.help}".lower()
            field.display = all(word in text for word in words)
        for title in self.query(".group-title"):
            title.display = not words

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        first = next((field for field in self.query(Field) if field.display), None)
        if first is not None:
            self.set_focus(first)

    def _close_find(self) -> bool:
        box = self.query_one("#find", Input)
        was_open = box.display
        box.value = ""
        box.display = False
        return was_open

    # -- the forecast

    def _forecast_soon(self) -> None:
        if self._pending is not None:
            self._pending.stop()
        self._pending = self.set_timer(FORECAST_AFTER, self._forecast)

    def _forecast(self) -> None:
        if self._session is None:
            return
        line = self.query_one("#forecast", ForecastLine)
        if self._session.errors:
            line.show_errors(len(self._session.errors))
        else:
            self._work_out(self._session.document.data)

    @work(thread=True, exclusive=True, group="forecast", exit_on_error=False)
    def _work_out(self, data: bytes) -> None:
        self.post_message(ForecastLine.Ready(forecast(data, str(self._path))))

    @on(ForecastLine.Ready)
    def _forecast_ready(self, event: ForecastLine.Ready) -> None:
        self.query_one("#forecast", ForecastLine).show_forecast(event.forecast)

    # -- saving, launching, leaving

    def action_save(self) -> None:
        self._save()

    @work(group="save")
    async def _save(self) -> None:
        await self._saved()

    async def _saved(self) -> bool:
        """Save, with what there is to ask; False when the file was not written."""
        saved = await save(self.app, self._session) if self._session is not None else None
        if saved is None:
            return False
        self._session = saved
        self._path = saved.document.path or self._path
        self._refresh_all()
        return True

    def action_diff(self) -> None:
        self._show_diff()

    @work(group="save")
    async def _show_diff(self) -> None:
        """What a save would change, line by line, against the file on disk."""
        session = self._session
        if session is None:
            return
        lines = session.diff()
        if not lines:
            notice(self.app, "no changes: the file on disk reads the same")
            return
        title = f"What saving changes in {clean(self._path.name, single_line=True)}"
        question = QuestionScreen(title, diff_content(lines), [("b", "Back"), ("s", "Save")])
        if await self.app.push_screen_wait(question) == "s":
            await self._saved()

    def action_launch(self) -> None:
        self._launch()

    @work(group="launch", exclusive=True)
    async def _launch(self) -> None:
        session = self._session
        if session is None:
            notice(self.app, self._refusal or "this file cannot be launched", error=True)
            return
        if session.errors:
            problem = session.errors[0]
            notice(self.app, f"not launched: {problem.path}: {problem.message}", error=True)
            return
        if session.dirty:
            answers = [("y", "Save and launch"), ("n", "Back")]
            question = QuestionScreen("Save before the launch?", changes_content(session), answers)
            if await self.app.push_screen_wait(question) != "y" or not await self._saved():
                return
        await launch_config(self, self._path, self._root)

    def action_leave(self) -> None:
        if self._session is not None and self._close_find():
            self.set_focus(self.query(Field).first())
            return
        self._leave()

    @work(group="leave", exclusive=True)
    async def _leave(self) -> None:
        if self._session is not None and self._session.dirty:
            answers = [("b", "Back"), ("s", "Save and leave"), ("d", "Drop the changes")]
            question = QuestionScreen("Leave without saving?", changes_content(self._session), answers)
            answer = await self.app.push_screen_wait(question)
            if answer not in ("s", "d") or (answer == "s" and not await self._saved()):
                return
        self.dismiss(None)
