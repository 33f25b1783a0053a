"""The card that Enter launches: which config, why, what it needs and whether that is there."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message

from stickgen.config.presets import preset_of
from stickgen.planner.advising.recommend import Recommendation
from stickgen_tui.launching.preflight import Preflight, shown_path
from stickgen_tui.text import clean, foreign
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.check_lines import check_lines
from stickgen_tui.widgets.line import Line


class LaunchCard(VerticalScroll, can_focus=True):
    """Focusable; posts `Launch` on Enter, on a double click, and on a click on what it says of Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "launch", "Launch", tooltip="Launch a training run of this config"),
    ]

    class Launch(Message):
        """The person wants it launched."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="panel")
        self.border_title = "Train"

    def compose(self) -> ComposeResult:
        yield Line(id="card-config")
        yield Line(Content.styled("looking at this machine…", MUTED), id="card-reason")
        yield Line(id="card-checks")

    def show_config(self, path: Path, word: str) -> None:
        """Name the config, and say in a word how it came to be the one; a preset is called by its name."""
        name = preset_of(path)
        shown = f"preset {name}" if name is not None else shown_path(path)
        self.query_one("#card-config", Line).show(
            Content.assemble((clean(shown, single_line=True), "bold"), (f"  {word}", MUTED))
        )

    def show_recommendation(self, recommendation: Recommendation, *, chosen: bool) -> None:
        """The sentence that says what fits this machine, and why; with the config it means if another is chosen."""
        sentence = recommendation.sentence
        if chosen:
            path = recommendation.config_path
            sentence = f"Recommended here: {path.parent.name}/{path.name}. {sentence}"
        self.query_one("#card-reason", Line).show(foreign(sentence, MUTED))

    def show_preflight(self, looked: Preflight) -> None:
        """What was looked at, and whether it is in order."""
        self.query_one("#card-checks", Line).show(check_lines(looked.checks))
        after = "fix first" if looked.errors else "Enter launches"
        self.border_subtitle = "Enter finds a dataset" if looked.asks_for_data else after

    def on_click(self, event: events.Click) -> None:
        """A single click only takes the focus: it may have been meant for the window."""
        said = event.widget is self and event.y == self.outer_size.height - 1  # the border with its words
        if said or event.chain > 1:
            self.action_launch()

    def action_launch(self) -> None:
        self.post_message(self.Launch())
