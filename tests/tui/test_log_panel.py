"""The log: searched, filtered, never jumping, long lines whole, nothing in it taken for markup."""

from __future__ import annotations

import re

import pytest
from on_screen import screen_text, until
from textual.app import App, ComposeResult
from textual.widgets import Input

from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.panels.log import LogPanel
from stickgen_tui.screens.monitor import MonitorScreen
from stickgen_tui.widgets.log_view import MOST_LINES, LogView, matcher


class Alone(App[None]):
    def compose(self) -> ComposeResult:
        yield LogView()


@pytest.mark.parametrize(
    ("wanted", "line", "matches"),
    [
        ("LOSS", "the loss is 3", True), ("a.b", "axb", False), ("/a.b/", "axb", True), ("[bold]", "x [bold] y", True),
        ("/^x/", "ax", False), ("/", "a/b", True),
    ],
)  # fmt: skip
def test_words_are_literal_and_slashes_make_an_expression(wanted: str, line: str, matches: bool) -> None:
    found = matcher(wanted)
    assert found is not None and (found(line) is not None) == matches


def test_nothing_wanted_is_no_search_and_a_bad_expression_is_an_error() -> None:
    assert matcher("  ") is None
    with pytest.raises(re.error):
        matcher("/(/")


async def test_long_lines_are_wrapped_whole_and_the_end_is_followed() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(LogView)
        await pilot.pause()
        line = "x" * 100 + "END"
        view.add([f"line {number}" for number in range(50)] + [line])
        await pilot.pause()
        assert "".join(row.removeprefix("  ") for row in view.shown[50:]) == line
        assert "END" in screen_text(app)
        await pilot.resize_terminal(60, 10)
        await pilot.pause()
        assert "".join(row.removeprefix("  ") for row in view.shown[50:]) == line


async def test_a_place_that_was_scrolled_to_stays_whatever_is_written() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(LogView)
        view.add([f"line {number}" for number in range(100)])
        await pilot.pause()
        assert view.follows and "line 99" in screen_text(app)
        view.scroll_to(y=20, animate=False)
        await pilot.pause()
        view.add(["line 100"])
        view.display = False
        await pilot.pause()
        view.display = True
        await pilot.pause()
        assert "line 20" in screen_text(app) and not view.follows
        view.scroll_end(animate=False)
        await pilot.pause()
        view.add(["line 101"])
        await pilot.pause()
        assert view.follows and "line 101" in screen_text(app)


async def test_memory_is_bounded() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)):
        view = app.query_one(LogView)
        view.add(str(number) for number in range(MOST_LINES + 500))
        assert view.shown[0] == "500" and len(view.shown) == MOST_LINES


async def test_search_and_filter_by_key(run: Run) -> None:
    lines = [f"step {number}: loss 0.1" for number in range(60)]
    lines[7] = "[red]markup[/red] and \x1b[31mcolour"
    run.log_path.write_text("\n".join(lines) + "\n")
    app = StickgenApp(run=run, root=run.path.parent)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and "step 59" in screen_text(app))
        await pilot.press("slash", *"markup")
        await until(pilot, lambda: "[red]markup[/red] and colour" in screen_text(app))
        assert "1 line" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "step 59" in screen_text(app))
        await pilot.press("f", *"/step 1./", "enter")
        view = app.screen.query_one(LogView)
        await until(pilot, lambda: view.shown == [line for line in lines if re.search("step 1.", line)])
        assert not isinstance(app.focused, Input)  # the keys are the monitor's again
        await pilot.press("f", "escape")
        await until(pilot, lambda: len(view.shown) == len(lines))
        await pilot.press("slash", *"/(/")
        await until(pilot, lambda: "no expression" in screen_text(app))


async def test_what_events_tell_is_not_told_twice(run: Run) -> None:
    run.log_path.write_text("12:00:00 checkpoint: saved\n12:00:01 step 3: slow\n")
    app = StickgenApp(run=run, root=run.path.parent)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(
            pilot, lambda: isinstance(app.screen, MonitorScreen) and "step 3: slow" in screen_text(app)
        )
        view = app.screen.query_one(LogPanel).query_one(LogView)
        await until(pilot, lambda: view.shown == ["12:00:01 step 3: slow"])
        await pilot.press("4")
        await until(pilot, lambda: view.shown == ["12:00:00 checkpoint: saved", "12:00:01 step 3: slow"])
