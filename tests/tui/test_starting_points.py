"""Presets are starting points: an edit of one asks for a name. Configs that were opened lately are found again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from on_screen import screen_text, until
from test_data_screen import noticed
from test_form import in_editor
from textual.widgets import Input

from stickgen_tui.app import StickgenApp
from stickgen_tui.recent import last_launched, note_launched, note_opened, recent_configs
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.screens.home import HomeScreen
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.screens.open_file import OpenScreen, configs_here


@pytest.fixture
def preset(tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shipped config, in a folder of presets that a test may lose."""
    folder = tmp_path / "shipped"
    shutil.copytree(repo / "configs", folder)
    monkeypatch.setattr("stickgen.config.presets.shipped_directory", lambda: folder)
    return folder / "quickstart.yaml"


async def test_a_save_of_a_preset_asks_for_a_name_and_goes_on_there(workplace: Path, preset: Path) -> None:
    before = preset.read_bytes()
    app = StickgenApp(config=preset, root=workplace / "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        assert "a preset: saving asks for a name" in screen_text(app)
        await pilot.press("down", "right", "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, NameScreen))
        box = app.screen.query_one(Input)
        assert box.value == "quickstart.yaml"
        box.value = str(preset)
        await pilot.press("enter")
        await until(pilot, lambda: "name another file" in noticed(app))
        await until(pilot, lambda: app.screen.query_one(Input).value == str(preset))
        app.screen.query_one(Input).value = "mine.yaml"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen and "mine.yaml  ✓ saved" in screen_text(app))
        await pilot.press("right", "ctrl+s")
        await until(pilot, lambda: "✓ saved" in screen_text(app))
        await until(pilot, lambda: any(r.kind == "preset" for r in screen._side.references))
        (reference,) = [r for r in screen._side.references if r.kind == "preset"]
        assert reference.document.data == before  # what it differs from is the preset, untouched
    assert preset.read_bytes() == before
    assert Path("mine.yaml").read_bytes() != before
    assert recent_configs()[0].samefile("mine.yaml")


async def test_to_leave_an_edited_preset_by_saving_asks_for_the_name_too(
    workplace: Path, preset: Path
) -> None:
    before = preset.read_bytes()
    app = StickgenApp(config=preset, root=workplace / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await in_editor(pilot)
        await pilot.press("down", "right", "escape")
        await until(pilot, lambda: "Save and leave (s)" in screen_text(app))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, NameScreen))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert screen._session.dirty
    assert preset.read_bytes() == before


async def test_open_lists_the_newest_first_and_narrows_by_words(app: StickgenApp, workplace: Path) -> None:
    for name in ("old.yaml", "new.yaml"):
        shutil.copy("configs/quickstart.yaml", name)
        note_opened(Path(name))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, OpenScreen) and "preset medium" in screen_text(app))
        lines = [line for line in screen_text(app).splitlines() if "opened lately" in line]
        assert ["new.yaml" in lines[0], "old.yaml" in lines[1]] == [True, True]
        await pilot.press(*"old", "enter")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        assert isinstance(app.screen, EditorScreen) and app.screen._path.name == "old.yaml"
    assert recent_configs()[0].name == "old.yaml"


async def test_a_path_that_is_typed_is_completed_and_opened(app: StickgenApp, workplace: Path) -> None:
    (workplace / "deep").mkdir()
    shutil.copy("configs/quickstart.yaml", "deep/deeper.yaml")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await in_editor(pilot)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, OpenScreen))
        await pilot.press(*"deep/d")
        await until(pilot, lambda: bool(app.screen.query_one(Input)._suggestion))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen) and app.screen is not screen)
        assert isinstance(app.screen, EditorScreen) and app.screen._path == Path("deep/deeper.yaml")


def test_each_config_is_listed_once_and_presets_by_their_name(workplace: Path, preset: Path) -> None:
    note_opened(Path("configs/quickstart.yaml"))
    note_opened(preset)
    found = configs_here()
    assert [origin for path, origin in found[:2]] == ["preset quickstart", "opened lately"]
    assert len({path.resolve() for path, _ in found}) == len(found) == 11


def test_what_was_launched_last_is_offered_in_that_folder(workplace: Path) -> None:
    assert last_launched(workplace) is None
    note_launched(workplace, Path("configs/quickstart.yaml"))
    assert last_launched(workplace) == workplace / "configs/quickstart.yaml"
    assert last_launched(workplace.parent) is None
    Path("configs/quickstart.yaml").unlink()
    assert last_launched(workplace) is None


@pytest.mark.parametrize("content", ["[]", '{"recent_configs": {"a": 1}, "launched_configs": [3]}', "\0"])
def test_a_memory_of_another_shape_is_as_good_as_none(workplace: Path, content: str) -> None:
    from stickgen_tui.remembered import remembered_path

    remembered_path().parent.mkdir(parents=True, exist_ok=True)
    remembered_path().write_text(content)
    assert recent_configs() == [] and last_launched(workplace) is None
    note_opened(Path("configs/quickstart.yaml"))
    assert len(recent_configs()) == 1
