"""The queue: what trains now, what starts next, what is over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from stickgen.errors import StickgenError
from stickgen.quantities import counted
from stickgen.runs.store import Run, is_run
from stickgen_tui.following.queue_view import QueueView, Row, View
from stickgen_tui.launching.preflight import shown_path
from stickgen_tui.notices import notice
from stickgen_tui.opens import opens
from stickgen_tui.screens.looking import LookingScreen
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.text import clean
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.queue_table import QueueTable


class QueueScreen(LookingScreen[None]):
    """The jobs, looked at every second; every change is made by the engine, in a worker."""

    HELP_TITLE = "Queue"
    HELP = (
        "Trainings that start one after another when the machine is free, each from a config frozen as it was added. A "
        "worker, a process of its own, starts them: it goes on when you leave this program or close the terminal. What "
        "was killed goes on in its own run directory.\n"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", tooltip="Add a config file to the queue"),
        Binding("shift+up,K", "move('up')", "Move", key_display="⇧↑↓", tooltip="Let the job start earlier"),
        Binding(
            "shift+down,J",
            "move('down')",
            "Later",
            show=False,
            key_display="⇧↓",
            tooltip="Let the job start later",
        ),
        Binding("t", "move('top')", "First", show=False, tooltip="Let the job start first"),
        Binding(
            "h", "hold", "Hold", tooltip="Hold the job, or release it; one that ended goes on where it was"
        ),
        Binding(
            "x",
            "remove",
            "Remove",
            tooltip="Take the job out of the queue; a running one is stopped, if you say so",
        ),
        Binding("space", "pause", "Pause", tooltip="Pause the queue, or go on; what runs is not touched"),
        Binding("w", "worker", "Worker", tooltip="Start the worker, or end it; what runs goes on"),
        Binding("escape", "leave", "Back"),
    ]

    class Seen(Message):
        """The queue has changed."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

    class Changed(Message):
        """A change was made, or refused, in a sentence."""

        def __init__(self, said: str, *, error: bool = False) -> None:
            super().__init__()
            self.said, self.error = said, error

    def __init__(self, root: Path | None = None) -> None:
        super().__init__()
        self._root = root
        self._view = QueueView(root)
        self._seen: View | None = None

    def compose(self) -> ComposeResult:
        yield Line(id="queue-title", classes="title-line")
        yield QueueTable(id="jobs")
        yield Line("no jobs yet: a adds a config", id="no-jobs", classes="muted")
        yield Line("", id="job-facts")
        yield KeyBar()

    def on_mount(self) -> None:
        self.start_looking()

    def look(self) -> None:
        """The queue as it is."""
        view = self._view.look()
        self.tell(self.Seen(view), view)

    @work(thread=True, group="change", exit_on_error=False)
    def _change(self, change: Callable[[], str]) -> None:
        """Make a change and look at what came of it."""
        try:
            self.post_message(self.Changed(change()))
        except (StickgenError, OSError) as error:
            self.post_message(self.Changed(str(error), error=True))

    # -- what the workers found

    def on_queue_screen_seen(self, event: Seen) -> None:
        view = self._seen = event.view
        table = self.query_one(QueueTable)
        table.show(view.rows)
        table.display = bool(view.rows)
        self.query_one("#no-jobs").display = not view.rows
        if view.rows and self.focused is None:  # it could not have the focus while it was hidden
            self.set_focus(table)
        self.query_one("#queue-title", Line).show(_title(view))
        self._show_facts()

    def on_queue_screen_changed(self, event: Changed) -> None:
        if event.said:
            notice(self.app, event.said, error=event.error)
        self.tell_again()

    @on(DataTable.RowHighlighted, "#jobs")
    def _show_facts(self) -> None:
        row = self._row
        self.query_one("#job-facts", Line).show(_facts(row) if row is not None else "")

    # -- keys

    @property
    def _row(self) -> Row | None:
        return self.query_one(QueueTable).chosen

    def _job(self) -> Row | None:
        """The job under the cursor; a notice if there is none."""
        row = self._row
        if row is None:
            notice(self.app, "there is no job yet: a adds one")
        elif row.id is None:
            notice(self.app, "the queue did not start this training; its monitor stops it")
            return None
        return row

    @on(DataTable.RowSelected, "#jobs")
    def _open(self) -> None:
        row = self._row
        if row is None:
            return
        if row.run and is_run(Path(row.run)):
            opens(self.app).open_monitor(Run(Path(row.run)))
        else:
            notice(self.app, "it has no run yet; it gets one when its turn comes")

    def action_move(self, where: str) -> None:
        row = self._job()
        if row is not None and row.id is not None:
            number = row.id

            def move() -> str:
                before = self._view.queue.ids()
                place = self._view.queue.move(number, where)  # type: ignore[arg-type]
                stays = self._view.queue.ids() == before
                return (
                    f"job {number} is the {'first' if place == 1 else 'last'} to come already"
                    if stays
                    else ""
                )

            self._change(move)

    def action_hold(self) -> None:
        row = self._job()
        if row is None or row.id is None:
            return
        number, held = row.id, row.over or row.status == "held"

        def hold() -> str:
            if held:
                self._view.queue.release(number)
                return f"job {number} waits for its turn"
            self._view.queue.hold(number)
            return f"job {number} is held"

        self._change(hold)

    @work(group="ask", exclusive=True)
    async def action_remove(self) -> None:
        row = self._job()
        if row is None or row.id is None:
            return
        number = row.id
        if row.running:
            body = "It is running. Its run directory stays, and it can be resumed."
            answers = [("b", "Back"), ("y", "Stop it with a checkpoint")]
        else:
            body = (
                "Its run directory stays."
                if row.run
                else "It has no run yet; its frozen config goes with it."
            )
            answers = [("b", "Back"), ("y", "Remove")]
        title = f"Remove job {number}?" if not row.running else f"Stop job {number}?"
        if await self.app.push_screen_wait(QuestionScreen(title, Content(body), answers)) != "y":
            return

        def remove() -> str:
            if row.running:
                from stickgen.runs.launch import stop

                stop(Run(Path(row.run)))
                return f"job {number} is stopping with a checkpoint"
            self._view.queue.remove(number)
            return f"job {number} is removed"

        self._change(remove)

    def action_pause(self) -> None:
        from stickgen.queue.worker_lock import start_worker

        queue = self._view.queue

        def pause() -> str:
            if queue.paused:
                queue.resume()
                start_worker(queue.root)
                return "the queue goes on"
            queue.pause()
            return "the queue is paused: nothing is started, what runs goes on"

        self._change(pause)

    def action_worker(self) -> None:
        from stickgen.queue.worker_lock import is_at_work, start_worker, stop_worker

        root = self._view.queue.root

        def change() -> str:
            if is_at_work(root):
                stop_worker(root)
                return "the worker has ended: nothing is started, what runs goes on"
            start_worker(root)
            return "a worker is at work"

        self._change(change)

    @work(group="ask", exclusive=True)
    async def action_add(self) -> None:
        path = await self.app.push_screen_wait(
            NameScreen("Add a config to the queue", "configs/quickstart.yaml")
        )
        if path:
            self._change(lambda: add_config(Path(path).expanduser(), self._root))

    def action_leave(self) -> None:
        self.dismiss()


