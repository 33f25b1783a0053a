"""`ctrl+p`: every action by its name, then configs, runs and themes. Loaded when the palette is opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Provider
from textual.content import Content
from textual.fuzzy import Matcher
from textual.markup import escape

from stickgen.errors import StickgenError
from stickgen.runs.store import Run, Status, list_runs, runs_root
from stickgen_tui.keymap import names_of
from stickgen_tui.launching.preflight import shown_path
from stickgen_tui.screens.open_file import configs_here
from stickgen_tui.text import clean

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from stickgen_tui.opens import Opens

    class Offers(Opens, Protocol):
        """The app, as the palette sees it."""

        runs_root: Path | None

        def go_home(self) -> object:
            """Back to the first screen."""

        def resume_run(self, run: Run) -> object:
            """Open a run, and go on with it."""

        def choose_theme(self, name: str) -> None:
            """Draw in this theme, now and after the next start."""

        def take_picture(self) -> None:
            """An SVG of what is on the screen."""


_RUNS_SHOWN = 8  # of all runs while nothing is typed; typing finds every one
_RUNS_READ = 2000
_BY_HELP = 0.5  # what a match in the help counts beside one in the name

# The key bar has room for a word; here stands what it means. Other actions keep their word.
TITLES = {
    "app.toggle_dark": "Theme: dark or light",
    "app.quit": "Quit",
    "home.edit": "Edit the config",
    "home.open": "Open a config…",
    "home.runs": "Go to the runs",
    "home.monitor": "Watch the run that is going",
    "home.queue": "Queue: trainings one after another",
    "home.data": "Data: make, import, choose",
    "home.rescan": "Look at the hardware again",
    "launch_card.launch": "Launch a run",
    "editor.save": "Save the config",
    "editor.save_as": "Save the config as…",
    "editor.launch": "Launch a run of this config",
    "editor.open": "Open another config…",
    "editor.fix": "Fix the problem",
    "editor.diff": "Compare with the file, the preset, the last run",
    "editor.preset": "Compare with a preset…",
    "editor.reset": "Reset keys…",
    "editor.find": "Find a key…",
    "editor.text": "Edit the text in $EDITOR",
    "editor.yaml": "Show the YAML, or hide it",
    "editor.advice": "Advice: memory, speed, quality…",
    "field.step": "Step the value up",
    "field.step_back": "Step the value down",
    "field.enter": "Type a value",
    "field.reset": "Set the key to its default",
    "monitor.sample": "Draw a sample now",
    "monitor.save": "Save a checkpoint now",
    "monitor.stop": "Stop the run",
    "monitor.resume": "Resume the run",
    "monitor.advice": "Advice after a failure…",
    "monitor.arrange": "Panels: hide, show, move…",
    "monitor.all_panels": "Show all panels",
    "curves.log_y": "Logarithmic or linear values",
    "curves.smooth": "Smooth the curves",
    "figure.pause": "Pause the figure",
}


@dataclass(frozen=True)
class Command:
    """A line of the palette. `listed`: it is there before anything is typed."""

    title: str
    help: str
    run: Callable[[], object]
    listed: bool = True


class Palette(Provider):
    """All of it in one provider, so that the order is ours: this screen, the app, places, configs, runs, themes."""

    async def startup(self) -> None:
        """Read which configs and runs there are, beside the screen."""
        self._configs, self._runs, self._resumable = await asyncio.to_thread(_found, self._stickgen.runs_root)

    @property
    def _stickgen(self) -> Offers:
        return cast("Offers", self.app)

    def commands(self) -> list[Command]:
        """What can be done now, and where one can go."""
        return [*self._keys(), *self._places(), *self._config_lines(), *self._run_lines(), *self._themes()]

    def _keys(self) -> Iterator[Command]:
        """The keys that work here, the app's last, each once; and what needs no key."""
        found: dict[str, Command] = {}
        for active in self.screen.active_bindings.values():
            binding, node = active.binding, active.node
            if not active.enabled or not binding.description or binding.action == "command_palette":
                continue
            if not type(node).__module__.startswith("stickgen_tui."):
                continue
            title = title_of(type(node), binding)
            key = self.app.get_key_display(binding)
            about = binding.tooltip if binding.tooltip and binding.tooltip != title else ""
            run = partial(self.app.call_later, self.app.run_action, binding.action, node)
            found.setdefault(title, Command(title, f"{about}  key {key}".strip(), run))
        yield from found.values()
        yield Command(
            "Save a screenshot", "an SVG of this screen in this folder", self._stickgen.take_picture
        )

    def _places(self) -> Iterator[Command]:
        """Screens, from wherever one is."""
        app = self._stickgen
        yield Command("Go home", "this machine, what it should train, the runs", app.go_home)
        yield Command("Go to the runs: compare, filter, tag", "every run, by any figure", app.open_runs)
        yield Command("Go to the datasets", "make, import, embed and look at them", app.open_data)
        yield Command("Go to the queue", "trainings that start one after another", app.open_queue)
        yield Command("Open a config by its path…", "the newest first", app.open_file)

    def _config_lines(self) -> Iterator[Command]:
        for path, origin in self._configs:
            preset = origin.startswith("preset ")
            shown = origin if preset else clean(shown_path(path), single_line=True, limit=80)
            yield Command(
                f"Edit {shown}",
                "a starting point: saving asks for a name" if preset else origin,
                partial(self._stickgen.open_editor, path),
                listed=not preset,
            )

    def _run_lines(self) -> Iterator[Command]:
        for number, run in enumerate(self._runs):
            name = clean(run.name, single_line=True, limit=80)
            listed = number < _RUNS_SHOWN
            yield Command(
                f"Watch {name}", "open it in the monitor", partial(self._stickgen.open_monitor, run), listed
            )
        for run in self._resumable:
            yield Command(
                f"Resume the run {clean(run.name, single_line=True, limit=80)}",
                "open it, and go on from its last checkpoint",
                partial(self._stickgen.resume_run, run),
            )

    def _themes(self) -> Iterator[Command]:
        for name in self.app.available_themes:
            now = "the one that is on" if name == self.app.theme else "kept for the next start"
            yield Command(f"Theme: {name}", now, partial(self._stickgen.choose_theme, name))

    async def discover(self) -> AsyncIterator[DiscoveryHit | Hit]:
        for command in self.commands():
            if command.listed:
                yield DiscoveryHit(
                    Content(command.title), command.run, text=command.title, help=escape(command.help)
                )

    async def search(self, query: str) -> AsyncIterator[DiscoveryHit | Hit]:
        matcher = self.matcher(query)
        for command in self.commands():
            score = matcher.match(command.title)
            shown, about = Content(command.title), escape(command.help)
            if score > 0:
                shown = _marked(matcher, command.title)
                yield Hit(1 + score, shown, command.run, text=command.title, help=about)
            elif (score := matcher.match(command.help)) > 0:
                yield Hit(_BY_HELP * score, shown, command.run, text=command.title, help=about)


def _marked(matcher: Matcher, title: str) -> Content:
    """A title with the letters that match. Textual's own would obey what looks like markup in a run's name."""
    shown = Content(title)
    for at in matcher.fuzzy_search.match(matcher.query, title)[1]:
        if not title[at].isspace():
            shown = shown.stylize(matcher.match_style, at, at + 1)
    return shown


def title_of(owner: type[DOMNode], binding: Binding) -> str:
    """What a binding is called here: its own title, or its word in the key bar."""
    name = binding.id or names_of(owner).get((binding.action, binding.description), "")
    return TITLES.get(name, binding.description)


def _found(root: Path | None) -> tuple[list[tuple[Path, str]], list[Run], list[Run]]:
    """The configs here, the runs, newest first, and those of the newest that ended before they were finished."""
    try:
        runs = list_runs(root or runs_root())[:_RUNS_READ]
        states = [(run, run.state()) for run in runs[:_RUNS_SHOWN]]
        resumable = [run for run, state in states if not state.alive and state.status != Status.FINISHED]
        return configs_here(), runs, resumable
    except (StickgenError, OSError):
        return [], [], []
