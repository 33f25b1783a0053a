"""The monitor: one run, drawn from its directory, live or long over."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Log

from stickgen.errors import StickgenError
from stickgen.run_contract import Field, Unit, Wish, unit_of
from stickgen.runs.control import request
from stickgen.runs.launch import stop
from stickgen.runs.resuming import resume
from stickgen.runs.store import Run, Status
from stickgen_tui.following.metric_names import BASELINES, curve_names, title_of
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.notices import notice
from stickgen_tui.opens import opens
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.screens.second_try import ask_for_advice, source_of
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.chart import SMOOTHING, Chart, Curve
from stickgen_tui.widgets.event_list import EventList
from stickgen_tui.widgets.facts import Facts
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.run_facts import run_facts
from stickgen_tui.widgets.status_line import StatusLine
from stickgen_tui.widgets.stick_canvas import StickCanvas

POLL_SECONDS = 0.4
FURTHER = 3  # small charts beside the large one, where there is room
PANELS = ("curves", "figure", "numbers", "log", "events")
TRAIN, VALIDATION, BASELINE = "$primary", "$text-warning", "$text-error"


class MonitorScreen(Screen[None]):
    """Follows a run. Leaving it leaves the run as it is."""

    HELP_TITLE = "Monitor"
    HELP = (
        "The band is every value, the line their running mean; ◆ is validation or an evaluation of the motion, the "
        "dashed line the loss of always predicting the mean pose, or how much real feet slide. 1 to 5 show one panel alone, 0 all of them. Leaving does not stop the "
        "run.\n"
    )
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "curve(-1)", show=False),
        Binding("right", "curve(1)", "Curve", key_display="← →", tooltip="The curve before, the next curve"),
        Binding("y", "log_y", "Log", tooltip="Logarithmic or linear values"),
        Binding("s", "smooth", "Smooth", tooltip="Smooth more, or not at all"),
        Binding("left_square_bracket", "scrub(-1)", "Older", show=False, key_display="[", tooltip="An older sample"),
        Binding("right_square_bracket", "scrub(1)", "Newer", show=False, key_display="]", tooltip="A newer sample"),
        Binding("space", "pause", "Pause", show=False, tooltip="Pause the figure, or let it move"),
        Binding("p", "ask('sample')", "Sample", tooltip="Ask the trainer to draw a sample now"),
        Binding("c", "ask('save')", "Save", tooltip="Ask the trainer for a checkpoint now"),
        Binding("x", "stop", "Stop", tooltip="Stop the run with a checkpoint; asks first"),
        Binding("R", "resume", "Resume", tooltip="Go on from the last checkpoint"),
        Binding("a", "advice", "Advice", tooltip="After a failure: edits of its config that help, by a number"),
        *(Binding(str(number), f"panel({number})", f"Panel {number}", show=False, tooltip=f"Only the {name}")
          for number, name in enumerate(PANELS, 1)),
        Binding("0", "panel(0)", "All panels", show=False),
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
        self._curve: str = Field.LOSS
        self._log_y = False
        self._smoothing = SMOOTHING[1]
        self._panel = 0  # 0: all of them
        self._usable_ram: int | None = None
        self._asked_to_stop = False

    def compose(self) -> ComposeResult:
        yield Line(id="run-title", classes="title-line")
        yield StatusLine(id="status")
        yield Line(id="panel-tabs")
        with Horizontal(id="monitor-top"):
            with Vertical(id="curves", classes="panel"):
                yield Chart("no points yet: the first comes after logging.log_interval steps", id="chart")
            with Vertical(id="further"):
                for number in range(FURTHER):
                    with Vertical(classes="panel further"):
                        yield Chart("", id=f"chart-{number}")
            with Vertical(id="figure", classes="panel") as figure:
                figure.border_title = "what it draws"
                yield StickCanvas(id="canvas")
                yield Line(id="caption")
        with Horizontal(id="monitor-bottom"):
            with Vertical(id="numbers", classes="panel") as numbers:
                numbers.border_title = "numbers"
                yield Facts(id="run-facts")
            with Vertical(id="texts"):
                with Vertical(id="events", classes="panel") as events:
                    events.border_title = "events"
                    yield EventList(id="event-list")
                with Vertical(id="log", classes="panel") as log:
                    log.border_title = "log"
                    yield Log(max_lines=1000, auto_scroll=True, id="log-lines")
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#run-title", Line).show(
            Content.assemble(("Run ", "bold $primary"), (clean(self._run.name, single_line=True), "bold"))
        )
        self._show_tabs()
        self._show_curves()
        self._poll()
        self.set_interval(POLL_SECONDS, self._poll)

    def on_screen_suspend(self) -> None:
        self.query_one(StickCanvas).set_shown(False)

    def on_screen_resume(self) -> None:
        self.query_one(StickCanvas).set_shown(True)

    # -- following

    @work(thread=True, exclusive=True, group="follow", exit_on_error=False)
    def _poll(self) -> None:
        if self._usable_ram is None:
            from stickgen.hardware.machine import local_machine_fast

            self._usable_ram = local_machine_fast().ram_usable_bytes
        self.post_message(self.Changed(self._follower.poll()))

    def leave(self) -> None:
        """The app ends: the log need not be read to its end."""
        self._follower.close()

    def on_unmount(self) -> None:
        self.leave()

    def on_monitor_screen_changed(self, event: Changed) -> None:
        what = event.what
        if self._follower.behind:
            self._poll()  # a long log: on with it
        with self._follower.lock:
            self.query_one(StatusLine).show_run(self._follower)
            if what & {"metrics", "memory", "status", "damage"}:
                self.query_one(Facts).show_facts(run_facts(self._follower, self._usable_ram))
            if "metrics" in what:
                self._show_curves()
            if "events" in what:
                self.query_one(EventList).show(self._follower.events)
            if "sample" in what and self._follower.sample is not None:
                self.query_one(StickCanvas).show(self._follower.sample)
            if what & {"sample", "samples"}:
                self._show_caption()
        if "log" in what:
            fresh = self._follower.take_log_lines()
            self.query_one(Log).write_lines(fresh)
        if "status" in what:
            if not self._follower.state.alive:
                self._asked_to_stop = False
            self.refresh_bindings()

    # -- showing

    def _names(self) -> list[str]:
        return curve_names(self._follower.train, self._follower.validation) or [Field.LOSS]

    def _show_curves(self) -> None:
        names = self._names()
        if self._curve not in names:
            self._curve = names[0]
        at = names.index(self._curve)
        panel = self.query_one("#curves")
        panel.border_title = Content(f"{title_of(self._curve)}  ‹ {at + 1}/{len(names)} ›")
        panel.border_subtitle = f"smoothing {self._smoothing:.0%}" if self._smoothing else "not smoothed"
        self.query_one("#chart", Chart).show(
            self._curves(self._curve), log_y=self._log_y, smoothing=self._smoothing
        )
        for number in range(FURTHER):  # on a wide screen, the curves that the arrow key would bring
            chart = self.query_one(f"#chart-{number}", Chart)
            name = names[(at + 1 + number) % len(names)] if number + 1 < len(names) else None
            if isinstance(chart.parent, Vertical):
                chart.parent.border_title = Content(title_of(name) if name else "")
            chart.show(self._curves(name) if name else (), log_y=self._log_y, smoothing=self._smoothing)

    def _curves(self, name: str) -> tuple[Curve, ...]:
        train, validation = self._follower.train.get(name), self._follower.validation.get(name)
        record, level = BASELINES.get(name, ("", ""))
        baseline = self._follower.validation.get(record)
        out = []
        if baseline is not None:
            out.append(Curve(level, baseline, BASELINE, "level"))
        if train is not None:
            unit = 2**30 if unit_of(name) is Unit.BYTES else 1.0
            out.append(Curve("train", train, TRAIN, unit=unit))
        if validation is not None:
            found = "evaluation" if name.startswith("quality_") else "validation"
            out.append(Curve(found, validation, VALIDATION, "marks"))
        return tuple(out)

    def _show_caption(self) -> None:
        sample, count = self._follower.sample, len(self._follower.samples)
        if sample is None:
            return
        index = self._follower.sampled_index
        place = f"{count if index is None else index + 1}/{count}"
        paused = "" if self.query_one(StickCanvas).playing else "  paused"
        self.query_one("#caption", Line).show(
            Content.assemble((f"step {sample.step:,}  ‹ {place} ›{paused}\n", MUTED))
            + one_line(f"“{sample.text}”", limit=200)
        )

    def _show_tabs(self) -> None:
        parts = []
        for number, name in enumerate(PANELS, 1):
            chosen = number == (self._panel or 1)
            parts.append((f" {number} {name} ", "bold reverse" if chosen else MUTED))
        self.query_one("#panel-tabs", Line).show(Content.assemble(*parts))
        for number, name in enumerate(PANELS, 1):
            self.set_class(self._panel == number, f"-only-{name}")
        self.set_class(self._panel != 0, "-only-one")

    # -- keys that look

    def action_curve(self, by: int) -> None:
        names = self._names()
        self._curve = (
            names[(names.index(self._curve) + by) % len(names)] if self._curve in names else names[0]
        )
        self._show_curves()

    def action_log_y(self) -> None:
        self._log_y = not self._log_y
        self._show_curves()

    def action_smooth(self) -> None:
        self._smoothing = SMOOTHING[(SMOOTHING.index(self._smoothing) + 1) % len(SMOOTHING)]
        self._show_curves()

    def action_scrub(self, by: int) -> None:
        self._follower.scrub(by)
        self._poll()
        self._show_caption()

    def action_pause(self) -> None:
        self.query_one(StickCanvas).toggle()
        self._show_caption()

    def action_panel(self, number: int) -> None:
        self._panel = number
        self._show_tabs()

    def action_back(self) -> None:
        if self._panel:
            self.action_panel(0)
        else:
            self.dismiss(None)

    # -- keys that ask the trainer

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        alive = self._follower.state.alive
        if action in ("stop", "ask"):
            return alive
        if action in ("resume", "advice"):
            return not alive and self._follower.state.status != Status.FINISHED
        return True

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
        answers = [("b", "Back"), ("y", "Stop with a checkpoint")]
        text = "It saves a checkpoint after the step it is in, and ends. R goes on from there later."
        if self._asked_to_stop or self._follower.state.status == Status.STALLED:
            answers.append(("k", "Kill it now"))
            text += "\nKilling it ends it at once; what came after its last checkpoint is lost."
        answer = await self.app.push_screen_wait(QuestionScreen("Stop this run?", text, answers))
        if answer not in ("y", "k"):
            return
        try:
            await asyncio.to_thread(stop, self._run, force=answer == "k")
        except (StickgenError, OSError) as error:
            notice(self.app, error, error=True)
            return
        self._asked_to_stop = True
        notice(self.app, "killed" if answer == "k" else "asked to stop; it saves a checkpoint first")

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
        try:
            said = await asyncio.to_thread(resume, self._run)
        except (StickgenError, OSError) as error:
            notice(self.app, error, error=True)
            return
        notice(self.app, "; ".join(("resumed from its last checkpoint", *said)))
