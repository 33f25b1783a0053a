"""The monitor: one run, drawn from its directory, live or long over."""

from __future__ import annotations

import os
from typing import ClassVar

from textual import events, on, work
from textual.actions import parse
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from stickgen.errors import StickgenError
from stickgen.run_contract import Wish
from stickgen.runs.control import request
from stickgen.runs.store import Run, Status
from stickgen.terminal_notice import terminal_notice
from stickgen_tui.following.moment import Moment, moment_at, moment_further
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.keeping import keep_choice
from stickgen_tui.notices import notice, ring
from stickgen_tui.opens import opens
from stickgen_tui.panels.arrangement import Arrangement
from stickgen_tui.panels.board import Board
from stickgen_tui.panels.curve_colours import CurveColours
from stickgen_tui.panels.curves import CurvesPanel
from stickgen_tui.panels.events import EventsPanel
from stickgen_tui.panels.figure import FigurePanel
from stickgen_tui.panels.log import LogPanel
from stickgen_tui.panels.numbers import NumbersPanel
from stickgen_tui.panels.panel import Panel, keys_of
from stickgen_tui.remembered import recall
from stickgen_tui.screens.arrange import ArrangeScreen
from stickgen_tui.screens.figure_beside import ask_what_stands_beside
from stickgen_tui.screens.second_try import ask_for_advice, source_of
from stickgen_tui.screens.steering import change_keys, pause_run, resume_run, stop_run
from stickgen_tui.text import clean
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.panel_tabs import PanelTabs
from stickgen_tui.widgets.status_line import StatusLine
from stickgen_tui.widgets.time_strip import TimeStrip

POLL_SECONDS = 0.4  # of a run that goes on
OVER_SECONDS, UNFOCUSED_SECONDS = 2.0, 10.0
PANELS: tuple[type[Panel], ...] = (CurvesPanel, FigurePanel, NumbersPanel, LogPanel, EventsPanel)  # by number
USUAL = Arrangement(
    (CurvesPanel.NAME, FigurePanel.NAME), (NumbersPanel.NAME, EventsPanel.NAME, LogPanel.NAME)
)
REMEMBERED = "monitor.panels"
WHY_NOT = {  # by action: what it needs
    "stop": "there is no trainer to stop",
    "ask": "only a trainer can do that",
    "live_keys": "keys are changed while it trains; e on Home edits a config for the next run",
    "pause_run": "there is nothing to pause and nothing to go on with",
    "resume": "only a run that ended before its last step can go on",
    "advice": "there is advice for runs that failed",
}


