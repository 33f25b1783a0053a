"""The palette: actions by their names, configs, runs, themes. Each line of each screen is run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from on_screen import screen_text, until
from run_fixture import finished_run
from test_data_screen import dataset as dataset  # a fixture
from test_data_screen import in_data, noticed
from test_form import in_editor
from textual.command import CommandPalette
from textual.content import Content
from textual.pilot import Pilot
from textual.screen import Screen

from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.datasets.job import DataJob
from stickgen_tui.palette import Command, Palette
from stickgen_tui.screens.clips import ClipsScreen
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.screens.home import HomeScreen
from stickgen_tui.screens.monitor import MonitorScreen
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.screens.queue import QueueScreen


async def commands(screen: Screen[object]) -> list[Command]:
    """What the palette offers on this screen."""
    palette = Palette(screen)
    await palette.startup()
    return palette.commands()


async def found(screen: Screen[object], query: str) -> list[str]:
    """The titles that a query finds, the best first."""
    palette = Palette(screen)
    await palette.startup()
    hits = [hit async for hit in palette.search(query)]
    return [str(hit.text) for hit in sorted(hits, key=lambda hit: hit.score, reverse=True)]


async def test_what_people_look_for_is_found_from_home(app: StickgenApp, run: Run, config: Path) -> None:
    cut = finished_run(run.path.parent, config, name="cut-short", steps=300)
    cut.exit_path.write_text('{"code": 1, "reason": "out of memory"}')
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert (await found(app.screen, "resume"))[0] == f"Resume the run {cut.name}"
        themes = await found(app.screen, "theme")
        assert "Theme: contrast-dark" in themes and themes[0].startswith("Theme: ")
        assert "Edit configs/quickstart.yaml" in await found(app.screen, "quickstart")
        assert f"Watch {run.name}" in await found(app.screen, run.name.split("-")[-1])
        assert (await found(app.screen, "import"))[0].startswith("Data: ")
        assert "Quit" in await found(app.screen, "quit")


async def test_what_people_look_for_is_found_where_it_is_done(app: StickgenApp, run: Run) -> None:
    run.exit_path.write_text('{"code": 1, "reason": "out of memory"}')
    async with app.run_test(size=(120, 40)) as pilot:
        await in_editor(pilot)
        assert (
            len([title for title in await found(app.screen, "compare") if title.startswith("Compare")]) == 2
        )
        assert (await found(app.screen, "save"))[0].startswith("Save the config")
        app.open_monitor(run)
        await until(pilot, lambda: "failed" in screen_text(app))
        assert (await found(app.screen, "resume"))[0] == "Resume the run"
        assert "Logarithmic or linear values" in await found(app.screen, "log")


async def test_a_theme_is_chosen_and_kept(app: StickgenApp, workplace: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"contrast-light")
        await until(pilot, lambda: "Theme: contrast-light" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.theme == "contrast-light")
    assert StickgenApp(root=workplace / "runs").theme == "contrast-light"


async def test_a_name_that_looks_like_markup_is_a_name(app: StickgenApp, run: Run) -> None:
    """A folder may be called anything; in the palette, `[@click=…]` would be a link that quits."""
    run.path.rename(run.path.with_name("calm [@click=app.quit]x [bold]otter"))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "otter" in screen_text(app))
        await pilot.press("ctrl+p")
        shown = "Watch calm [@click=app.quit]x [bold]otter"
        palette = Palette(app.screen)
        await palette.startup()
        prompts = [hit.prompt async for hit in palette.discover()]
        assert shown in [prompt.plain for prompt in prompts if isinstance(prompt, Content)]
        await pilot.press(*"watch otter")
        await until(pilot, lambda: shown in screen_text(app) and "Go home" not in screen_text(app))
        app.pop_screen()
        app.push_screen(NameScreen("Note to [bold]otter[/]", ""))
        await until(pilot, lambda: "Note to [bold]otter[/]" in screen_text(app))


async def test_without_colour_the_terminals_own_themes_are_refused(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = StickgenApp(root=workplace / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        app.choose_theme("ansi-dark")
        await until(pilot, lambda: "all would be black on black" in noticed(app))
        assert app.theme == "textual-dark"


# -- every line of every screen


async def _home(pilot: Pilot[None]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def _editor(pilot: Pilot[None]) -> None:
    await in_editor(pilot)


async def _data(pilot: Pilot[None]) -> None:
    await in_data(pilot)
    await until(pilot, lambda: "data/tiny.pt" in screen_text(pilot.app))


async def _clips(pilot: Pilot[None]) -> None:
    pilot.app.push_screen(ClipsScreen(Path("data/tiny.pt")))
    await until(pilot, lambda: isinstance(pilot.app.screen, ClipsScreen))


async def _queue(pilot: Pilot[None]) -> None:
    if not isinstance(pilot.app.screen, QueueScreen):
        pilot.app.push_screen(QueueScreen())
    await until(pilot, lambda: isinstance(pilot.app.screen, QueueScreen))


PLACES: dict[str, Callable[[Pilot[None]], Awaitable[object]]] = {
    "home": _home, "editor": _editor, "data": _data, "clips": _clips, "queue": _queue,
}  # fmt: skip


@pytest.fixture
def nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a line starts outside of the app is left out: no run, no job, no editor of the person's."""

    async def no_job(job: DataJob, told: object) -> int:
        return 0

    async def no_editor(*arguments: object) -> bool:
        return False

    monkeypatch.setattr(DataJob, "run", no_job)
    monkeypatch.setattr(
        "stickgen_tui.screens.opening.find", lambda path: None
    )  # of edits that a line left behind
    monkeypatch.setattr("stickgen_tui.screens.launch.start", lambda *arguments: pytest.fail("launched"))
    monkeypatch.setattr("stickgen_tui.screens.editor.edit_text", no_editor)
    monkeypatch.setattr("stickgen_tui.app.StickgenApp.exit", lambda app, *arguments: None)
    monkeypatch.setattr("stickgen_tui.screens.steering.resume", lambda run, *, start: ())
    monkeypatch.setattr("stickgen.queue.worker_lock.start_worker", lambda root: True)


