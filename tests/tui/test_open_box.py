"""A text box that is open is taken, or refused with its reason, before anything else is done."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from on_screen import screen_text, until
from test_form import in_editor, value_on_screen
from test_launching import dataset
from textual.pilot import Pilot
from textual.widgets import Input

from stickgen.config.drafts import find
from stickgen.config.loading import TrainingConfig
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.screens.home import HomeScreen
from stickgen_tui.screens.monitor import MonitorScreen
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.screens.resetting import ResetScreen
from stickgen_tui.widgets.field import Field

BATCH = "training.batch_size"


def row(screen: EditorScreen, path: str) -> Field:
    return screen.query_one("#field-" + path.replace(".", "-"), Field)


async def typing(pilot: Pilot[None], text: str, path: str = BATCH) -> EditorScreen:
    """The editor with `text` typed over the value of a key, and not ended by Enter."""
    shown = pilot.app.screen
    screen = shown if isinstance(shown, EditorScreen) else await in_editor(pilot)
    screen.set_focus(row(screen, path))
    await pilot.press("enter", "ctrl+u", *text)
    await until(pilot, lambda: screen.query_one(".field-box", Input).value == text)
    return screen


async def test_a_save_takes_it(app: StickgenApp, config: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await typing(pilot, "64")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: TrainingConfig(config).get(BATCH) == 64)
        await until(pilot, lambda: "✓ saved" in screen_text(app))
        await until(pilot, lambda: not screen.query(".field-box") and screen.focused is row(screen, BATCH))


async def test_a_launch_takes_it_and_runs_it(
    app: StickgenApp, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[Run] = []
    monkeypatch.setattr("stickgen.runs.launch.launch", runs.append)
    dataset(Path("data/quickstart.pt"), 384)
    async with app.run_test(size=(80, 24)) as pilot:
        await typing(pilot, "8")
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        assert "training.batch_size: 16 → 8" in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen))
    assert b"batch_size: 8 " in runs[0].config_bytes and runs[0].config_bytes == config.read_bytes()


async def test_leaving_asks_about_it(app: StickgenApp, config: Path) -> None:
    before = config.read_bytes()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await typing(pilot, "8")
        screen.action_leave()  # as a click on the key bar does: Esc itself closes the box
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
    assert config.read_bytes() == before.replace(b"batch_size: 16 ", b"batch_size: 8  ")


async def taken(pilot: Pilot[None], screen: EditorScreen, text: str) -> None:
    """Wait until what was typed is the value and the box is closed."""
    await until(pilot, lambda: value_on_screen(pilot.app, BATCH) == text and not screen.query(".field-box"))


async def test_every_other_key_takes_it(app: StickgenApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        for number, action in enumerate(("move(1)", "move(-1000)", "redo", "yaml", "diff", "find"), start=7):
            screen = await typing(pilot, str(number))
            await screen.run_action(action)
            await until(pilot, lambda: "1 change not saved" in screen_text(app))
            await taken(pilot, screen, str(number))


async def test_every_dialog_knows_it(app: StickgenApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await typing(pilot, "8")
        await screen.run_action("reset")
        await until(pilot, lambda: isinstance(app.screen, ResetScreen))
        await until(pilot, lambda: "training.batch_size: 8 → " in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen and "1 change not saved" in screen_text(app))
        await typing(pilot, "9")
        await screen.run_action("preset")
        await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen and "1 change not saved" in screen_text(app))
        await taken(pilot, screen, "9")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_click_elsewhere_takes_it(app: StickgenApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        for number, place in enumerate(("row", "title", "side", "arrow"), start=7):
            await click_elsewhere(pilot, place, str(number))


async def click_elsewhere(pilot: Pilot[None], place: str, text: str) -> None:
    app, screen = pilot.app, await typing(pilot, text)
    other = row(screen, "training.epochs")
    before = int(other.state.text)
    row(screen, "training.learning_rate").scroll_visible(animate=False)  # so that the row lies free
    await pilot.pause()
    if place == "row":
        await pilot.click(other, offset=(60 if app.size.width < 100 else 55, 0))
    elif place == "arrow":
        await pilot.click(other, offset=(other._columns.name, 0))
    else:
        await pilot.click("#editor-title" if place == "title" else "#key-help")
    await taken(pilot, screen, text)
    if place == "arrow":
        await until(pilot, lambda: int(other.state.text) < before)
    if place in ("row", "arrow"):
        assert screen.focused is other
    await pilot.press("escape")  # leaves, and is not needed to get out of a box
    await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
    await pilot.press("escape")
    await until(pilot, lambda: app.screen is screen)


async def test_what_is_not_allowed_keeps_the_box_the_focus_and_the_reason(
    app: StickgenApp, config: Path
) -> None:
    ways = ("ctrl+s", "f5", "enter", "down", "pagedown", "click", "arrow", "leave", "diff")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        for number, way in enumerate(ways, start=12):
            await refuse_zero(pilot, way)
            await pilot.press(*str(number), "home", "delete", "ctrl+s")  # 012 → 12
            await until(pilot, lambda: "✓ saved" in screen_text(app))
            assert TrainingConfig(config).get(BATCH) == number


async def refuse_zero(pilot: Pilot[None], way: str) -> None:
    app, screen = pilot.app, await typing(pilot, "0")
    other = row(screen, "training.epochs")
    epochs = other.state.text
    if way == "click":
        await pilot.click("#editor-title")
    elif way == "arrow":
        await pilot.click(other, offset=(other._columns.name, 0))
    elif way in ("leave", "diff"):
        await screen.run_action(way)
    else:
        await pilot.press(way)
    await until(pilot, lambda: "✗ must be a whole number" in screen_text(app))
    for _ in range(3):
        await pilot.pause()
    assert screen.focused is screen.query_one(".field-box", Input)
    assert app.screen is screen and other.state.text == epochs and screen.query_one("#pane").display


async def test_what_the_file_refuses_keeps_the_box_too(app: StickgenApp, config: Path) -> None:
    config.write_text(config.read_text().replace("batch_size: 16", "batch_size: !mine 16"))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        screen = app.screen
        assert isinstance(screen, EditorScreen)
        screen.set_focus(row(screen, BATCH))
        await pilot.press("enter", "ctrl+u", "8", "ctrl+s")
        await until(pilot, lambda: "batch_size has the tag !mine" in screen_text(app))
        assert screen.query_one(".field-box", Input).value == "8"
        assert screen.focused is screen.query_one(".field-box", Input)


async def test_undo_takes_back_the_typing_alone_and_escape_leaves_all_as_it_was(app: StickgenApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        screen.set_focus(row(screen, BATCH))
        await pilot.press("right")
        await until(pilot, lambda: value_on_screen(app, BATCH) == "32")
        for way in ("ctrl+z", "escape"):
            await pilot.press("enter", "ctrl+u", "8")
            await until(pilot, lambda: screen.query_one(".field-box", Input).value == "8")
            await pilot.press(way)
            await until(pilot, lambda: not screen.query(".field-box"))
            assert value_on_screen(app, BATCH) == "32"


async def test_a_terminal_that_is_left_for_another_window_keeps_the_box(app: StickgenApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await typing(pilot, "8")
        app.app_focus = False
        await pilot.pause()
        app.app_focus = True
        await pilot.pause()
        assert value_on_screen(app, BATCH) == "16"
        assert screen.focused is screen.query_one(".field-box", Input)
        await pilot.press("4", "enter")
        await until(pilot, lambda: value_on_screen(app, BATCH) == "84")


async def test_what_is_typed_when_a_signal_ends_the_app_is_in_the_draft(
    app: StickgenApp, config: Path
) -> None:
    app.leave_on_signals = True
    async with app.run_test(size=(120, 40)) as pilot:
        await typing(pilot, "8")
        os.kill(os.getpid(), signal.SIGTERM)
        await until(pilot, lambda: not app.is_running)
    draft = find(config)
    assert draft is None or b"batch_size: 8 " in draft.data  # the lock is ours as long as we live
    journals = list(Path(os.environ["XDG_STATE_HOME"]).rglob("*.jsonl"))
    assert len(journals) == 1 and b'"edit"' in journals[0].read_bytes()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_both_arrows_of_a_number_can_be_clicked(app: StickgenApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await in_editor(pilot)
        field = row(screen, "model.d_model")
        left = field._columns.name
        await pilot.hover(field, offset=(left + 6, 0))
        await until(pilot, lambda: "‹ 128 ›" in screen_text(app))  # what is clicked is seen before
        line = next(text for text in screen_text(app).splitlines() if "‹ 128 ›" in text)
        shift = line.index("‹") - left  # the form's padding
        await pilot.click(field, offset=(line.index("›") - shift, 0))
        await until(pilot, lambda: field.state.text == "192")
        await pilot.click(field, offset=(left, 0))
        await until(pilot, lambda: field.state.text == "128")
        await pilot.click(field, offset=(40, 0))  # between the arrow and the comment: nothing
        await pilot.pause()
        assert field.state.text == "128"