def add_config(path: Path, root: Path | None) -> str:
    """Freeze a config file at the end of the queue; returns what to say. Raises StickgenError."""
    from stickgen.config.loading import TrainingConfig
    from stickgen.queue.adding import Options, look_at
    from stickgen_tui.launching.queueing import queue_config

    config = TrainingConfig(path)
    found = look_at(config, Options(root=root))
    for refusal in found.refusals:
        raise refusal
    job = queue_config(config, None, root, force=bool(found.budget))
    doubts = (*found.budget, *found.warnings, *found.doubts)
    return "; ".join([f"job {clean(job.title, single_line=True)} is added", *doubts[:1]])


def _title(view: View) -> Content:
    waiting = f"  {counted(view.waiting, 'job')} to come"
    if view.paused:
        state = ("  ‖ paused: space goes on", "$text-warning")
    elif view.at_work:
        state = ("  ● a worker is at work", "$text-success")
    else:
        state = ("  ■ no worker: w starts one", "$text-warning" if view.waiting else MUTED)
    return Content.assemble(("Queue", "bold $primary"), (waiting, MUTED), state)


def _facts(row: Row) -> Content:
    """One line on the job under the cursor: why it is so, what a search gave it, where its config is."""
    values = ", ".join(f"{key}={value}" for key, value in row.values)
    parts = [
        part
        for part in (row.reason, values, f"config {shown_path(Path(row.frozen))}" if row.frozen else "")
        if part
    ]
    return Content.styled(clean("  ·  ".join(parts), single_line=True, limit=400), MUTED)
