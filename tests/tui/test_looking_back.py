"""Looking back: every panel shows the same moment, found by step, and by the clock in a log that knows no days."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st
from on_screen import screen_text, until

from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.following.moment import line_at, moment_at, moment_further
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.screens.monitor import MonitorScreen

START = 1_790_000_000


@given(st.lists(st.integers(0, 80_000), min_size=1, max_size=30), st.integers(-100_000, 500_000))
def test_a_line_is_found_by_the_clock_over_several_days(gaps: list[int], asked: int) -> None:
    """Lines come less than a day apart."""
    moments, now = [], START
    for gap in gaps:
        now += gap
        moments.append(now)
    lines = [time.strftime("%H:%M:%S said", time.localtime(moment)) for moment in moments]
    wanted = max((number for number, moment in enumerate(moments) if moment <= START + asked), default=None)
    assert line_at(lines, START + asked, moments[-1]) == wanted


def test_lines_without_a_clock_are_passed_over() -> None:
    lines = [time.strftime("%H:%M:%S said", time.localtime(START)), "  a traceback", ""]
    assert line_at(lines, START + 5, START + 1) == 0
    assert line_at([], START, START) is None
    assert line_at(["no clock"], START, START) is None


def test_moments_lie_within_the_run(run: Run) -> None:
    follower = RunFollower(run)
    follower.poll()
    assert moment_at(follower, -5).step == 0
    assert moment_at(follower, 1e9).step == 1000
    assert moment_at(follower, 500).unix is not None
    back = moment_further(follower, None, -1)
    assert back is not None and back.step == 980
    assert moment_further(follower, back, 1) is None


async def test_all_panels_look_back_and_come_again(run: Run) -> None:
    app = StickgenApp(run=run, root=run.path.parent)
    async with app.run_test(size=(160, 50)) as pilot:
        await until(
            pilot, lambda: isinstance(app.screen, MonitorScreen) and "all steps done" in screen_text(app)
        )
        await pilot.press(*["comma"] * 10)
        await until(pilot, lambda: "looking at step 800" in screen_text(app))
        text = screen_text(app)
        assert "numbers at step 800" in text and "events up to step 800" in text
        assert "all steps done" not in text
        await pilot.press("full_stop")
        await until(pilot, lambda: "looking at step 820" in screen_text(app))
        await pilot.press("home")
        await until(pilot, lambda: "looking at step 0" in screen_text(app))
        await pilot.press("end")
        await until(
            pilot, lambda: "looking at" not in screen_text(app) and "all steps done" in screen_text(app)
        )
        await pilot.press("comma", "escape")
        await until(pilot, lambda: "looking at" not in screen_text(app))
        assert isinstance(app.screen, MonitorScreen)
