"""What is saved and launched is what the form shows, byte for byte, whatever another program does to the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from on_screen import screen_text, until
from test_form import in_editor, value_on_screen
from test_launching import dataset
from textual.pilot import Pilot

from stickgen.config.loading import TrainingConfig
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.editing.session import EditSession
from stickgen_tui.launching.preflight import preflight, start
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.screens.home import HomeScreen
from stickgen_tui.screens.monitor import MonitorScreen
from stickgen_tui.screens.question import QuestionScreen

BATCH = "training.batch_size"


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    runs: list[Run] = []
    monkeypatch.setattr("stickgen.runs.launch.launch", runs.append)
    return runs


def by_another_hand(config: Path) -> bytes:
    """Another program writes another batch size."""
    text = config.read_text().replace("batch_size: 16", "batch_size: 4 ")
    config.write_text(text)
    return text.encode()


async def settled(pilot: Pilot[None]) -> None:
    for _ in range(5):
        await pilot.pause(0.02)


async def test_a_clean_form_is_read_again_before_a_launch(
    app: StickgenApp, config: Path, launched: list[Run]
) -> None:
    dataset(Path("data/quickstart.pt"), 384)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await in_editor(pilot)
        changed = by_another_hand(config)
        await pilot.press("f5")
        await until(pilot, lambda: value_on_screen(app, BATCH) == "4")
        await until(pilot, lambda: "another program changed" in screen_text(app))
        await settled(pilot)
        assert app.screen is screen and launched == [] and "✓ saved" in screen_text(app)
        await until(pilot, lambda: "effective batch 16" in screen_text(app))
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and "step" in screen_text(app))
    assert launched[0].config_bytes == changed


async def test_a_clean_form_is_read_again_by_a_save(app: StickgenApp, config: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await in_editor(pilot)
        changed = by_another_hand(config)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: value_on_screen(app, BATCH) == "4")
    assert config.read_bytes() == changed


async def test_with_edits_a_launch_asks(app: StickgenApp, config: Path, launched: list[Run]) -> None:
    dataset(Path("data/quickstart.pt"), 384)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await in_editor(pilot)
        await pilot.press("down", "right")
        await until(pilot, lambda: "1 change not saved" in screen_text(app))
        by_another_hand(config)
        await pilot.press("f5")
        await until(pilot, lambda: "Save before the launch" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: "The file changed on disk" in screen_text(app))
        await pilot.press("m")
        await until(pilot, lambda: app.screen is screen and value_on_screen(app, BATCH) == "4")
        await settled(pilot)
        assert launched == [] and value_on_screen(app, "model.d_model") == "192"
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and "step" in screen_text(app))
    assert launched[0].config_bytes == config.read_bytes()


@pytest.mark.parametrize("what", ["gone", "broken", "a folder"])
async def test_a_file_that_is_gone_or_broken_is_asked_about(
    app: StickgenApp, config: Path, launched: list[Run], what: str
) -> None:
    dataset(Path("data/quickstart.pt"), 384)
    shown = config.read_bytes()
    async with app.run_test(size=(80, 24)) as pilot:
        await in_editor(pilot)
        config.unlink()
        if what == "broken":
            config.write_text("model: [")
        elif what == "a folder":
            config.mkdir()
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        assert "again" in screen_text(app) if what == "gone" else "changed on disk" in screen_text(app)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        assert launched == []
        if what != "a folder":
            await pilot.press("f5")
            await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
            await pilot.press("w")
            await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and "step" in screen_text(app))
            assert config.read_bytes() == shown == launched[0].config_bytes


def test_what_was_looked_at_is_what_starts(config: Path, workplace: Path, launched: list[Run]) -> None:
    """Between the look and the launch a person reads a question; another program need not wait for that."""
    dataset(Path("data/quickstart.pt"), 384)
    before = config.read_bytes()
    looked = preflight(config)
    by_another_hand(config)
    assert looked.found is not None
    assert start(looked.found, workplace / "runs").config_bytes == before


def test_the_dataset_that_was_checked_is_the_one_that_starts(
    config: Path, workplace: Path, launched: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset(Path("data/quickstart.pt"), 384)
    looked = preflight(config)
    monkeypatch.setenv("TRAIN_DATA_PATH", "elsewhere.pt")
    assert looked.found is not None
    run = start(looked.found, workplace / "runs")
    assert run.identity["data_path"] == str(workplace / "data" / "quickstart.pt")


async def test_home_launches_what_its_card_shows(app: StickgenApp, config: Path, launched: list[Run]) -> None:
    dataset(Path("data/quickstart.pt"), 384)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: "effective batch 64" in screen_text(app))
        by_another_hand(config)
        await pilot.press("enter")
        await until(pilot, lambda: "effective batch 16" in screen_text(app))
        assert isinstance(app.screen, HomeScreen) and launched == []
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and "step" in screen_text(app))
    assert TrainingConfig(launched[0].config_path).get(BATCH) == 4


def test_a_merge_keeps_both_sides_and_is_undone_one_by_one(config: Path) -> None:
    config.write_text(config.read_text() + "mine:\n  a.b: x\n  none: 1\n  c: 2  # about c\n")
    session = EditSession.open(config)
    session.apply([(BATCH, 8), ("model.d_model", 256), (("mine", "a.b"), "y"), (("mine", "c"), None)])
    session.document.set(("mine", "none"), None)
    theirs = config.read_text().replace("epochs: 100 ", "epochs: 41 ")
    config.write_text(theirs)
    merged = session.merged_onto_disk()
    found = merged.document.items()
    assert found["training", "epochs"] == 41 and found["training", "batch_size"] == 8
    assert found["mine", "a.b"] == "y" and found["mine", "none"] is None and ("mine", "c") not in found
    count = 0
    while merged.undo():
        count += 1
    assert count == 5 and merged.document.text == theirs


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_merge_is_said_and_undone(app: StickgenApp, config: Path, size: tuple[int, int]) -> None:
    async with app.run_test(size=size, notifications=True) as pilot:
        await in_editor(pilot)
        await pilot.press("down", "right")
        await until(pilot, lambda: "1 change not saved" in screen_text(app))
        by_another_hand(config)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "The file changed on disk" in screen_text(app))
        for answer in ("Back (b)", "Mine into the new file (m)", "Overwrite it (o)", "Drop mine (d)"):
            await until(pilot, lambda answer=answer: answer in screen_text(app))  # type: ignore[misc]
        await pilot.press("m")
        await until(pilot, lambda: "your change is in the new file" in screen_text(app))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: value_on_screen(app, "model.d_model") == "128")
        assert value_on_screen(app, BATCH) == "4"


async def test_the_rows_follow_a_file_with_other_keys(app: StickgenApp, config: Path) -> None:
    text = config.read_text()
    config.write_text(text + "mine:\n  a: 1\n  b: 2\n")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await in_editor(pilot)

        def rows() -> list[str]:
            fields = screen.query("Field").results()
            return [f.state.text for f in fields if not f.group]  # type: ignore[attr-defined]

        assert rows() == ["1", "2"]
        config.write_text(text + "mine:\n  a: 3\n  new: 4\n  b: 5\nother.key: 6\n")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: rows() == ["3", "4", "5", "6"])
        await pilot.press("end", "backspace")
        await until(pilot, lambda: rows() == ["3", "4", "5"])
        await until(pilot, lambda: '"other.key" is taken out of the file; ctrl+z' in screen_text(app))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: rows() == ["3", "4", "5", "6"])
        config.write_text(text)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: rows() == [])
        assert "Other keys" not in screen_text(app)


async def test_a_write_protected_file_is_asked_about(app: StickgenApp, config: Path) -> None:
    before = config.read_bytes()
    config.chmod(0o444)
    async with app.run_test(size=(80, 24)) as pilot:
        await in_editor(pilot)
        await pilot.press("down", "right", "ctrl+s")
        await until(pilot, lambda: "it is write-protected" in screen_text(app))
        await pilot.press("b", "ctrl+s")
        await until(pilot, lambda: "it is write-protected" in screen_text(app))
        assert config.read_bytes() == before
        await pilot.press("w")
        await until(pilot, lambda: "✓ saved" in screen_text(app))
    assert TrainingConfig(config).get("model.d_model") == 192 and config.stat().st_mode & 0o777 == 0o444
