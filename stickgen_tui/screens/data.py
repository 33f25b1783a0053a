"""Data: which datasets are here; make, import, embed and curate them, and look at their clips."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from stickgen.motion.skeleton import FPS
from stickgen.text import clean
from stickgen_tui.datasets.catalogue import Found, find_datasets
from stickgen_tui.datasets.job import DataJob
from stickgen_tui.datasets.making import (
    OFFLINE,
    PRACTICE_FILE,
    embed_command,
    import_command,
    practice_commands,
    usual_output,
)
from stickgen_tui.notices import notice
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.screens.looking import LookingScreen
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.dataset_table import DatasetTable
from stickgen_tui.widgets.facts import Facts
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.line import Line


class DataScreen(LookingScreen[None]):
    """The datasets of this folder."""

    HELP_TITLE = "Data"
    HELP = (
        "The datasets below the folder that the app was started in. Making, importing, embedding and curating each run "
        "in a process of their own; the line at the bottom says how far they are. What ends one loses nothing: the same "
        "command goes on from there.\n"
    )
    LOOK_SECONDS = 2.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "make", "Make", tooltip="Make a practice dataset of twenty actions, with captions"),
        Binding("i", "import", "Import", tooltip="Import motion from a folder, a zip archive or a file"),
        Binding("e", "embed", "Embed", tooltip="Embed the captions of the dataset under the cursor"),
        Binding("c", "curate", "Curate", tooltip="Choose from it what to pretrain on and what to refine on"),
        Binding("x", "stop", "Stop", tooltip="Stop what is going; the same command goes on from there"),
        Binding("escape", "leave", "Back"),
    ]

    class Seen(Message):
        """The datasets have changed."""

        def __init__(self, found: list[Found], at: str) -> None:
            super().__init__()
            self.found, self.at = found, at

    def __init__(self, named: tuple[Path, ...] = ()) -> None:
        """`named` are datasets to show wherever they lie."""
        super().__init__()
        self._named = named
        self._job: DataJob | None = None
        self._at = ""  # the path of a dataset that was just made

    def compose(self) -> ComposeResult:
        yield Line(
            Content.assemble(("Data", "bold $primary"), ("  the datasets of this folder", MUTED)),
            classes="title-line",
        )
        with Horizontal(id="data-body"):
            yield DatasetTable(id="datasets")
            yield Facts(id="dataset-facts", classes="panel")
        yield Line("", id="no-datasets", classes="muted")
        yield Line("", id="data-job")
        yield KeyBar()

    def on_mount(self) -> None:
        self.start_looking()

    def look(self) -> None:
        """The datasets there are, and which one the cursor is to be on."""
        at, self._at = self._at, ""
        found = find_datasets(self._named)
        self.tell(self.Seen(found, at), (found, at))

    def on_data_screen_seen(self, event: Seen) -> None:
        table = self.query_one(DatasetTable)
        table.show(event.found, event.at)
        self.query_one("#data-body").display = bool(event.found)
        nothing = "no dataset here yet: m makes one to practise with, i imports motion that you have"
        self.query_one("#no-datasets", Line).show("" if event.found else nothing)
        if event.found and self.focused is None:  # it could not have the focus while it was hidden
            self.set_focus(table)
        self._show_facts()

    @on(DataTable.RowHighlighted, "#datasets")
    def _show_facts(self) -> None:
        self.query_one(Facts).show_facts(_facts(self.query_one(DatasetTable).chosen))

    @on(DataTable.RowSelected, "#datasets")
    def _open(self) -> None:
        from stickgen_tui.screens.clips import ClipsScreen

        chosen = self.query_one(DatasetTable).chosen
        if chosen is not None:
            self.app.push_screen(ClipsScreen(chosen.path))

    # -- jobs

    def action_make(self) -> None:
        if Path(PRACTICE_FILE).exists():
            notice(self.app, f"{PRACTICE_FILE} is there already: e embeds it, Enter shows it")
            return
        self._start(practice_commands(), PRACTICE_FILE)

    @work(group="ask", exclusive=True)
    async def action_import(self) -> None:
        source = await self.app.push_screen_wait(NameScreen("Import motion from a folder, zip or file", ""))
        if not source:
            return
        path = Path(source).expanduser()
        output = await self.app.push_screen_wait(NameScreen("The dataset to write", usual_output(path)))
        if not output:
            return
        self._start([import_command(path, output)], output)

    @work(group="ask", exclusive=True)
    async def action_embed(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            return
        encoders = [
            (OFFLINE, "the bundled encoder, 384 wide, without a download"),
            ("", "the config's usual one, if it can be had"),
        ]
        encoder = await self.app.push_screen_wait(
            ChoiceScreen("Embed by", [(name or "usual", text) for name, text in encoders])
        )
        if encoder:
            command = embed_command(str(chosen.path), OFFLINE if encoder == OFFLINE else "")
            self._start([command], str(chosen.path))

    @work(group="ask", exclusive=True)
    async def action_curate(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            return
        folder = await self.app.push_screen_wait(
            NameScreen("The folder for the curated datasets", "data/curated")
        )
        if folder:
            self._start([["curate", str(chosen.path), "-o", folder]], str(chosen.path))

    def action_stop(self) -> None:
        if self._job is not None and self._job.runs:
            self._job.stop()
            self._say("stopping…", MUTED)
        else:
            notice(self.app, "nothing is going here")

    def _chosen(self) -> Found | None:
        chosen = self.query_one(DatasetTable).chosen
        if chosen is None:
            notice(self.app, "there is no dataset yet: m makes one, i imports one")
        return chosen

    def _start(self, commands: list[list[str]], at: str) -> None:
        if self._job is not None and self._job.runs:
            notice(self.app, f"data {self._job.arguments[0]} is still going: x stops it", error=True)
            return
        self._run(commands, at)

    @work(group="job", exclusive=False)
    async def _run(self, commands: list[list[str]], at: str) -> None:
        """The commands one after the other, as long as they succeed."""
        for command in commands:
            self._job = DataJob(command)
            self._say(f"● data {command[0]}: starting", "$text-primary")
            code = await self._job.run(partial(self._going, command[0]))
            last = self._job.said[-1] if self._job.said else ""
            if code:
                self._say(f"✗ data {command[0]}: {last or f'ended with {code}'}", "$text-error")
                return
            self._at = at
            self.look_now()
            done = next((line for line in reversed(self._job.said) if line.startswith(at)), last)
            self._say(f"✓ data {command[0]}: {done}", "$text-success")

    def _going(self, name: str, line: str) -> None:
        self._say(f"● data {name}: {line}", "$text-primary")

    def _say(self, text: str, style: str) -> None:
        if self.is_mounted:
            self.query_one("#data-job", Line).show(
                Content.styled(clean(text, single_line=True, limit=400), style)
            )

    def may_quit(self) -> bool:
        """What is going ends with the app; the same command goes on from there."""
        if self._job is not None:
            self._job.stop()
        return True

    def action_leave(self) -> None:
        if self._job is not None and self._job.runs:
            notice(self.app, f"data {self._job.arguments[0]} is still going: x stops it", error=True)
            return
        self.dismiss(None)


def _facts(dataset: Found | None) -> list[tuple[str, str | Content]]:
    if dataset is None:
        return []
    facts = dataset.facts
    if facts is None:
        return [("nothing known", "stickgen data info looks at all of it")]
    lines: list[tuple[str, str | Content]] = [
        ("train", f"{facts.clips_train:,} clips"),
        ("held out", f"{facts.clips_val:,} clips"),
        ("a clip", f"{facts.frames / facts.clips / FPS:.1f} s, longest {facts.longest_frames / FPS:.1f} s"),
        ("texts", f"{facts.texts:,}"),
        ("encoder", clean(facts.encoder or "none yet: e embeds", single_line=True, limit=60)),
        ("sources", clean("; ".join(facts.sources), single_line=True, limit=80)),
        ("licences", clean("; ".join(facts.licences), single_line=True, limit=80)),
    ]
    lines += [
        ("doubt", Content.styled(clean(doubt, single_line=True, limit=200), "$text-warning"))
        for doubt in facts.doubts or ()
    ]
    return lines
