"""The table of all runs: every key of it, on many runs as on few, and what is typed by a fast hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from on_screen import screen_text, until
from run_fixture import finished_run
from textual.pilot import Pilot
from textual.widgets import Input

from stickgen.runs.labels import read_labels, write_note
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.screens.compare import CompareScreen
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.screens.monitor import MonitorScreen
from stickgen_tui.screens.runs import RunsScreen
from stickgen_tui.widgets.run_grid import RunGrid

NAMES = ("calm-otter", "brisk-fox", "wise-owl")


@pytest.fixture
def three(workplace: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three runs of different lengths and learning rates."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(workplace / "cache"))
    text = config.read_text()
    for number, name in enumerate(NAMES):
        config.write_text(text.replace("  learning_rate:", f"  seed: {number}\n  learning_rate:"))
        run = finished_run(workplace / "runs", config, name=name, steps=200 * (number + 1))
        run.update_identity(created_unix=1e9 + number)
    config.write_text(text)
    return workplace / "runs"


def run_of(root: Path, name: str) -> Run:
    return Run(next(path for path in root.iterdir() if path.name.endswith(name)))


def noticed(app: StickgenApp) -> str:
    """What notices say."""
    return " ".join(note.message for note in app._notifications)


async def opened(pilot: Pilot[None]) -> RunGrid:
    """The screen, with all figures."""
    await until(pilot, lambda: "wise-owl" in screen_text(pilot.app))
    await pilot.press("r")
    await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen) and pilot.app.screen.is_mounted)
    await until(pilot, lambda: len(shown(pilot)) == 3 and "0.0" in screen_text(pilot.app))
    return pilot.app.screen.query_one(RunGrid)


def shown(pilot: Pilot[None]) -> list[str]:
    """The names in the order of the rows."""
    lines = screen_text(pilot.app).splitlines()
    return [name for line in lines if "│" in line for name in NAMES if name in line]


async def test_the_filter_narrows_while_it_is_typed_and_says_where_it_is_wrong(
    app: StickgenApp, three: Path
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("slash", *"seed=1 or step>500")
        await until(pilot, lambda: shown(pilot) == ["wise-owl", "brisk-fox"])
        await until(pilot, lambda: "2 of 3 runs" in screen_text(app))
        await pilot.press(*" val.los<1")
        await until(pilot, lambda: "did you mean val.loss?" in screen_text(app))
        assert shown(pilot) == ["brisk-fox"]  # as of the last filter that could be read
        await pilot.press("enter", "escape")
        await until(pilot, lambda: len(shown(pilot)) == 3)
        assert isinstance(app.screen, RunsScreen) and not app.screen.query_one("#runs-filter").display
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, RunsScreen))


async def test_sorted_by_key_and_by_mouse_by_the_best_and_smoothed(app: StickgenApp, three: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        grid = await opened(pilot)
        assert shown(pilot) == ["wise-owl", "brisk-fox", "calm-otter"]
        await pilot.press("s")  # by name, which is reached first
        await until(pilot, lambda: shown(pilot) == sorted(NAMES))
        await pilot.press("s")
        await until(pilot, lambda: shown(pilot) == sorted(NAMES, reverse=True))
        await pilot.press("right", "s")
        await until(pilot, lambda: "step▾" in screen_text(app))
        column = screen_text(app).splitlines()[grid.region.y].index("val.loss")
        await pilot.click(RunGrid, offset=(column - grid.region.x + 1, 0))
        await until(pilot, lambda: "val.loss▾" in screen_text(app))
        await pilot.press("b", "S")
        await until(pilot, lambda: "smoothed best values" in screen_text(app))
        await pilot.press("s", "s")
        await until(pilot, lambda: "▾" not in screen_text(app) and "▴" not in screen_text(app))


async def test_enter_opens_the_run_at_once_and_escape_comes_back_to_the_table(
    app: StickgenApp, three: Path
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "wise-owl" in screen_text(app))
        await pilot.press("r", "down", "enter")  # a fast hand
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen))
        assert "brisk-fox" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))


async def test_tags_and_a_note_are_written_to_the_marked_runs(app: StickgenApp, three: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("space", "space")
        assert "2 marked" in screen_text(app)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press(*"night -old", "enter")
        await until(pilot, lambda: read_labels(run_of(three, "brisk-fox")).tags == ("night",))
        assert read_labels(run_of(three, "wise-owl")).tags == ("night",)
        assert read_labels(run_of(three, "calm-otter")).tags == ()
        await pilot.press("u", "n")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press(*"left [b]hand[/b]", "enter")
        await until(pilot, lambda: "left [b]hand[/b]" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("end", "ctrl+u", "minus", "enter")
        await until(pilot, lambda: read_labels(run_of(three, "calm-otter")).note == "")


async def test_chosen_columns_are_shown_and_found_again(
    app: StickgenApp, three: Path, workplace: Path
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("end", "ctrl+u", *"seed,val.loss_pose", "enter")
        await until(pilot, lambda: "val.loss_pose" in screen_text(app))
        assert " seed " in screen_text(app)
        assert RunsScreen(None)._fields == ("training.seed", "val.loss_pose")
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("end", "ctrl+u", *"nope", "enter")
        await until(pilot, lambda: "nope is no fact" in noticed(app))


async def test_marked_runs_are_compared_on_one_screen(app: StickgenApp, three: Path) -> None:
    write_note(run_of(three, "wise-owl"), "a [red]note[/red]\x1b[31m")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("d")
        await until(pilot, lambda: "mark two runs or more" in noticed(app))
        await pilot.press("space", "end", "space", "d")
        await until(
            pilot, lambda: isinstance(app.screen, CompareScreen) and "training.seed" in screen_text(app)
        )
        await until(pilot, lambda: "◆ A" in screen_text(app))
        said = screen_text(app)
        assert "validation loss" in said and "━ B" in said and "▸A" in said and "training.epochs" not in said
        assert "[red]note" in said and "\x1b" not in said
        await pilot.press("down")
        await until(pilot, lambda: "◆ B" in screen_text(app) and "▸B" in screen_text(app))
        await pilot.press("right", "y", "s")
        await until(pilot, lambda: "smoothing 10%" in screen_text(app) and "‹ 2/" in screen_text(app))
        await pilot.press("left", "pagedown", "pageup", "enter")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))


async def test_a_fork_is_that_runs_config_in_the_editor(
    app: StickgenApp, three: Path, workplace: Path
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("F")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("end", "ctrl+u", *"mine.yaml", "enter")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
    assert (workplace / "mine.yaml").read_bytes() == run_of(three, "wise-owl").config_bytes


async def test_metrics_are_exported(app: StickgenApp, three: Path, workplace: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("e", "j")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("end", "ctrl+u", *"m.json", "enter")
        await until(pilot, lambda: "m.json: " in noticed(app))
    assert json.loads((workplace / "m.json").read_text())["name"].endswith("wise-owl")


async def test_checkpoints_are_pruned_and_runs_deleted_only_after_a_yes(
    app: StickgenApp, three: Path
) -> None:
    run = run_of(three, "wise-owl")
    (run.path / "mine.txt").touch()
    for step in (100, 200):
        folder = run.checkpoints_dir / f"step_{step:08d}"
        folder.mkdir()
        (folder / "trainer.json").write_text(json.dumps({"step": step, "best_step": None}))
        (folder / "MANIFEST.json").write_text(
            json.dumps({"trainer.json": {"bytes": (folder / "trainer.json").stat().st_size, "sha256": ""}})
        )
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("p")
        await until(pilot, lambda: "1 checkpoint, " in screen_text(app))
        await pilot.press("escape")
        assert len(run.checkpoints) == 2
        await pilot.press("p")
        await until(pilot, lambda: "1 checkpoint, " in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: len(run.checkpoints) == 1)
        await pilot.press("D")
        await until(pilot, lambda: "what is not of stickgen: mine.txt" in screen_text(app))
        await pilot.press("escape", "delete")
        await until(pilot, lambda: "what is not of stickgen: mine.txt" in screen_text(app))
        assert run.path.is_dir()
        await pilot.press("y")
        await until(pilot, lambda: not run.path.exists() and len(shown(pilot)) == 2)


async def test_many_runs_are_rows_of_which_those_on_screen_are_drawn(
    app: StickgenApp, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(workplace / "cache"))
    root = workplace / "runs"
    root.mkdir()
    for number in range(300):
        folder = root / f"run-{number:04d}"
        folder.mkdir()
        (folder / "run.json").write_text(
            json.dumps({"created_unix": 1e9 + number, "created": "x", "launches": []})
        )
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "250 more: r shows all" in screen_text(app))
        await pilot.press("r")
        await until(pilot, lambda: "Runs  300" in screen_text(app))
        grid = app.screen.query_one(RunGrid)
        await pilot.press("end")
        await until(pilot, lambda: "run-0000" in screen_text(app))
        assert len(grid.on_screen) < 24 and "run-0299" not in screen_text(app)
        await pilot.press("pageup", "home")
        await until(pilot, lambda: "run-0299" in screen_text(app))
        grid.scroll_to(y=150, animate=False)
        await until(pilot, lambda: "run-0149" in screen_text(app))
        await pilot.click(RunGrid, offset=(10, 3))
        assert grid.current is not None and grid.current.run.name == "run-0147"
        await pilot.click(RunGrid, offset=(1, 3))
        assert [path.name for path in grid.marks] == ["run-0147"]


async def test_what_did_not_change_is_not_drawn_again(
    app: StickgenApp, three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        grid = await opened(pilot)
        monkeypatch.setattr("stickgen.catalogue.entry.time.time", lambda: 2e9)  # ages stand still
        assert isinstance(app.screen, RunsScreen)
        app.screen._show()
        drawn: list[bool] = []
        monkeypatch.setattr(grid, "refresh", lambda *region, **how: drawn.append(True))
        app.screen._show()
        assert not drawn
