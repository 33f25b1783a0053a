"""Home: this machine, what it should train, the runs there are. Enter launches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from stickgen.errors import StickgenError
from stickgen.hardware.machine import Machine, detect, local_machine_fast
from stickgen.planner.advising.recommend import Recommendation, recommend
from stickgen_tui.border_words import say_subtitle
from stickgen_tui.following.run_summary import RunSummary, age_of
from stickgen_tui.launching.preflight import Preflight, preflight
from stickgen_tui.notices import notice
from stickgen_tui.opens import opens
from stickgen_tui.recent import last_launched
from stickgen_tui.screens.looking import LookingScreen
from stickgen_tui.text import clean
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.launch_card import LaunchCard
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.machine_panel import MachinePanel
from stickgen_tui.widgets.run_table import RunTable

if TYPE_CHECKING:
    from stickgen.config.drafts import Draft
    from stickgen.runs.store import Run
    from stickgen_tui.following.run_list import RunCatalogue


class HomeScreen(LookingScreen[None]):
    """The first screen. What takes time arrives by message from a worker."""

    HELP_TITLE = "Home"
    HELP = (
        "The card on the right is what Enter launches: the config you named, or the one this machine should "
        "train. Runs go on when you leave this program, and are found again when you come back.\n"
    )
    AUTO_FOCUS = "#card"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "Edit", tooltip="Edit the config before it is launched"),
        Binding("r", "runs", "Runs", tooltip="All runs: filter, sort, compare, tag, fork, export, prune"),
        Binding("m", "monitor", "Watch", tooltip="Watch the run that is going, or the newest one"),
        Binding(
            "q", "queue", "Queue", tooltip="Trainings that start one after another when the machine is free"
        ),
        Binding("o", "open", "Open", tooltip="Open a config: the newest first, or by its path"),
        Binding("d", "data", "Data", tooltip="Make, import, embed and look at datasets"),
        Binding(
            "C",
            "copy_command",
            "Command",
            show=False,
            tooltip="Copy the shell command that launches this config",
        ),
        Binding("escape", "card", show=False),
        Binding("f9", "rescan", "Rescan", show=False, tooltip="Look at the hardware again"),
    ]

    class Found(Message):
        """A worker found out something; what is None is not known yet."""

        def __init__(
            self,
            machine: Machine | None = None,
            recommendation: Recommendation | None = None,
            looked: Preflight | None = None,
            error: str | None = None,
        ) -> None:
            super().__init__()
            self.machine, self.recommendation, self.looked, self.error = (
                machine,
                recommendation,
                looked,
                error,
            )

    class Runs(Message):
        """The runs, those that are going first, and how many more there are."""

        def __init__(self, runs: list[tuple[Run, RunSummary]], hidden: int = 0) -> None:
            super().__init__()
            self.runs, self.hidden = runs, hidden

    class Drafts(Message):
        """Edits that an editor which is gone has left behind, newest first."""

        def __init__(self, drafts: list[Draft]) -> None:
            super().__init__()
            self.drafts = drafts

    def __init__(self, config: Path | None, root: Path | None = None) -> None:
        super().__init__()
        self._config, self._root = config, root
        self._looked: Preflight | None = None  # what the card shows
        self._recommended: Path | None = None
        self._runs: list[tuple[Run, RunSummary]] = []
        self._catalogue: RunCatalogue | None = None
        self._begun = False  # the first frame is drawn

    def compose(self) -> ComposeResult:
        yield Line(id="home-title", classes="title-line")
        with Horizontal(id="home-top"):
            yield MachinePanel(id="machine")
            yield LaunchCard(id="card")
        with Vertical(id="runs-panel", classes="panel") as panel:
            panel.border_title = "Runs"
            yield Line("none yet: Enter launches the first", id="no-runs", classes="muted")
            runs = RunTable(id="runs")
            runs.display = False  # until there are some
            yield runs
        yield KeyBar()

    def on_mount(self) -> None:
        self._show_title()
        if self._config is not None:
            self.query_one(LaunchCard).show_config(self._config, "chosen")
        elif (last := last_launched(Path.cwd())) is not None:
            self._config = last
            self.query_one(LaunchCard).show_config(last, "launched last")
        machine = local_machine_fast()  # a few small files
        if machine.torch_version is None:
            self._show_machine(machine)
        else:  # as it answered an earlier start
            self._show_machine(machine, recommend(machine))
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """The first frame is drawn: now for what takes longer."""
        if not self.is_running:  # it was closed before that
            return
        self._ask_machine(refresh=False)
        self.start_looking()
        self._find_drafts()
        self._begun = True

    def on_screen_resume(self) -> None:
        if self._begun:
            self._check()

    # -- workers

    @work(thread=True, exclusive=True, group="machine", exit_on_error=False)
    def _ask_machine(self, refresh: bool) -> None:
        """What must be asked, then what follows from it."""
        try:
            machine = detect(refresh=refresh)
            recommendation = recommend(machine)
            self.post_message(self.Found(machine=machine, recommendation=recommendation))
            self.post_message(
                self.Found(looked=preflight(self._config or recommendation.config_path, self._root))
            )
        except (StickgenError, OSError) as error:
            self.post_message(self.Found(error=clean(error, limit=300)))

    @work(thread=True, exclusive=True, group="check", exit_on_error=False)
    def _check(self) -> None:
        target = self.target
        if target is not None:
            self.post_message(self.Found(looked=preflight(target, self._root)))

    @work(thread=True, group="drafts", exit_on_error=False)
    def _find_drafts(self) -> None:
        from stickgen.config.drafts import find_all

        drafts = find_all()
        if drafts:
            self.post_message(self.Drafts(drafts))

    def look(self) -> None:
        """The runs there are."""
        if self._catalogue is None:
            from stickgen_tui.following.run_list import RunCatalogue  # late, as what it needs of the engine

            self._catalogue = RunCatalogue()
        found = self._catalogue.look(self._root)
        self.tell(
            self.Runs(found.rows, found.hidden), (found, [age_of(summary) for _, summary in found.rows])
        )

    # -- what the workers found

    @property
    def target(self) -> Path | None:
        """The config that Enter launches."""
        return self._config or self._recommended

    def offer(self, config: Path) -> None:
        """Enter launches this config from now on."""
        self._config = config
        self.query_one(LaunchCard).show_config(config, "launched last")

    def on_home_screen_found(self, event: Found) -> None:
        if event.machine is not None:
            self._show_machine(event.machine, event.recommendation)
        if event.looked is not None:
            self._looked = event.looked
            self.query_one(LaunchCard).show_preflight(event.looked)
        if event.error is not None:
            notice(self.app, event.error, error=True)

    def _show_machine(self, machine: Machine, recommendation: Recommendation | None = None) -> None:
        """What this machine is, and what it should train, as soon as torch has answered."""
        card = self.query_one(LaunchCard)
        self.query_one(MachinePanel).show(machine, final=recommendation is not None)
        if recommendation is not None:
            self._recommended = recommendation.config_path
            card.show_recommendation(recommendation, chosen=self._config is not None)
            if self._config is None:
                card.show_config(recommendation.config_path, "recommended")

    def on_home_screen_runs(self, event: Runs) -> None:
        self._runs = event.runs
        table = self.query_one(RunTable)
        table.show(event.runs)
        table.display = bool(event.runs)
        self.query_one("#no-runs").display = not event.runs
        more = f"and {event.hidden:,} more: r shows all" if event.hidden else "r filters and compares them"
        say_subtitle(self.query_one("#runs-panel"), more)
        self._show_title()

    def on_home_screen_drafts(self, event: Drafts) -> None:
        if self.app.screen is self:  # with another screen open already, the editor asks when it gets there
            self._offer(event.drafts)

    @work(group="offer", exclusive=True)
    async def _offer(self, drafts: list[Draft]) -> None:
        from stickgen_tui.screens.drafts import offer_drafts

        await offer_drafts(self.app, drafts)

    def _show_title(self) -> None:
        going = [summary for _, summary in self._runs if summary.alive]
        parts: list[tuple[str, str] | str] = [("stickgen  ", "bold $primary")]
        if len(going) == 1:  # in place of the motto, because a name takes half of 80 columns
            parts.append((f"● {going[0].name} is going: m watches it", "$text-success"))
        elif going:
            parts.append((f"● {len(going)} runs are going: r lists them", "$text-success"))
        else:
            parts.append(("text to motion, on this machine", MUTED))
        self.query_one("#home-title", Line).show(Content.assemble(*parts))

    # -- keys

    @on(LaunchCard.Launch)
    def _launch_asked(self) -> None:
        self._launch()

    @work(group="launch", exclusive=True)
    async def _launch(self) -> None:
        if self.target is None:
            notice(self.app, "still looking at this machine; a moment")
            return
        target = self.target
        looked = self._looked
        known = looked is not None and looked.config_path == target
        shown = looked.config.digest if known and looked is not None and looked.config is not None else None
        from stickgen_tui.screens.launch import launch_config  # late: the first frame needs none of it

        edits = await launch_config(self, target, self._root, shown)
        if self.app.screen is self:
            self._check()
        if edits:
            opens(self.app).open_editor(target, edits)

    def action_edit(self) -> None:
        if self.target is not None:
            opens(self.app).open_editor(self.target)

    def action_copy_command(self) -> None:
        from stickgen_tui.screens.launch import copy_command

        if self.target is not None:
            copy_command(self.app, self.target, self._root)

    def action_runs(self) -> None:
        from stickgen_tui.following.run_list import entry_of

        if self._runs:  # what is known goes along, so that an Enter right behind opens a run
            opens(self.app).open_runs([entry_of(run, summary) for run, summary in self._runs])
        else:
            notice(self.app, "there are no runs yet")

    def action_card(self) -> None:
        self.set_focus(self.query_one(LaunchCard))

    def action_monitor(self) -> None:
        if not self._runs:
            notice(self.app, "there are no runs yet")
            return
        going = [run for run, summary in self._runs if summary.alive]
        opens(self.app).open_monitor(going[0] if going else self._runs[0][0])

    def action_queue(self) -> None:
        opens(self.app).open_queue()

    def action_open(self) -> None:
        opens(self.app).open_file()

    def action_data(self) -> None:
        opens(self.app).open_data()

    def action_rescan(self) -> None:
        self._ask_machine(refresh=True)

    @on(DataTable.RowSelected, "#runs")
    def _open_run(self, event: DataTable.RowSelected) -> None:
        run = self.query_one(RunTable).run_of(event.row_key.value)
        if run is not None:
            opens(self.app).open_monitor(run)
