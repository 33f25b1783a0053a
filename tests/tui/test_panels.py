"""The panels of the monitor by key and by mouse: enlarged, hidden, moved, and found again as they were left."""

from __future__ import annotations

import json

from on_screen import screen_text, until

from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.panels.board import Board
from stickgen_tui.panels.panel import Panel
from stickgen_tui.screens.arrange import ArrangeScreen
from stickgen_tui.screens.monitor import MonitorScreen


def seen(app: StickgenApp) -> set[str]:
    return {panel.NAME for panel in app.screen.query(Panel) if panel.display and panel.size.area}


async def test_panels_are_hidden_moved_and_found_again(run: Run) -> None:
    app = StickgenApp(run=run, root=run.path.parent)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and "log" in seen(app))
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, ArrangeScreen))
        await pilot.press("space", "down", "J", "J", "escape")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and "curves" not in seen(app))
        assert app.screen.query_one(Board).arrangement.upper == ("curves",)
        assert app.screen.query_one(Board).arrangement.lower[:2] == ("numbers", "figure")
    again = StickgenApp(run=run, root=run.path.parent)
    async with again.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(again.screen, MonitorScreen) and "figure" in seen(again))
        assert "curves" not in seen(again)
        await pilot.press("v")
        await until(pilot, lambda: isinstance(again.screen, ArrangeScreen))
        await pilot.press("u", "escape")
        await until(pilot, lambda: "curves" in seen(again))


async def test_a_click_on_a_title_or_a_tab_shows_a_panel_alone(run: Run) -> None:
    app = StickgenApp(run=run, root=run.path.parent)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(
            pilot, lambda: isinstance(app.screen, MonitorScreen) and seen(app) == {"curves", "figure"}
        )
        assert "[1 curves][2 figure] 3 numbers " in screen_text(app)
        await pilot.click("#figure", offset=(3, 0))
        await until(pilot, lambda: seen(app) == {"figure"})
        await pilot.click("#figure", offset=(3, 0))
        await until(pilot, lambda: seen(app) == {"curves", "figure"})
        await pilot.click("#panel-tabs", offset=(1 + len("[1 curves][2 figure]") + 3, 0))
        await until(pilot, lambda: seen(app) == {"numbers"})
        await pilot.press("5")
        await until(pilot, lambda: seen(app) == {"events"})
        await pilot.press("escape")
        await until(pilot, lambda: seen(app) == {"curves", "figure"})


async def test_a_key_that_cannot_be_used_now_says_why(run: Run) -> None:
    app = StickgenApp(run=run, root=run.path.parent)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and "✓ finished" in screen_text(app))
        for key, why in (
            ("p", "only a trainer can"), ("c", "only a trainer can"), ("x", "no trainer to stop"),
            ("k", "while it trains"), ("u", "nothing to pause"), ("R", "before its last step"), ("a", "that failed"),
        ):  # fmt: skip
            await pilot.press(key)
            said = [notice.message for notice in app._notifications]
            assert len(said) == 1 and said[0].startswith("this run is finished: ") and why in said[0]
            app.clear_notifications()


async def test_a_run_that_stopped_early_is_told_of_as_in_the_status_line(run: Run) -> None:
    run.exit_path.write_text(
        json.dumps({**run.exit, "code": 0, "event": "early", "reason": "reached --max-steps"})
    )
    app = StickgenApp(run=run, root=run.path.parent)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "stopped early" in screen_text(app))
        await pilot.press("p")
        said = [notice.message for notice in app._notifications]
        assert said == ["this run stopped early: only a trainer can do that"]
