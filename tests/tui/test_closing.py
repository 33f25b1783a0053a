"""A screen that is closed while it opens: what comes late for it is no error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.worker import WorkerFailed

from stickgen.errors import StickgenError
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.editing.session import EditSession
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.screens.help import HelpScreen
from stickgen_tui.screens.home import HomeScreen
from stickgen_tui.screens.monitor import MonitorScreen
from stickgen_tui.screens.unreadable import UnreadableScreen

SCREENS: dict[str, Callable[[StickgenApp, Run, Path], Screen[None]]] = {
    "monitor": lambda app, run, config: MonitorScreen(run),
    "editor": lambda app, run, config: EditorScreen(EditSession.open(config), config),
    "home": lambda app, run, config: HomeScreen(config, run.path.parent),
    "unreadable": lambda app, run, config: UnreadableScreen(config, f"{config}:2:1: odd"),
    "help": lambda app, run, config: HelpScreen(app.screen),
}


@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_may_be_closed_while_it_opens(
    app: StickgenApp, run: Run, config: Path, name: str
) -> None:
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        for turns in (0, 1, 2, 4, 8, 16):
            app.push_screen(SCREENS[name](app, run, config))
            for _ in range(turns):
                await asyncio.sleep(0)
            app.pop_screen()
            await asyncio.sleep(0.005)
            assert app._exception is None and app.is_running, turns
        await pilot.pause()


@pytest.mark.parametrize("turns", [1, 12])
async def test_the_app_may_be_left_while_a_run_opens(app: StickgenApp, run: Run, turns: int) -> None:
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        app.open_monitor(run)
        for _ in range(turns):
            await asyncio.sleep(0)
        app.exit()
        await asyncio.sleep(0.05)
    assert app._exception is None


@pytest.mark.parametrize("error", [NoMatches("#chart"), StickgenError("odd")])
async def test_what_is_missing_on_a_screen_that_stays_is_an_error(app: StickgenApp, error: Exception) -> None:
    with pytest.raises((NoMatches, StickgenError, WorkerFailed)):
        async with app.run_test() as pilot:
            await pilot.pause()

            def fails() -> None:
                raise error

            app.screen.call_next(fails)
            await pilot.pause()
