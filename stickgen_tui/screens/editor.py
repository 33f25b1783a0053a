"""The editor: a form from the schema, errors where they are made, and a file that keeps every other byte."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content

from stickgen.config.presets import preset_names
from stickgen.errors import StickgenError
from stickgen.planner.site import site_of
from stickgen.yaml_edit import KeyPath
from stickgen_tui.editing.session import Edit, EditSession
from stickgen_tui.editing.values import fix_text
from stickgen_tui.launching.preflight import shown_path
from stickgen_tui.notices import notice
from stickgen_tui.opens import opens
from stickgen_tui.screens.advice import AdviceScreen
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.screens.config_screen import ConfigScreen, taking_the_box
from stickgen_tui.screens.resetting import ResetScreen
from stickgen_tui.screens.text_editor import edit_text
from stickgen_tui.text import clean
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.field import Field
from stickgen_tui.widgets.find_bar import FindBar
from stickgen_tui.widgets.forecast_line import ForecastLine
from stickgen_tui.widgets.form import Form
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.side import Side
from stickgen_tui.widgets.yaml_view import YamlView

if TYPE_CHECKING:
    from stickgen.planner.advising.advice import Advice


class EditorScreen(ConfigScreen):
    """Edits one config file."""

    HELP_TITLE = "Editor"
    HELP = (
        "Each row is a key of the config. Up and down move; left and right step through sensible values; Enter or "
        "a digit types one (tab completes a path). A * marks what you changed, and the line below a value says "
        "what is wrong with it. Where it names a fix, f makes it. Saving changes only the values you changed: "
        "comments and everything else stay byte for byte. Edits outlive a killed terminal: the next start offers "
        "them.\n"
    )
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, tooltip="The row above"),
        Binding("down,j", "move(1)", "Down", show=False, tooltip="The row below"),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("ctrl+s", "save", "Save", tooltip="Write the file"),
        Binding("f5,ctrl+l", "launch", "Launch", key_display="F5", tooltip="Launch a run of this config (F5, ctrl+l)"),
        Binding("f", "fix", "Fix", tooltip="Make the edit that the problem of this row suggests"),
        Binding("S,ctrl+shift+s", "save_as", "Save as", key_display="S", show=False, tooltip="Write it under another name, and go on there"),
        Binding("o", "open", "Open", show=False, tooltip="Open another config: the newest first, or by its path"),
        Binding("C", "copy_command", "Command", show=False, tooltip="Copy the shell command that launches this config"),
        Binding("E", "text", "$EDITOR", show=False, tooltip="Edit the text itself in $EDITOR"),
        Binding("slash", "find", "Find", key_display="/", tooltip="Show only keys that contain a word"),
        Binding("d", "diff", "Diff", tooltip="What differs from the file on disk, from the preset, from the last run"),
        Binding("a", "advice", "Advice", tooltip="Out of memory, too slow, poor quality: edits that help, by a number"),
        Binding("v", "yaml", "YAML", tooltip="The file beside the form, or not"),
        Binding("r", "reset", "Reset", tooltip="A key, its group or all: to what is saved, the preset, the defaults"),
        Binding("ctrl+z", "undo", "Undo", tooltip="Take back the last change"),
        Binding("ctrl+y", "redo", "Redo", show=False, tooltip="Make the change again"),
        Binding("p", "preset", "Preset", show=False, tooltip="Choose the preset that is compared with"),
        Binding("ctrl+up", "scroll_pane(-3)", "Scroll up", show=False, tooltip="Scroll the file or the difference"),
        Binding("ctrl+down", "scroll_pane(3)", "Scroll down", show=False, tooltip="Scroll it on"),
        Binding("escape", "leave", "Back", tooltip="Back; asks when something is not saved"),
    ]  # fmt: skip

    def __init__(self, session: EditSession, path: Path, root: Path | None = None) -> None:
        super().__init__(session, path, root)
        self.add_class("-pane-usual", update=False)  # what Side turns to, before all is styled
        self._before_find: KeyPath | None = None  # the key that had the focus when the find box was opened
        self._typed_in: Field | None = None  # the row that was typed in last
        self._said_failure: str | None = None

    # -- composing

    def compose(self) -> ComposeResult:
        yield Line(id="editor-title", classes="title-line")
        yield FindBar(id="find-row")
        with Horizontal(id="editor-body"):
            yield Form(self._session, id="form")
            yield Side(self._session, id="side")
        yield ForecastLine(self._root, id="forecast")
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self._form.first, scroll_visible=False)
        self._refresh_all()
        self._side.find_references(self._root)

    @property
    def _side(self) -> Side:
        return self.query_one(Side)

    @property
    def _form(self) -> Form:
        return self.query_one(Form)

    @property
    def open_field(self) -> Field | None:
        return self._form.open_field

    # -- showing

    def _show_title(self) -> None:
        path = clean(shown_path(self._path), single_line=True)
        parts: list[tuple[str, str] | str] = [("Editor ", "bold $primary"), (path, "bold")]
        if self._session.dirty:
            count = len(self._session.changes())
            parts.append((f"  ● {count} change{'s' if count != 1 else ''} not saved", "$text-warning"))
        elif self._session.preset is not None:
            parts.append(("  a preset: saving asks for a name", MUTED))
        else:
            parts.append(("  ✓ saved", MUTED))
        self.query_one("#editor-title", Line).show(Content.assemble(*parts))

    @on(Field.Focused)
    def _follow_row(self, event: Field.Focused) -> None:
        self._side.follow(event.field.key)

    def _refresh_all(self, *, saved: bool = False) -> None:
        """After a change or a save: row, title and forecast in one frame, the file beside them in the next."""
        self._form.reload(self._session)
        self._show_title()
        self._forecast.follow(self._session, saved=saved)
        self.refresh_bindings()
        self.call_after_refresh(self._side.refresh_all, self._session)

    # -- editing

    def _settle(self) -> bool:
        """Take what stands in an open text box; False if it is refused: the box stays, and says why.

        Everything that shows, saves, launches or leaves the config calls this first.
        """
        field = self._form.open_field
        if field is None:
            return True
        try:
            edits = field.typed_edits()
            self._session.apply(edits)
        except StickgenError as error:
            where = re.escape(self._session.document.name)
            reason = str(error).replace("edit the text itself", "E edits the text itself")
            field.refuse(re.sub(rf"^{where}(:\d+)?: ", "", reason))  # the row is the place
            return False
        self._forecast.typed = None
        field.close()
        if edits:
            self._applied()
        return True

    @on(Field.Take)
    def _take(self, event: Field.Take) -> None:
        if self._settle() and event.then:
            self._form.move(event.then)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A click beside the open box takes it, on whatever it falls."""
        field = self._form.open_field
        if field is not None and not field.region.contains(*event.screen_offset):
            self._settle()

    @on(Field.Open)
    async def _open_box(self, event: Field.Open) -> None:
        if self._settle():
            await event.field.open_box()

    @on(Field.Step)
    def _step(self, event: Field.Step) -> None:
        if self._settle():
            value = self._session.stepped(event.field.key, event.direction)
            if value is not None:
                self._apply([(event.field.key.parts, value)])

    @on(Field.Default)
    def _to_default(self, event: Field.Default) -> None:
        key = event.field.key
        if self._settle() and self._apply(self._session.default_edits([key])) and not event.field.group:
            notice(self.app, f"{key.path} is taken out of the file; ctrl+z brings it back")

    def _apply(self, edits: Sequence[Edit]) -> bool:
        """Make these edits as one step; False, and a notice, where they are refused."""
        try:
            self._session.apply(edits)
        except StickgenError as error:
            notice(
                self.app, str(error).replace("edit the text itself", "E edits the text itself"), error=True
            )
            self._refresh_all()
            return False
        self._applied()
        return True

    def _applied(self) -> None:
        """Show what an edit made, and say what it made beside."""
        self._refresh_all()
        if self._session.also_changed:
            others = ", ".join(self._session.also_changed)
            notice(self.app, f"the value has an anchor: this changed {others} too")
        failure = self._session.draft_failure
        if failure and failure != self._said_failure:
            self._said_failure = failure
            notice(self.app, failure, error=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "fix":
            return any(problem.fixable for problem in self._session.problems)
        return True

    @taking_the_box
    def action_fix(self) -> None:
        """Apply the suggested edit of the row's problem, or of the first problem there is."""
        focused = self.focused
        try:
            fixed = self._session.fix(focused.key if isinstance(focused, Field) else None)
        except StickgenError as error:
            notice(self.app, error, error=True)
            return
        if fixed is not None:
            notice(self.app, f"{fix_text(fixed)}; ctrl+z takes it back")
            self._refresh_all()

    def action_undo(self) -> None:
        """Take back the last change; of a text that is being typed, the typing."""
        field = self._form.open_field
        if field is not None:
            typed = field.box_changed
            field.close()
            if typed:
                return
        if self._session.undo():
            self._refresh_all()

    @taking_the_box
    def action_redo(self) -> None:
        if self._session.redo():
            self._refresh_all()

    @taking_the_box
    def action_move(self, by: int) -> None:
        self._form.move(by)

    @on(Field.Choose)
    def _choose(self, event: Field.Choose) -> None:
        if self._settle():
            self._choose_for(event.field)

    @work(group="choose", exclusive=True)
    async def _choose_for(self, field: Field) -> None:
        choices = [(choice, choice) for choice in field.key.choices]
        screen = ChoiceScreen(field.key.path, choices, at=field.state.text)
        chosen = await self.app.push_screen_wait(screen)
        if chosen:
            self._apply([(field.key.path, chosen)])

    @taking_the_box
    def action_reset(self) -> None:
        self._reset()

    @work(group="choose", exclusive=True)
    async def _reset(self) -> None:
        field = self.focused if isinstance(self.focused, Field) else self._form.first
        edits = await self.app.push_screen_wait(ResetScreen(self._session, field.key, self._side.references))
        if edits and self._apply(edits):
            notice(self.app, f"reset {len(edits)} key{'s' if len(edits) != 1 else ''}; ctrl+z takes it back")

    @taking_the_box
    def action_advice(self) -> None:
        self._advise()

    @work(group="choose", exclusive=True)
    async def _advise(self) -> None:
        config, around = self._forecast.config, self._forecast.around
        if config is None or around is None:
            notice(self.app, "advice needs a config without errors: f fixes them", error=True)
            return
        advice: Advice | None = await self.app.push_screen_wait(AdviceScreen(config, around))
        if advice is not None and self._apply(advice.edits):
            notice(self.app, f"set {advice.change}; ctrl+z takes it back")

    # -- the panes

    @taking_the_box
    def action_diff(self) -> None:
        self._side.next_difference()

    @taking_the_box
    def action_yaml(self) -> None:
        shown = self._side.query_one("#yaml").display and self._side.query_one("#pane").display
        self._side.turn_to("none" if shown else "yaml")

    @on(YamlView.Pointed)
    def _go_to_line(self, event: YamlView.Pointed) -> None:
        """A click on a line of the file goes to the row of its key."""
        row = self._form.at_line(event.line)
        if row is not None and self._settle():
            self._form.go_to(row)

    def action_scroll_pane(self, by: int) -> None:
        self._side.scroll_pane(by)

    @taking_the_box
    def action_preset(self) -> None:
        self._choose_preset()

    @work(group="choose", exclusive=True)
    async def _choose_preset(self) -> None:
        name = await self.app.push_screen_wait(
            ChoiceScreen("Compare with the preset", [(name, name) for name in preset_names()])
        )
        if name:
            self._side.find_references(self._root, name)
            self._side.show_difference_to("preset")

    # -- finding

    @taking_the_box
    def action_find(self) -> None:
        if isinstance(self.focused, Field):
            self._before_find = self.focused.key.parts
        self.query_one(FindBar).open()

    @on(FindBar.Wanted)
    def _filter(self, event: FindBar.Wanted) -> None:
        event.bar.show_count(self._form.filter(event.text), event.text)

    @on(FindBar.Taken)
    def _found(self) -> None:
        row = self._form.found(self._before_find)
        if row is not None:
            self._form.go_to(row)

    # -- the forecast

    @property
    def _forecast(self) -> ForecastLine:
        return self.query_one(ForecastLine)

    @on(ForecastLine.Looked)
    def _have_looked(self, event: ForecastLine.Looked) -> None:
        """What is known of the machine and the dataset may be a problem of the config."""
        before = self._session.problems
        self._session.take_site(site_of(event.around.machine, event.around.facts), event.around.dataset)
        if self._session.problems != before:
            self._refresh_all()
        else:
            self._forecast.follow(self._session)

    @on(Field.Typing)
    def _typing(self, event: Field.Typing) -> None:
        """The answer comes while a value is typed, before it is taken."""
        self._typed_in = event.field
        known = event.field.typing and event.value is not None and not self._session.errors
        self._forecast.typed = (
            (event.field.key.path, event.value) if known and event.value is not None else None
        )
        self._forecast.follow(self._session)

    def on_unmount(self) -> None:
        """What is typed when a signal ends the app goes into the draft, like every other edit."""
        if self._typed_in is not None:
            with contextlib.suppress(StickgenError):
                self._session.apply(self._typed_in.typed_edits())

    # -- going

    @taking_the_box
    def action_leave(self) -> None:
        at = self.focused.key.parts if isinstance(self.focused, Field) else self._before_find
        if self.query_one(FindBar).close():
            self._form.filter("")
            row = self._form.found(at) or self._form.first  # the row that was found, among all again
            self.set_focus(row, scroll_visible=False)
            self.call_after_refresh(self._form.scroll_to_widget, row, animate=False)
            return
        self._leave()

    @taking_the_box
    def action_open(self) -> None:
        opens(self.app).open_file()

    @taking_the_box
    def action_text(self) -> None:
        self._edit_text()

    @work(group="choose", exclusive=True)
    async def _edit_text(self) -> None:
        focused = self.focused if isinstance(self.focused, Field) else None
        at = self._session.document.position(focused.key.parts) if focused is not None else None
        if await edit_text(self.app, self._session, at[0] if at else 1):
            self._refresh_all()
