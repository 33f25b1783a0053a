"""What the model draws: its samples, moving, the newest or an older one."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content

from stickgen_tui.panels.panel import Panel
from stickgen_tui.text import one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.stick_canvas import StickCanvas


class FigurePanel(Panel):
    """Plays the sample that the follower has loaded."""

    NAME = "figure"
    LEAST_COLUMNS = 30
    WEIGHT = 2
    KEYS = (
        Binding("left_square_bracket", "scrub(-1)", "Older", show=False, key_display="[", tooltip="An older sample"),
        Binding("right_square_bracket", "scrub(1)", "Newer", show=False, key_display="]", tooltip="A newer sample"),
        Binding("space", "pause", "Pause", show=False, tooltip="Pause the figure, or let it move"),
    )  # fmt: skip

    def compose(self) -> ComposeResult:
        self.border_title = "what it draws"
        yield StickCanvas(id="canvas")
        yield Line(id="caption")

    def show(self, what: frozenset[str]) -> None:
        if "sample" in what and self.follower.sample is not None:
            self.query_one(StickCanvas).show(self.follower.sample)
        if what & {"sample", "samples"}:
            self._show_caption()

    def set_watched(self, watched: bool) -> None:
        self.query_one(StickCanvas).set_shown(watched)

    def _show_caption(self) -> None:
        sample, count = self.follower.sample, len(self.follower.samples)
        if sample is None:
            return
        index = self.follower.sampled_index
        place = f"{count if index is None else index + 1}/{count}"
        paused = "" if self.query_one(StickCanvas).playing else "  paused"
        self.query_one("#caption", Line).show(
            Content.assemble((f"step {sample.step:,}  ‹ {place} ›{paused}\n", MUTED))
            + one_line(f"“{sample.text}”", limit=200)
        )

    # -- keys

    def action_scrub(self, by: int) -> None:
        self.follower.scrub(by)
        self.post_message(self.Poll())
        self._show_caption()

    def action_pause(self) -> None:
        self.query_one(StickCanvas).toggle()
        self._show_caption()