async def run_all(app: StickgenApp, pilot: Pilot[None], there: Callable[[], Awaitable[object]]) -> list[str]:
    """Run each line once, from the same screen; an error in one ends the app and with it the test."""
    ran: list[str] = []
    own = [
        command
        for command in await commands(app.screen)
        if not command.title.startswith(("Theme: ", "Watch ", "Edit "))
    ]
    kind, depth = type(app.screen), len(app.screen_stack)
    for command in own:
        result = command.run()
        if asyncio.iscoroutine(result):
            await result
        await pilot.pause(0.01)
        ran.append(command.title)
        while len(app.screen_stack) > depth:
            await app.pop_screen()
        if type(app.screen) is not kind:  # left, or exchanged for another: from the beginning
            while len(app.screen_stack) > 1:
                await app.pop_screen()
            await there()
        assert type(app.screen) is kind
    return ran


@pytest.mark.parametrize("place", PLACES)
async def test_every_line_of_a_screen_can_be_run(
    app: StickgenApp, run: Run, dataset: Path, nothing_happens: None, place: str
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await _home(pilot)
        await PLACES[place](pilot)
        ran = await run_all(app, pilot, lambda: PLACES[place](pilot) if place != "home" else _home(pilot))
    assert len(ran) == len(set(ran)) >= 8, ran
    assert "Quit" in ran and "Theme: dark or light" not in ran


async def test_every_line_of_the_monitor_can_be_run(
    app: StickgenApp, run: Run, nothing_happens: None
) -> None:
    run.exit_path.write_text('{"code": 1, "reason": "out of memory"}')

    async def there() -> None:
        if not isinstance(app.screen, MonitorScreen):
            app.open_monitor(run)
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and "failed" in screen_text(app))

    async with app.run_test(size=(120, 40)) as pilot:
        await _home(pilot)
        await there()
        ran = await run_all(app, pilot, there)
    assert {"Resume the run", "Smooth the curves", "Panels: hide, show, move…", "Back"} <= set(ran)


async def test_configs_runs_and_themes_open(app: StickgenApp, run: Run, nothing_happens: None) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await _home(pilot)
        lines = {command.title: command for command in await commands(app.screen)}
        lines["Edit preset tiers/cpu_8gb"].run()
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        lines[f"Watch {run.name}"].run()
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen))
        for name in ("contrast-dark", "ansi-light", "nord"):
            lines[f"Theme: {name}"].run()
            await pilot.pause(0)
            assert app.theme == name
