"""The guide's three lists as edits: out of memory, too slow, poor quality; a number makes one of them."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from stickgen.config.loading import TrainingConfig
from stickgen.planner.advising.advice import GOALS, Advice, Goal, advise
from stickgen_tui.launching.forecasting import Surroundings
from stickgen_tui.text import one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line

TITLES = {"memory": "out of memory", "speed": "too slow", "quality": "poor quality"}


class AdviceScreen(ModalScreen[Advice | None]):
    """Dismisses with the advice that was taken, None when it was left with escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("m", "goal('memory')", show=False),
        Binding("s", "goal('speed')", show=False),
        Binding("q", "goal('quality')", show=False),
        Binding("left", "turn(-1)", show=False),
        Binding("right,tab", "turn(1)", show=False),
    ]

    def __init__(self, config: TrainingConfig, around: Surroundings, goal: Goal = "memory") -> None:
        super().__init__()
        self._config, self._around, self._goal = config, around, goal
        self._found: list[Advice] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog advice") as box:
            box.border_title = "Advice"
            box.border_subtitle = "a number or Enter makes the edit, esc leaves"
            yield Line(id="advice-goals")
            yield OptionList(compact=True)

    def on_mount(self) -> None:
        self._show()

    def _show(self) -> None:
        tabs = [
            Content.assemble((f"{goal[0]} ", "bold $text-accent"), (TITLES[goal], "bold reverse" if goal == self._goal else MUTED))
            for goal in GOALS
        ]  # fmt: skip
        self.query_one("#advice-goals", Line).show(Content("   ").join(tabs))
        around = self._around
        found = advise(self._config, around.machine, around.facts, self._goal, calibration=around.calibration)
        self._found = found[:9]
        options = self.query_one(OptionList)
        options.clear_options()
        if not self._found:
            options.add_option(
                Option(Content.styled("nothing that would help by this machine's figures", MUTED))
            )
            return
        for number, advice in enumerate(self._found, 1):
            line = Content.assemble((f"{number} ", "$text-accent"), (advice.change, "bold"))
            line += one_line(f"  {advice.reason}", MUTED)
            options.add_option(Option(line + "\n" + one_line(f"  {advice.effect}", "$text-success")))
        options.highlighted = 0

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character.isdigit() and 0 < int(event.character) <= len(self._found):
            event.stop()
            self.dismiss(self._found[int(event.character) - 1])

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index < len(self._found):
            self.dismiss(self._found[event.option_index])

    def action_goal(self, goal: Goal) -> None:
        self._goal = goal
        self._show()

    def action_turn(self, by: int) -> None:
        self.action_goal(GOALS[(GOALS.index(self._goal) + by) % len(GOALS)])

    def action_leave(self) -> None:
        self.dismiss(None)
