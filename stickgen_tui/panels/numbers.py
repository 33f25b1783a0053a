"""The numbers of a run beside its curves."""

from __future__ import annotations

from textual.app import ComposeResult

from stickgen_tui.following.moment import Moment
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.panels.panel import Panel
from stickgen_tui.widgets.facts import Facts
from stickgen_tui.widgets.run_facts import run_facts


class NumbersPanel(Panel):
    """Speed, memory, learning rate, what is trained on what."""

    NAME = "numbers"
    LEAST_COLUMNS = 52
    WEIGHT = 0

    def __init__(self, follower: RunFollower) -> None:
        super().__init__(follower)
        self.usable_ram_bytes: int | None = None  # of this machine, once it is known
        self._moment: Moment | None = None

    def compose(self) -> ComposeResult:
        yield Facts(id="run-facts")

    def show(self, what: frozenset[str]) -> None:
        if what & {"metrics", "memory", "status", "damage"}:
            self._show()

    def look_at(self, moment: Moment | None) -> None:
        self._moment = moment
        self.border_title = self.NAME if moment is None else f"{self.NAME} at step {moment.step:,}"
        self._show()

    def _show(self) -> None:
        self.query_one(Facts).show_facts(run_facts(self.follower, self.usable_ram_bytes, self._moment))
