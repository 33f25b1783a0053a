"""Runs compared on one screen: their curves over each other, beside only the keys in which they differ."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen

from stickgen.catalogue.catalogue import Catalogue
from stickgen.catalogue.differing import letter
from stickgen.catalogue.entry import Entry
from stickgen.run_contract import Field, RecordKind, Unit, unit_of
from stickgen.runs.store import Run
from stickgen_tui.border_words import say_subtitle, say_title
from stickgen_tui.comparing.overlay import Overlay, better_is, overlay_title
from stickgen_tui.opens import opens
from stickgen_tui.screens.run_actions import RunActions
from stickgen_tui.text import clean
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.chart import SMOOTHING, Chart, Curve
from stickgen_tui.widgets.compared import COLOURS, compared_content
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.line import Line

POLL_SECONDS = 1.0
_FIRST = f"{RecordKind.VAL}.{Field.LOSS}"


class CompareScreen(RunActions, Screen[None]):
    """An overlay of any number of runs. The chosen run is drawn last, and its curve carries diamonds."""

    HELP_TITLE = "Runs compared"
    HELP = (
        "The same curve of each run, and only the keys that are not the same in all of them. ← → go through the curves. "
        "↑ ↓ choose a run: its curve comes to the front and carries diamonds, so that it is told apart without "
        "colour.\n"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "curve(-1)", show=False, tooltip="The curve before"),
        Binding("right", "curve(1)", "Curve", key_display="← →", tooltip="The curve before, the next curve"),
        Binding("up,k", "run(-1)", show=False, tooltip="The run before"),
        Binding("down,j", "run(1)", "Run", key_display="↑ ↓", tooltip="Bring the curve of the next run to the front"),
        Binding("y", "log_y", "Log", tooltip="Logarithmic or linear values"),
        Binding("s", "smooth", "Smooth", tooltip="Smooth more, or not at all"),
        Binding("enter", "open", "Open", tooltip="Open the chosen run in the monitor"),
        Binding("F", "fork", "Fork", tooltip="Edit a copy of the chosen run's config"),
        Binding("e", "export", "Export", tooltip="Write the metrics of the chosen run for other programs"),
        Binding("n", "note", "Note", tooltip="Write a note to the chosen run"),
        Binding("pageup", "scroll(-10)", show=False, tooltip="The table, up"),
        Binding("pagedown", "scroll(10)", show=False, tooltip="The table, down"),
        Binding("escape", "leave", "Back"),
    ]  # fmt: skip

    class Read(Message):
        """A worker read more: entries, if they changed, and whether the curves did."""

        def __init__(self, entries: Sequence[Entry]) -> None:
            super().__init__()
            self.entries = entries

    def __init__(self, runs: Sequence[Run], root: Path) -> None:
        super().__init__()
        self._overlay = Overlay(runs)
        self._catalogue = Catalogue(root)
        self._entries: Sequence[Entry] = ()
        self._curve = _FIRST
        self._at = 0
        self._log_y = False
        self._smoothing = SMOOTHING[1]
        self._reading = threading.Lock()

    def compose(self) -> ComposeResult:
        yield Line(id="compare-title", classes="title-line")
        with Container(id="compare-body"):
            with Vertical(id="compare-chart", classes="panel"):
                yield Chart("reading the runs…", id="overlay")
            with VerticalScroll(id="compare-table", classes="panel", can_focus=False) as table:
                table.border_title = "Only what differs"
                yield Line(id="compared")
        yield KeyBar()

    def on_mount(self) -> None:
        self._show()
        self._read()
        self.set_interval(POLL_SECONDS, self._poll)

    def on_unmount(self) -> None:
        self._overlay.close()

    def leave(self) -> None:
        """The app ends: read nothing more."""
        self._overlay.close()

    # -- reading

    def _poll(self) -> None:
        going = any(entry.state.alive for entry in self._entries)
        if self.app.screen is self and (going or self._overlay.behind):
            self._read()

    @work(thread=True, group="read", exit_on_error=False)
    def _read(self) -> None:
        if not self._reading.acquire(blocking=False):
            return
        try:
            while True:
                found = self._overlay.read()
                entries = [self._catalogue.entry(run) for run in self._overlay.runs]
                if found or entries != self._entries:
                    self.post_message(self.Read(entries))
                if not self._overlay.behind or not self.is_running:
                    break
            self._catalogue.settle()
        finally:
            self._reading.release()

    def on_compare_screen_read(self, event: Read) -> None:
        first = not self._entries
        self._entries = event.entries
        names = self._overlay.names()
        if first and self._curve not in names and names:
            self._curve = names[0]
        self._show()

    # -- what is shown

    def targets(self) -> list[Entry]:
        """The run that is chosen."""
        return [self._entries[self._at]] if self._entries else []

    def changed(self, entries: Sequence[Entry]) -> None:
        """A note was written."""
        self._read()

    def _show(self) -> None:
        names = self._overlay.names()
        panel = self.query_one("#compare-chart")
        at = f"  ‹ {names.index(self._curve) + 1}/{len(names)} ›" if self._curve in names else ""
        say_title(panel, f"{overlay_title(self._curve)}{at}")
        smoothing = f"smoothing {self._smoothing:.0%}" if self._smoothing else "not smoothed"
        say_subtitle(panel, f"{better_is(self._curve)}, {smoothing}")
        with self._overlay.lock:
            self.query_one(Chart).show(
                self._curves(), log_y=self._log_y, smoothing=self._smoothing, empty="none of them measured this"
            )  # fmt: skip
        chosen = self._overlay.runs[self._at]
        title = Content.assemble(
            ("Compare ", "bold $primary"), (f"{len(self._overlay.runs)} runs  ", MUTED),
            (f"{letter(self._at)} {clean(chosen.name, single_line=True, limit=70)}", "bold"),
        )  # fmt: skip
        self.query_one("#compare-title", Line).show(title)
        if self._entries:
            width = self.query_one("#compare-table").content_size.width - 1
            self.query_one("#compared", Line).show(
                compared_content(self._entries, self._at, self._curve, max(width, 20))
            )

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def _curves(self) -> tuple[Curve, ...]:
        unit = 2.0**30 if unit_of(self._curve.removeprefix(f"{RecordKind.VAL}.")) is Unit.BYTES else 1.0
        curves = []
        for at, series in enumerate(self._overlay.series(self._curve)):
            if series is not None:
                kind = "marks" if at == self._at else "line"
                curves.append(
                    (at == self._at, Curve(letter(at), series, COLOURS[at % len(COLOURS)], kind, unit))
                )
        return tuple(curve for _, curve in sorted(curves, key=lambda pair: pair[0]))

    # -- keys

    def action_curve(self, by: int) -> None:
        names = self._overlay.names()
        if names:
            at = names.index(self._curve) if self._curve in names else 0
            self._curve = names[(at + by) % len(names)]
            self._show()

    def action_run(self, by: int) -> None:
        self._at = (self._at + by) % len(self._overlay.runs)
        self._show()

    def action_log_y(self) -> None:
        self._log_y = not self._log_y
        self._show()

    def action_smooth(self) -> None:
        self._smoothing = SMOOTHING[(SMOOTHING.index(self._smoothing) + 1) % len(SMOOTHING)]
        self._show()

    def action_open(self) -> None:
        opens(self.app).open_monitor(self._overlay.runs[self._at], above=True)

    def action_scroll(self, by: int) -> None:
        self.query_one("#compare-table").scroll_relative(y=by, animate=False)

    def action_leave(self) -> None:
        self.dismiss(None)