class MonitorScreen(Screen[None]):
    """Follows a run. Leaving it leaves the run as it is."""

    HELP_TITLE = "Monitor"
    HELP = (
        "The band is every value, the line their running mean; ◆ is validation or an evaluation of the motion, the "
        "dashed line the loss of always predicting the mean pose, or how much real feet slide. A number, or a click on a "
        "title, shows one panel alone, 0 all of them; v hides and moves them. Leaving does not stop the run.\n"
    )
    AUTO_FOCUS = ""
    COMMANDS = Screen.COMMANDS | {CurveColours}
    BINDINGS: ClassVar[list[BindingType]] = [
        *(key for panel in PANELS for key in keys_of(panel)),
        Binding("p", "ask('sample')", "Sample", tooltip="Ask the trainer to draw a sample now"),
        Binding("c", "ask('save')", "Save", tooltip="Ask the trainer for a checkpoint now"),
        Binding("k", "live_keys", "Keys", tooltip="Change the learning rate and other keys while it trains"),
        Binding("u", "pause_run", "Pause / go on", tooltip="Pause the run and free its memory, or go on where it was"),
        Binding("x", "stop", "Stop", tooltip="Stop the run with a checkpoint; asks first"),
        Binding("R", "resume", "Resume", tooltip="Go on from the last checkpoint, the best, or another one"),
        Binding("a", "advice", "Advice", tooltip="After a failure: edits of its config that help, by a number"),
        *(Binding(str(number), f"panel({panel.NAME!r})", f"Panel {number}", show=False, tooltip=f"Only the {panel.NAME}")
          for number, panel in enumerate(PANELS, 1)),
        Binding("0", "panel('')", "All panels", show=False, tooltip="All panels"),
        Binding("v", "arrange", "Panels", show=False, tooltip="Hide, show and move panels; the choice is kept"),
        Binding("comma", "look_back(-1)", "Back in time", show=False, key_display=",", tooltip="Look back: all panels as they were at an earlier step"),
        Binding("full_stop", "look_back(1)", "On in time", show=False, key_display=".", tooltip="Look at a later step, up to now"),
        Binding("home", "look_first", "Beginning", show=False, tooltip="Look at the beginning of the run"),
        Binding("end", "look_now", "Now", show=False, tooltip="Look at the run as it is now"),
        Binding("escape", "back", "Back", tooltip="All panels, then back to Home; the run goes on"),
    ]  # fmt: skip

    class Changed(Message):
        """The worker read something new."""

        def __init__(self, what: frozenset[str]) -> None:
            super().__init__()
            self.what = what

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._follower = RunFollower(run)
        self._moment: Moment | None = None  # that is looked back at
        self._panels = tuple(panel(self._follower) for panel in PANELS)
        self._asked_to_stop = False
        self._polls: Timer | None = None
        self._polled_every = 0.0  # s
        self._not_drawn: frozenset[str] = frozenset()  # what changed while nobody looked
        self._status_drawn: Status | None = None
        self._saw_alive = False
        self._could_be_asked: tuple[bool | None, ...] = ()

    def compose(self) -> ComposeResult:
        yield Line(id="run-title", classes="title-line")
        yield StatusLine(id="status")
        yield TimeStrip(id="time-strip")
        yield PanelTabs([panel.NAME for panel in PANELS], id="panel-tabs")
        yield Board(self._panels, USUAL.from_json(recall(REMEMBERED)))
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#run-title", Line).show(
            Content.assemble(("Run ", "bold $primary"), (clean(self._run.name, single_line=True), "bold"))
        )
        self._poll()
        self._keep_pace()
        self.watch(self.app, "app_focus", self._focus_changed, init=False)

    def on_screen_suspend(self) -> None:
        self._tell_watched(False)

    def on_screen_resume(self) -> None:
        self._tell_watched(True)

    def _tell_watched(self, watched: bool) -> None:
        for panel in self._panels:
            panel.set_watched(watched)

    # -- following

    def _keep_pace(self) -> None:
        """A run that is over, or that nobody looks at, is read less often."""
        alive, focus = self._follower.state.alive, self.app.app_focus
        wait = POLL_SECONDS if alive and focus else OVER_SECONDS if focus else UNFOCUSED_SECONDS
        if wait != self._polled_every:
            if self._polls is not None:
                self._polls.stop()
            self._polls, self._polled_every = self.set_interval(wait, self._poll), wait

    def _focus_changed(self, focus: bool) -> None:
        self._keep_pace()
        if focus:
            self._show_changes()  # what is known already; the poll brings the rest
            self._poll()

    @work(thread=True, exclusive=True, group="follow", exit_on_error=False)
    def _poll(self) -> None:
        numbers = self._panels[PANELS.index(NumbersPanel)]
        if isinstance(numbers, NumbersPanel) and numbers.usable_ram_bytes is None:
            from stickgen.hardware.machine import local_machine_fast

            numbers.usable_ram_bytes = local_machine_fast().ram_usable_bytes
        self.post_message(self.Changed(self._follower.poll()))

    def _show_status(self) -> None:
        self.query_one(StatusLine).show_run(self._follower, self._moment)

    def on_panel_poll(self) -> None:
        self._poll()

    def leave(self) -> None:
        """The app ends: the log need not be read to its end."""
        self._follower.close()

    def on_unmount(self) -> None:
        self.leave()

    def on_monitor_screen_changed(self, event: Changed) -> None:
        if self._follower.behind:
            self._poll()  # a long log: on with it
        ends = self._saw_alive and not self._follower.state.alive
        self._not_drawn |= event.what
        if self.app.app_focus or self._follower.state.status != self._status_drawn:
            self._show_changes()
        if "status" in event.what:
            self._keep_pace()
            if not self._follower.state.alive:
                self._asked_to_stop = False
            if ends:
                self._tell_of_end()
            self._saw_alive = self._follower.state.alive

    def _show_changes(self) -> None:
        """Draw what has changed. Without the focus that waits, except for another status: nobody looks."""
        what, self._not_drawn = self._not_drawn, frozenset()
        self._status_drawn = self._follower.state.status
        with self._follower.lock:
            self._show_status()
            if "metrics" in what:
                covered, parts = self._follower.time_parts()
                self.query_one(TimeStrip).show_parts(covered, parts, self._follower.step_seconds)
            for panel in self._panels if what else ():
                panel.show(what)
        if (can := self._what_can_be_asked()) != self._could_be_asked:
            self._could_be_asked = can
            self.refresh_bindings()

    @work(thread=True, group="end", exit_on_error=False)
    def _tell_of_end(self) -> None:
        """Let the terminal tell of the end, as `notify.terminal` of the run says."""
        from stickgen.runs.live import effective_config
        from stickgen.runs.notifying import sentence

        try:
            kind = effective_config(self._run).notify.terminal
        except (StickgenError, OSError):
            return
        said = terminal_notice(kind, "stickgen", sentence(self._run, self._follower.state), os.environ)
        self.app.call_from_thread(ring, self.app, said)

    # -- panels

    @property
    def _board(self) -> Board:
        return self.query_one(Board)

    async def action_in_panel(self, name: str, action: str) -> None:
        """A key of a panel, wherever the focus is."""
        await self.app.run_action(action, self._panel(name))

    def _panel(self, name: str) -> Panel:
        return next(panel for panel in self._panels if name == panel.NAME)

    def action_panel(self, name: str) -> None:
        """Show one panel alone, or all of them."""
        self._board.show_only(name or None)

    @on(Panel.Enlarge)
    def _enlarge(self, event: Panel.Enlarge) -> None:
        self.action_panel("" if self._board.only == event.name else event.name)

    @on(PanelTabs.Chosen)
    def _tab_chosen(self, event: PanelTabs.Chosen) -> None:
        self._enlarge(Panel.Enlarge(event.name))

    @on(Board.Settled)
    def _show_tabs(self) -> None:
        board = self._board
        tabs = self.query_one(PanelTabs)
        tabs.display = len(board.seen) < len(PANELS)
        tabs.show(board.seen)
        for panel in self._panels:
            panel.set_beside(board.seen)

    def action_arrange(self) -> None:
        self._arrange()

    @work(group="arrange", exclusive=True)
    async def _arrange(self) -> None:
        """Each key in the dialog is seen on the board behind it; closing it keeps the arrangement."""
        board = self._board
        before = board.arrangement
        await self.app.push_screen_wait(ArrangeScreen(before, USUAL, board.arrange_as))
        if board.arrangement != before:
            keep_choice(self, REMEMBERED, None if board.arrangement == USUAL else board.arrangement.to_json())

    # -- looking back

    @on(Panel.LookedAt)
    def _looked_at(self, event: Panel.LookedAt) -> None:
        self._look_at(None if event.step is None else moment_at(self._follower, event.step))

    def _look_at(self, moment: Moment | None) -> None:
        """All panels show the run as it was then; None: as it is."""
        self._moment = moment
        with self._follower.lock:
            for panel in self._panels:
                panel.look_at(moment)
            self._show_status()

    def action_look_back(self, by: int) -> None:
        self._look_at(moment_further(self._follower, self._moment, by))

    def action_look_first(self) -> None:
        self._look_at(moment_at(self._follower, 0))

    def action_look_now(self) -> None:
        self._look_at(None)

    # -- beside the figure

    @on(FigurePanel.WantsBeside)
    def _wants_beside(self, event: FigurePanel.WantsBeside) -> None:
        self._ask_beside(event.choices)

    @work(group="arrange", exclusive=True)
    async def _ask_beside(self, choices: list[tuple[str, str]]) -> None:
        chosen = await ask_what_stands_beside(self.app, self._run, choices)
        if chosen:
            self.query_one(FigurePanel).put_beside(chosen)

    def action_back(self) -> None:
        if self._moment is not None:
            self._look_at(None)
        elif self._board.only is not None:
            self.action_panel("")
        else:
            self.dismiss(None)

    # -- keys that ask the trainer

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "in_panel":
            _, name, own = parse(str(parameters[1]))
            return self._panel(str(parameters[0])).check_action(name, own)
        alive = self._follower.state.alive
        if action in ("stop", "ask", "live_keys"):
            return alive
        if action == "resume":
            return self._follower.state.can_go_on
        if action == "pause_run":
            return alive or self._follower.state.can_go_on
        if action == "advice":
            return not alive and self._follower.state.status != Status.FINISHED
        return True

    def _what_can_be_asked(self) -> tuple[bool | None, ...]:
        """Which of the keys work that wait for a state of the run; when that changes, the line of keys is drawn anew."""
        return tuple(self.check_action(action, ()) for action in WHY_NOT)

    def on_key(self, event: events.Key) -> None:
        """A key that asks for what cannot be done now says why; its binding is off, so it gets here."""
        for key in self._bindings.key_to_bindings.get(event.key, ()):
            name = parse(key.action)[1]
            if name in WHY_NOT and not self.check_action(name, ()):
                event.stop()
                state = self._follower.state
                how = "trains" if state.alive else f"is {state.status}"
                how = "stopped early" if state.status == Status.EARLY else how
                notice(self.app, f"this run {how}: {WHY_NOT[name]}")
                return

    def action_ask(self, wish: str) -> None:
        try:
            request(self._run, Wish(wish))
        except (StickgenError, OSError) as error:
            notice(self.app, error, error=True)
            return
        word = "a sample" if wish == Wish.SAMPLE else "a checkpoint"
        notice(self.app, f"asked for {word}; it comes between two steps")

    def action_stop(self) -> None:
        self._stop()

    @work(group="control", exclusive=True)
    async def _stop(self) -> None:
        may_kill = self._asked_to_stop or self._follower.state.status == Status.STALLED
        if await stop_run(self.app, self._run, may_kill=may_kill):
            self._asked_to_stop = True

    def action_advice(self) -> None:
        self._advise()

    @work(group="control", exclusive=True)
    async def _advise(self) -> None:
        """What would help, by the figures; the edits are made in the editor, for a new run."""
        try:
            edits = await ask_for_advice(self.app, self._run)
        except (StickgenError, OSError) as error:
            notice(self.app, error, error=True)
            return
        source = source_of(self._run)
        if edits and source is None:
            notice(
                self.app,
                f"the config of this run is not there any more: {self._run.config_path} is a copy",
                error=True,
            )
        elif edits and source is not None:
            opens(self.app).open_editor(source, edits)

    def action_resume(self) -> None:
        self._resume()

    @work(group="control", exclusive=True)
    async def _resume(self) -> None:
        await resume_run(self.app, self._run, choose=True)

    def action_live_keys(self) -> None:
        self._change_keys()

    @work(group="control", exclusive=True)
    async def _change_keys(self) -> None:
        await change_keys(self.app, self._run)

    def action_pause_run(self) -> None:
        self._pause()

    @work(group="control", exclusive=True)
    async def _pause(self) -> None:
        if self._follower.state.alive:
            await pause_run(self.app, self._run)
        else:
            await resume_run(self.app, self._run, choose=False)
