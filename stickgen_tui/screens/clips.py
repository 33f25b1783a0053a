"""The clips of a dataset, one after the other, as moving figures; drop one, or label it anew."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from stickgen.quantities import counted
from stickgen.text import clean
from stickgen_tui.border_words import say_subtitle
from stickgen_tui.datasets.clip_reader import ClipReader, ClipShown
from stickgen_tui.datasets.job import DataJob
from stickgen_tui.following.sample import Sample
from stickgen_tui.notices import notice
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.facts import fact_lines
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.stick_canvas import StickCanvas


class ClipsScreen(Screen[None]):
    """Flips through a dataset. What is dropped or labelled is written together, when it is saved."""

    HELP_TITLE = "Clips"
    HELP = (
        "Left and right go to the next clip, page up and down ten further, g to one by its number. d marks a clip (and its "
        "mirror image) to be taken out, l gives it another label; ctrl+s writes the dataset, and keeps the old one beside "
        "it.\n"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,k", "go(-1)", "Before", tooltip="The clip before"),
        Binding("right,j", "go(1)", "Next", tooltip="The next clip"),
        Binding("pageup", "go(-10)", show=False),
        Binding("pagedown", "go(10)", show=False),
        Binding("home", "go(-1000000000)", show=False),
        Binding("end", "go(1000000000)", show=False),
        Binding("g", "to", "Go to", tooltip="The clip of a number"),
        Binding("space", "pause", "Pause", tooltip="Let the figure stand, or go on"),
        Binding("d", "drop", "Drop", tooltip="Take this clip out, or not"),
        Binding("l", "label", "Label", tooltip="Say what this clip shows"),
        Binding(
            "ctrl+s",
            "save",
            "Save",
            tooltip="Write the dataset without what was dropped, and with the new labels",
        ),
        Binding("escape", "leave", "Back"),
    ]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._reader = ClipReader(path)
        self._at = 0
        self._shown: ClipShown | None = None
        self._dropped: set[int] = set()
        self._labels: dict[int, str] = {}

    def compose(self) -> ComposeResult:
        yield Line(id="clips-title", classes="title-line")
        with Horizontal(id="clips-body"):
            with Vertical(id="clip-figure", classes="panel"):
                yield StickCanvas("", id="clip-canvas")
            yield Static("", id="clip-facts", classes="panel", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self._title()
        self.query_one("#clip-facts", Static).update(Content.styled("opening the dataset…", MUTED))
        self._read(0)

    async def on_unmount(self) -> None:
        await self._reader.close()

    @work(group="read", exclusive=True)
    async def _read(self, number: int) -> None:
        try:
            self._shown = await self._reader.read(number)
        except (ValueError, OSError) as error:
            notice(self.app, error, error=True)
            return
        self._at = self._shown.number
        shown = self._shown
        self.query_one(StickCanvas).show(Sample(0, "", shown.fps, shown.motion))
        self._show()

    def _show(self) -> None:
        self._title()
        if self._shown is None:
            return
        lines = [(f"caption {number}" if number > 1 else "caption", Content.styled(text, "bold" if number == 1 else ""))
                 for number, text in enumerate(self._shown.captions, 1)]  # fmt: skip
        lines.append(("label", _labels(self._shown, self._labels.get(self._at))))
        seconds = len(self._shown.motion) / self._shown.fps
        lines.append(("length", Content(f"{seconds:.1f} s, {len(self._shown.motion)} frames")))
        lines += [(name, Content(text)) for name, text in self._shown.about]
        self.query_one("#clip-facts", Static).update(fact_lines(lines))

    def _title(self) -> None:
        parts: list[tuple[str, str] | str] = [
            ("Clips ", "bold $primary"), (clean(self._path, single_line=True, limit=80), "bold"),
        ]  # fmt: skip
        if self._shown is not None:
            parts.append((f"  clip {self._at} of {self._shown.clips:,}", MUTED))
        if self._at in self._dropped:
            parts.append(("  ✗ is taken out", "$text-error"))
        if self._dropped or self._labels:
            changes = counted(len(self._dropped) + len(self._labels), "change")
            parts.append((f"  ● {changes} not saved", "$text-warning"))
        self.query_one("#clips-title", Line).show(Content.assemble(*parts))

    # -- keys

    def action_go(self, by: int) -> None:
        if self._shown is not None:
            self._at = min(
                max(self._at + by, 0), self._shown.clips - 1
            )  # at once, so that a held key goes on from here
            self._read(self._at)

    @work(group="ask", exclusive=True)
    async def action_to(self) -> None:
        said = await self.app.push_screen_wait(NameScreen("The number of a clip", str(self._at)))
        if said.isascii() and said.isdigit() and self._shown is not None and int(said) < self._shown.clips:
            self._read(int(said))
        elif said:
            notice(self.app, f"there is no clip {clean(said, single_line=True, limit=30)}", error=True)

    def action_pause(self) -> None:
        canvas = self.query_one(StickCanvas)
        canvas.toggle()
        say_subtitle(self.query_one("#clip-figure"), "" if canvas.playing else "paused: space goes on")

    def action_drop(self) -> None:
        if self._shown is not None:
            self._dropped ^= {self._at}
            self._show()

    @work(group="ask", exclusive=True)
    async def action_label(self) -> None:
        if self._shown is None:
            return
        at, before = (
            self._at,
            self._labels.get(self._at) or next((name for *_, name in self._shown.labels if name), ""),
        )
        said = await self.app.push_screen_wait(NameScreen("The action that this clip shows", before))
        if said and said != before:
            self._labels[at] = said
            self._show()

    @work(group="save", exclusive=True)
    async def action_save(self) -> None:
        await self._saved()

    async def _saved(self) -> bool:
        if not self._dropped and not self._labels:
            notice(self.app, "nothing is changed")
            return True
        arguments = ["edit", str(self._path)]
        if self._dropped:
            arguments += ["--drop", ",".join(map(str, sorted(self._dropped)))]
        for clip, name in self._labels.items():
            arguments += ["--label", f"{clip}={name}"]
        job = DataJob(arguments)
        notice(self.app, "writing the dataset…")
        code = await job.run(lambda line: None)
        notice(self.app, job.said[-1] if job.said else f"ended with {code}", error=bool(code))
        if code:
            return False
        self._dropped, self._labels = set(), {}
        await self._reader.close()  # it holds the old file
        self._read(0)
        return True

    @work(group="leave", exclusive=True)
    async def action_leave(self) -> None:
        if self._dropped or self._labels:
            answers = [("b", "Back"), ("s", "Save and leave"), ("d", "Drop the changes")]
            answer = await self.app.push_screen_wait(
                QuestionScreen(
                    "Leave without saving?", "Clips are dropped or labelled, and not written yet.", answers
                )
            )
            if answer not in ("s", "d") or (answer == "s" and not await self._saved()):
                return
        self.dismiss(None)

    def on_screen_suspend(self) -> None:
        with contextlib.suppress(Exception):
            self.query_one(StickCanvas).set_shown(False)

    def on_screen_resume(self) -> None:
        self.query_one(StickCanvas).set_shown(True)


def _labels(shown: ClipShown, new: str | None) -> Content:
    if new is not None:
        return Content.styled(f"{new} (not saved)", "$text-warning")
    named = [(first, end, name) for first, end, name in shown.labels if name]
    if not named:
        return Content.styled("none", MUTED)
    if len(named) == 1 and named[0][1] - named[0][0] == len(shown.motion):
        return Content(named[0][2])
    return Content(
        ", ".join(f"{name} {first / shown.fps:.1f} to {end / shown.fps:.1f} s" for first, end, name in named)
    )
