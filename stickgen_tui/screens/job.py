"""Commands that make a dataset, one after the other, with how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from stickgen_tui.datasets.job import DataJob
from stickgen_tui.text import one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line

_LAST = 6  # lines of what failed that are shown


class JobScreen(ModalScreen[bool]):
    """Dismisses with whether all of them succeeded.

    `steps` are (what it does, the arguments behind `stickgen data`). Escape stops what is going: the same step then
    goes on from there.
    """

    HELP_TITLE = "Making a dataset"
    HELP = "Each step is a process of its own. esc stops it; nothing is lost, the same step goes on from there.\n"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop", tooltip="Stop; the same step goes on from there"),
        Binding("enter", "close", "Close", show=False, tooltip="Close it, once it has failed"),
    ]

    def __init__(self, title: str, steps: Sequence[tuple[str, list[str]]]) -> None:
        super().__init__()
        self._title, self._steps = title, tuple(steps)
        self._job: DataJob | None = None
        self._stopping = self._failed = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = "esc stops it"
            for number, (name, _) in enumerate(self._steps):
                yield Line(self._line(name, "○", MUTED), id=f"step-{number}")
            yield Line("", id="job-said")

    def on_mount(self) -> None:
        self._run_all()

    @work(exclusive=True)
    async def _run_all(self) -> None:
        for number, (name, arguments) in enumerate(self._steps):
            line = self.query_one(f"#step-{number}", Line)
            line.show(self._line(name, "●", "$text-primary"))
            self._job = DataJob(arguments)
            code = await self._job.run(self._told)
            if code:
                self._end(line, name, code)
                return
            line.show(self._line(name, "✓", "$text-success"))
            self.query_one("#job-said", Line).show("")
        self.dismiss(True)

    def _told(self, text: str) -> None:
        if self.is_mounted and not self._stopping:
            self.query_one("#job-said", Line).show(Content("\n  ") + one_line(text, MUTED, limit=200))

    def _end(self, line: Line, name: str, code: int) -> None:
        """It did not succeed: gone if that was asked for, otherwise what it said stays to be read."""
        if self._stopping:
            self.dismiss(False)
            return
        self._failed = True
        line.show(self._line(name, "✗", "$text-error"))
        said = self._job.said[-_LAST:] if self._job is not None else []
        reason = said or [f"it ended with exit code {code} and said nothing"]
        lines = Content("\n").join(one_line(text, "$text-error", limit=400) for text in reason)
        self.query_one("#job-said", Line).show(Content("\n") + lines)
        self.query_one(".dialog").border_subtitle = "esc closes this"

    @staticmethod
    def _line(name: str, glyph: str, style: str) -> Content:
        return Content.styled(f"{glyph} ", style) + Content(name)

    def action_stop(self) -> None:
        if self._failed:
            self.dismiss(False)
        elif self._job is not None and not self._stopping:
            self._stopping = True
            self.query_one("#job-said", Line).show(Content.styled("\n  stopping…", MUTED))
            self._job.stop()

    def action_close(self) -> None:
        if self._failed:
            self.dismiss(False)

    def leave(self) -> None:
        """The app ends, and what is going with it; the same step goes on from there."""
        if self._job is not None:
            self._job.stop()
