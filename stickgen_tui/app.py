"""The app: which screens there are, the themes, the commands of the palette. Screens do the rest."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable
from weakref import WeakSet

from textual import events, work
from textual.app import App, ScreenStackError
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.dom import DOMNode, NoScreen
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget, WidgetError
from textual.widgets import Input
from textual.worker import WorkerFailed

from stickgen_tui.drawing.changed_cells import ShownCells, Written
from stickgen_tui.drawing.front import FrontCompositor
from stickgen_tui.going_on import listen as listen_for_going_on
from stickgen_tui.leaving import QUIT_SECONDS, Leaving
from stickgen_tui.notices import notice
from stickgen_tui.themes import CONTRAST, first_theme, keep_theme, other_brightness, refusal

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.command import Provider
    from textual.theme import Theme
    from textual.timer import Timer

    from stickgen.catalogue.entry import Entry
    from stickgen.config.drafts import Draft
    from stickgen.runs.store import Run
    from stickgen_tui.drawing.changed_cells import Update
    from stickgen_tui.editing.session import Edit

RESUME_LOOKS, LOOK_SECONDS = (
    50,
    0.1,
)  # how often it is asked whether a run that was just opened can be resumed
START_SECONDS = 1.0  # the first frame is there before
SETTLED_SECONDS = 0.1  # without another size
PARTS_MISSING = (NoMatches, NoScreen, WidgetError, ScreenStackError)


@runtime_checkable
class Leavable(Protocol):
    """A screen with something under way that is to stop when the app ends."""

    def leave(self) -> None:
        """Let it stop, soon."""


def _palette() -> type[Provider]:
    from stickgen_tui.palette import Palette

    return Palette


class StickgenApp(App[None]):
    """Configure, launch and watch. A run belongs to itself: leaving the app leaves it going."""

    TITLE = "stickgen"
    CSS_PATH = [
        Path(__file__).parent / "styles" / name
        for name in (
            "app.tcss",
            "home.tcss",
            "editor.tcss",
            "monitor.tcss",
            "data.tcss",
            "queue.tcss",
            "runs.tcss",
        )
    ]
    COMMANDS = {_palette}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?", tooltip="These keys"),
        Binding("ctrl+q", "quit", "Quit", tooltip="Leave; runs go on", priority=True),
        Binding(
            "ctrl+p",
            "command_palette",
            "palette",
            show=False,
            tooltip="Every action by its name; configs, runs, themes",
            priority=True,
        ),
        Binding("f2", "toggle_dark", "Dark / light", show=False, tooltip="Dark or light"),
    ]
    # 80 columns are narrow, 120 normal, 160 wide: screens restyle by these classes
    HORIZONTAL_BREAKPOINTS = [
        (0, "-narrow"),
        (110, "-normal"),
        (160, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]

    def __init__(
        self,
        *,
        config: Path | None = None,
        run: Run | None = None,
        root: Path | None = None,
        keymap: Mapping[str, str] | None = None,
    ) -> None:
        """`config`: what Enter launches, instead of the recommendation. `run`: open on its monitor.

        `root` is the folder of the runs; None takes the usual one. `keymap` are the keys that a person has changed.
        """
        super().__init__()
        if keymap:
            from stickgen_tui.keymap import name_bindings

            self._name_bindings: Callable[[DOMNode], None] | None = name_bindings
            name_bindings(self)
            self.set_keymap(dict(keymap))
        else:
            self._name_bindings = None
        self.config_path = config
        self.first_run = run
        self.first_notice = ""  # what to say when the first screen is there
        self.runs_root = root
        self.leave_on_signals = False
        self._shown_cells = ShownCells()
        self._just_pushed: WeakSet[Screen[Any]] = WeakSet()
        self._painting_anew: Timer | None = None
        self.leaving: Leaving | None = None  # of a process that is this app's alone
        for theme in CONTRAST:
            self.register_theme(theme)
        wanted = os.environ.get("STICKGEN_THEME", "")
        self.theme = first_theme(wanted, self.available_themes, no_color=self.no_color)

    def on_load(self) -> None:
        """SIGTERM and SIGHUP end the app as ctrl+q does, where the program asked for it.

        Textual leaves them at their default, which kills the process with the alternate screen and the
        mouse reports still on. With `leaving` the end is certain, and the end of the terminal is one too.
        """
        loop = asyncio.get_running_loop()
        if self.leaving is not None:

            def ask(code: int) -> None:
                loop.call_soon_threadsafe(self.exit, None, code)

            self.leaving.listen(ask)
        elif self.leave_on_signals:
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self.exit, None, 128 + number)

    def get_theme(self, theme_name: str) -> Theme | None:
        """The theme of that name. Textual copies the table of all of them each time, and asks for each widget it styles."""
        return self._registered_themes.get(theme_name) or super().get_theme(theme_name)

    def _display(self, screen: Screen[Any], renderable: Update) -> None:
        """Send of an update only what the terminal does not show yet."""
        writes = self._running and not self._closed and not self.is_headless and self._driver is not None
        if writes and not self._batch_count and not self.is_inline:
            moved = screen.outer_size.clamp_offset(self.cursor_position) != self._previous_cursor_position
            renderable = self._shown_cells.changes(renderable, self.console) or (
                Written("") if moved else None
            )
        super()._display(screen, renderable)  # type: ignore[arg-type]  # as Textual itself passes them

    def on_resize(self) -> None:
        """Paint the whole screen once the terminal keeps a size, even if it is the size that it had before.

        It may have been smaller in between, and have cut off what it showed, while this program looked away.
        """
        self._shown_cells.forget()
        if self._dom_ready:  # else this is the size that it begins with
            if self._painting_anew is not None:
                self._painting_anew.stop()
            self._painting_anew = self.set_timer(SETTLED_SECONDS, self._paint_anew)

    def _paint_anew(self) -> None:
        self._shown_cells.forget()
        if self.screen_stack:  # it may be closing
            self.screen.refresh()

    def _handle_exception(self, error: Exception) -> None:
        """End the app with its error; but what a part that is going misses of itself is none.

        A screen that is closed while it opens never gets its children, and a message, a timer or a worker of it may
        still come. Every handler of Textual reports here.
        """
        cause = error.error if isinstance(error, WorkerFailed) else error
        if not (isinstance(cause, PARTS_MISSING) and (self._exit or in_a_part_that_goes(cause))):
            super()._handle_exception(error)

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """End the app; what still reads a run stops, and what does not stop is left behind."""
        for screen in self.screen_stack if self._screen_stacks else ():
            if isinstance(screen, Leavable):
                screen.leave()
        if self.leaving is not None:
            self.leaving.begin(return_code, QUIT_SECONDS)
        super().exit(result, return_code, message)

    def get_default_screen(self) -> Screen[Any]:
        """Home is the screen below all others."""
        from stickgen_tui.screens.home import HomeScreen

        home = HomeScreen(self.config_path, self.runs_root)
        self._prepare(home)
        return home

    def on_mount(self) -> None:
        if self.leaving is not None and self._driver is not None:
            listen_for_going_on(self._driver, self._paint_anew)
        if not gc.isenabled():  # the program put it off; see cli.py
            self.set_timer(START_SECONDS, collect_again)
        if self.first_run is not None:
            self.open_monitor(self.first_run)
        if self.first_notice:
            notice(self, self.first_notice)

    # -- each screen is styled once before it shows

    def push_screen(self, screen: Screen[Any] | str, *arguments: Any, **options: Any) -> Any:
        """Show a screen, with the classes of its size from the start: else all of it is styled anew for them."""
        if not isinstance(screen, str):
            self._prepare(screen)
        return super().push_screen(screen, *arguments, **options)

    def _prepare(self, screen: Screen[Any]) -> None:
        """Give a screen that is about to open the classes of its size."""
        for size, steps in zip(
            self.size, (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS), strict=True
        ):
            fitting = [name for least, name in steps if size >= least]
            screen.add_class(*fitting[-1:], update=False)
        self._just_pushed.add(screen)

    def update_styles(self, node: DOMNode, animate: bool = True) -> None:
        """Style a node and what is in it, but not a whole screen that was styled a moment ago, as it was made.

        Textual does so when a pushed screen comes to the front. What changed classes before is styled then at last.
        """
        if node in self._just_pushed:
            self._just_pushed.discard(node)  # type: ignore[arg-type]  # it is in there
        else:
            super().update_styles(node, animate)

    # -- going places

    async def go_home(self) -> None:
        """Back to the first screen. One that may have something unsaved is left as by its key, and may ask."""
        while len(self.screen_stack) > 1:
            if hasattr(self.screen, "may_quit"):
                await self.screen.run_action("leave")
                return
            await self.pop_screen()

    @work(group="resume", exclusive=True)
    async def resume_run(self, run: Run) -> None:
        """Show a run, and go on with it as soon as it is known that it can be."""
        self.open_monitor(run)
        monitor = self.screen
        for _ in range(RESUME_LOOKS):
            await asyncio.sleep(LOOK_SECONDS)
            if self.screen is not monitor:
                return
            if monitor.check_action("resume", ()):
                await monitor.run_action("resume")
                return
        notice(self, f"{run.name}: it cannot be resumed, or it is going already", error=True)

    def open_monitor(self, run: Run, *, above: bool = False) -> None:
        """Show a run, on top of the home screen, whatever is open now; or `above` what is open, to come back to."""
        from stickgen_tui.screens.monitor import MonitorScreen

        while len(self.screen_stack) > 1 and not above:
            self.pop_screen()
        self.push_screen(MonitorScreen(run))

    def open_editor(self, path: Path, edits: Sequence[Edit] = ()) -> None:
        """Edit a config file, with `edits` made in it."""
        from stickgen_tui.recent import note_opened
        from stickgen_tui.screens.opening import open_config

        note_opened(path)
        open_config(self, self.runs_root, path, edits)

    @work(group="open-file", exclusive=True)
    async def open_file(self) -> None:
        """Ask for a config, and edit it."""
        from stickgen_tui.screens.open_file import OpenScreen, configs_here

        path = await self.push_screen_wait(OpenScreen(await asyncio.to_thread(configs_here)))
        if path is not None:
            self.open_editor(path)

    def launched(self, config: Path) -> None:
        """A run of this config was launched: Home offers it from now on, and after the next start in this folder."""
        from stickgen_tui.recent import note_launched, note_opened
        from stickgen_tui.screens.home import HomeScreen

        note_launched(Path.cwd(), config)
        note_opened(config)
        for screen in self.screen_stack:
            if isinstance(screen, HomeScreen):
                screen.offer(config)

    def open_runs(self, known: Sequence[Entry] = ()) -> None:
        """All runs; `known` are shown until they are found."""
        from stickgen_tui.screens.runs import RunsScreen

        self.push_screen(RunsScreen(self.runs_root, known))

    def open_data(self) -> None:
        """The datasets of this folder."""
        from stickgen_tui.screens.data import DataScreen

        self.push_screen(DataScreen())

    def open_queue(self) -> None:
        """The trainings that start one after another, on top of the home screen."""
        from stickgen_tui.screens.queue import QueueScreen

        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.push_screen(QueueScreen(self.runs_root))

    def open_draft(self, draft: Draft) -> None:
        """Edit a config, going on from edits that an editor left behind."""
        from stickgen_tui.screens.opening import open_draft

        open_draft(self, self.runs_root, draft)

    # -- keys

    def _register(self, parent: DOMNode, *widgets: Widget, **options: Any) -> list[Widget]:
        """Each widget goes through here before it gets a key: with changed keys, its bindings need their names.

        A screen gets the compositor that draws only what is seen.
        """
        for widget in widgets:
            if self._name_bindings is not None:
                self._name_bindings(widget)
            if isinstance(widget, Screen):
                widget._compositor = FrontCompositor()
        return super()._register(parent, *widgets, **options)

    def on_key(self, event: events.Key) -> None:
        """A letter that was on its way when a text box got the focus belongs into that box.

        Textual hands a key to what has the focus when the key arrives; a burst (a fast hand, a slow line)
        arrives before the key that opens the box has been acted upon.
        """
        if isinstance(self.focused, Input) and event.is_printable and event.character:
            self.focused.replace(event.character, *self.focused.selection)
            event.prevent_default()

    # -- actions

    async def action_quit(self) -> None:
        """Leave, unless a screen has edits and asks what is to become of them."""
        asks = [getattr(screen, "may_quit", None) for screen in self.screen_stack]
        if all(may_quit() for may_quit in asks if may_quit is not None):
            self.exit()

    def action_help(self) -> None:
        from stickgen_tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_toggle_dark(self) -> None:
        self.choose_theme(other_brightness(self.theme, dark=self.current_theme.dark))

    def choose_theme(self, name: str) -> None:
        """Draw in this theme from now on, after the next start too."""
        reason = refusal(name, no_color=self.no_color)
        if reason is not None:
            notice(self, reason, error=True)
            return
        self.theme = name
        keep_theme(name)

    def take_picture(self) -> None:
        """An SVG of what is on the screen, in this folder."""
        path = self.save_screenshot(path=str(Path.cwd()))
        notice(self, f"saved {path}")


def collect_again() -> None:
    """Look for garbage from now on, but not among what the start has made: it stays to the end."""
    gc.freeze()
    gc.enable()


def in_a_part_that_goes(error: BaseException) -> bool:
    """Whether an error comes out of a method of a screen or widget that is being taken away, or was."""
    parts = (frame.f_locals.get("self") for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(isinstance(part, DOMNode) and is_going(part) for part in parts)


def is_going(part: DOMNode) -> bool:
    """Whether it, or something around it, is being taken away, or was."""
    node: MessagePump | None = part
    while node is not None and not isinstance(node, App):
        if node._closing or node._closed or (isinstance(node, DOMNode) and node._pruning):
            return True
        node = node._parent
    return node is None
