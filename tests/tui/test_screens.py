"""The three screens, driven by keyboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from on_screen import screen_text, until
from run_fixture import finished_run
from test_launching import dataset
from textual import events
from textual.content import Content
from textual.widgets import Input, Static

from stickgen.config.loading import TrainingConfig
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.screens.home import HomeScreen
from stickgen_tui.screens.monitor import MonitorScreen
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.screens.unreadable import UnreadableScreen
from stickgen_tui.themes import DARK, LIGHT
from stickgen_tui.widgets.field import Field
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.run_table import RunTable
from stickgen_tui.widgets.stick_canvas import StickCanvas

SIZES = [(80, 24), (200, 60)]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Launches are noted and not made: what a trainer does is tested elsewhere."""
    runs: list[Run] = []
    monkeypatch.setattr("stickgen.runs.launch.launch", runs.append)
    return runs


@pytest.mark.parametrize("size", SIZES)
async def test_home_shows_machine_config_and_runs(app: StickgenApp, run: Run, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "there is no such" in screen_text(app) and "finished" in screen_text(app))
        text = screen_text(app)
        assert "12.0 of 16.0 GiB free" in text and "8, bf16" in text
        assert "configs/quickstart.yaml  chosen" in text
        assert "1,000/1,000" in text and "quickstart-calm-otter" in text


async def test_without_a_config_home_recommends_one(workplace: Path) -> None:
    app = StickgenApp(root=workplace / "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "recommended" in screen_text(app))
        assert "preset tiers/cpu_16gb" in screen_text(app) and "16GB RAM (Standard CPU)" in screen_text(app)


async def test_enter_launches_and_shows_the_monitor(app: StickgenApp, launched: list[Run]) -> None:
    dataset(Path("data/quickstart.pt"), 384)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "231 clips" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen))
        assert len(launched) == 1 and launched[0].name in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))


async def test_without_a_dataset_enter_says_what_to_do_and_launches_nothing(
    app: StickgenApp, launched: list[Run]
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "there is no such" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Which motion should it train on?" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert launched == []


async def test_from_home_through_the_editor_to_the_monitor(
    app: StickgenApp, launched: list[Run], config: Path
) -> None:
    """The way of the guide, by keyboard alone: find batch_size, type a value, save, launch."""
    dataset(Path("data/quickstart.pt"), 384)
    before = config.read_text().splitlines()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await pilot.press("slash", *"batch", "enter", "8", "enter")
        await until(pilot, lambda: "1 change not saved" in screen_text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "✓ saved" in screen_text(app))
        after = config.read_text().splitlines()
        changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert changed == [
            (
                "  batch_size: 16          # Batch size (reduce if OOM)",
                "  batch_size: 8           # Batch size (reduce if OOM)",
            )
        ]
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen))
    assert launched[0].config_bytes == config.read_bytes()


async def test_an_error_stands_below_its_field_while_one_types(app: StickgenApp, config: Path) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await pilot.press("down", "down", "enter", "backspace", "x")
        await until(pilot, lambda: "✗ must be a whole number" in screen_text(app))
        await pilot.press("backspace", "5")
        await until(pilot, lambda: "✗ must be a whole number" not in screen_text(app))
        await pilot.press("enter")
        # five heads do not divide 128: the rule between keys shows at the same place
        await until(pilot, lambda: "to fix before this can be launched" in screen_text(app))
        field = app.screen.query_one("#field-model-nhead", Field)
        assert field.error is not None and field.size.height == 2
        await pilot.press("f5")
        await until(pilot, lambda: "not launched" in screen_text(app))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: field.error is None)
        assert TrainingConfig(config).get("model.nhead") == 4


async def test_steps_choices_and_defaults_by_key(app: StickgenApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("e", "down", "right")
        screen = app.screen
        assert isinstance(screen, EditorScreen)
        model = screen.query_one("#field-model-d_model", Field)
        await until(pilot, lambda: model.state.text == "192")
        await pilot.press("left", "left")
        await until(pilot, lambda: model.state.text == "64")
        await pilot.press("delete")
        await until(pilot, lambda: model.state.text == "384")
        device = screen.query_one("#field-device-type", Field)
        device.focus()
        await pilot.press("space")
        await until(pilot, lambda: device.state.text == "cpu")
        pin = screen.query_one("#field-device-pin_memory", Field)
        pin.focus()
        await pilot.press("right")
        await until(pilot, lambda: pin.state.text == "true")


async def test_leaving_with_changes_asks(app: StickgenApp, config: Path) -> None:
    before = config.read_bytes()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e", "down", "right", "escape")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        assert "model.d_model: 128 → 192" in screen_text(app)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
    assert config.read_bytes() == before


async def test_a_conflict_on_disk_can_be_merged(app: StickgenApp, config: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("e", "down", "right")
        await until(pilot, lambda: "1 change not saved" in screen_text(app))
        config.write_text(config.read_text() + "# by another hand\n")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        assert "The file changed on disk" in screen_text(app)
        await pilot.press("m")
        await until(pilot, lambda: "✓ saved" in screen_text(app))
    assert config.read_text().endswith("# by another hand\n")
    assert TrainingConfig(config).get("model.d_model") == 192


async def test_a_file_that_is_no_config_is_shown_and_not_touched(workplace: Path) -> None:
    path = workplace / "broken.yaml"
    path.write_text("model: {d_model: [/bold] \x1b[2J\n")
    before = path.read_bytes()
    app = StickgenApp(config=path, root=workplace / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, UnreadableScreen))
        await until(pilot, lambda: "read-only" in screen_text(app) and "[/bold] \\x1b[2J" in screen_text(app))
        await pilot.press("down", "ctrl+s", "ctrl+z", "f5", "slash", "escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
    assert path.read_bytes() == before


@pytest.mark.parametrize("size", SIZES)
async def test_the_monitor_shows_a_run(app: StickgenApp, run: Run, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        app.open_monitor(run)
        await until(pilot, lambda: "✓ finished" in screen_text(app) and "3/3" in screen_text(app))
        text = screen_text(app)
        assert "step 1,000 of 1,000" in text and "100%" in text
        assert "━ train" in text and "◆ validation" in text
        assert "“a person walks and waves”" in text.replace("\n", " ") or size[0] == 80
        await pilot.press("right")
        await until(
            pilot, lambda: "loss: pose" in screen_text(app) and "┅ mean pose 0.2100" in screen_text(app)
        )
        await pilot.press("3")
        await until(
            pilot, lambda: "learning rate" in screen_text(app) and "┅ mean pose" not in screen_text(app)
        )
        await pilot.press("4")
        await until(pilot, lambda: "step 40: loss 0.0250" in screen_text(app))
        await pilot.press("5")
        await until(pilot, lambda: "checkpoint saved" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "━ train" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))


async def test_samples_are_scrubbed_and_the_figure_pauses(app: StickgenApp, run: Run) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_monitor(run)
        await until(pilot, lambda: "3/3" in screen_text(app))
        await pilot.press("[")
        await until(pilot, lambda: "2/3" in screen_text(app) and "“a person walks”" in screen_text(app))
        canvas = app.screen.query_one(StickCanvas)
        frame = canvas._frame
        await until(pilot, lambda: canvas._frame != frame)
        await pilot.press("space")
        frame = canvas._frame
        await pilot.pause(0.3)
        assert canvas._frame == frame and "paused" in screen_text(app)


async def test_keys_that_fit_the_state_are_offered(app: StickgenApp, run: Run) -> None:
    """A finished run is neither stopped nor resumed; a failed one can be resumed."""
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_monitor(run)
        await until(pilot, lambda: "✓ finished" in screen_text(app))
        await pilot.press("x", "R", "c")
        await pilot.pause(0.1)
        assert isinstance(app.screen, MonitorScreen)
        assert not list(run.control_dir.iterdir())
        run.exit_path.write_text(
            json.dumps({"code": 1, "reason": "out of memory: lower training.batch_size"})
        )
        await until(pilot, lambda: "✗ failed" in screen_text(app) and "Resume" in screen_text(app))
        assert "out of memory: lower training.batch_size" in screen_text(app)


async def test_enter_on_a_row_opens_that_run(
    app: StickgenApp, workplace: Path, run: Run, config: Path
) -> None:
    other = finished_run(workplace / "runs", config, name="zesty-newt", steps=100)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 2)
        await pilot.press("r", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen))
        shown = app.screen.query_one("#run-title", Static).render()
        assert isinstance(shown, Content)
        assert shown.plain.split()[-1] == min(run.name, other.name)  # the second row: the older one


async def test_a_run_named_on_the_command_line_opens_at_once(workplace: Path, run: Run) -> None:
    app = StickgenApp(run=run, root=workplace / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and run.name in screen_text(app))


async def test_help_lists_the_keys_and_the_palette_runs_them(app: StickgenApp, run: Run) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_monitor(run)
        await pilot.press("question_mark")
        await until(pilot, lambda: "Help · Monitor" in screen_text(app))
        app.screen.query_one(".help").scroll_end(animate=False)
        await until(pilot, lambda: "Ask the trainer for a checkpoint now" in screen_text(app))
        await pilot.press("escape", "ctrl+p", *"logarithmic", "enter")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and "  log" in screen_text(app))


async def test_dark_and_light(app: StickgenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.theme == DARK
        await pilot.press("f2")
        assert app.theme == LIGHT


async def test_hostile_names_and_texts_are_harmless_everywhere(app: StickgenApp, run: Run) -> None:
    """Escape codes and markup in whatever a run directory holds reach no terminal and raise nothing."""
    bad = "\x1b]52;c;aGk=\x07[/bold][@click=app.quit]x[/]\x9b2J\u202e"
    run.update_identity(config_name=bad, data_path=bad, device=bad)
    run.exit_path.write_text(json.dumps({"code": 1, "reason": bad}))
    run.log_path.write_text(bad + "\n")
    run.events_path.unlink()
    from stickgen.record_log import RecordWriter

    RecordWriter(run.events_path).write({"event": bad, "step": bad, "time": bad, "message": bad})
    writer = RecordWriter(run.metrics_path)
    writer.write({"kind": "train", "step": 1100, "loss": 1.0, bad: 2.0, "lr": bad, "eta_seconds": bad})
    writer.close()
    sample = json.loads((run.samples_dir / "step_001000.json").read_text())
    (run.samples_dir / "step_001100.json").write_text(json.dumps({**sample, "step": 1100, "text": bad}))
    async with app.run_test(size=(160, 50)) as pilot:
        await until(pilot, lambda: "failed" in screen_text(app))
        app.open_monitor(run)
        await until(pilot, lambda: "step 1,100" in screen_text(app) and "[/bold]" in screen_text(app))
        await pilot.press("left")
        await pilot.pause(0.1)
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(screen_text(app))


async def test_the_key_bar_is_clickable_and_keeps_help_in_sight(app: StickgenApp) -> None:
    async with app.run_test(size=(60, 24)) as pilot:
        await until(pilot, lambda: "? Help" in screen_text(app))
        bar = screen_text(app).splitlines()[-1]
        assert bar.rstrip().endswith("? Help  ^p palette")
        await pilot.click(KeyBar, offset=(bar.index("e Edit"), 0))
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))


async def test_no_size_breaks_a_screen(app: StickgenApp, run: Run) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        for keys in ((), ("e", "down", "enter", "x"), ("escape", "escape", "m", "question_mark")):
            await pilot.press(*keys)
            for size in ((1, 1), (20, 4), (40, 12), (300, 90), (80, 24)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
        assert app.is_running


async def test_one_key_makes_the_fix_a_broken_rule_suggests_and_undo_takes_it_back(app: StickgenApp) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        assert "f Fix" not in screen_text(app)
        await pilot.press("down", "down", "5", "enter")
        await until(pilot, lambda: "; f sets nhead to 4;" in screen_text(app) and "f Fix" in screen_text(app))
        field = app.screen.query_one("#field-model-nhead", Field)
        await pilot.press("f")
        await until(pilot, lambda: field.error is None and "f Fix" not in screen_text(app))
        assert field.state.text == "4" and "✓ saved" in screen_text(app)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: field.state.text == "5")
        await pilot.press("ctrl+y")
        await until(pilot, lambda: field.state.text == "4")


async def test_the_difference_to_disk_preset_and_last_run_follows_the_edits(
    app: StickgenApp, config: Path, run: Run
) -> None:
    before = config.read_text()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await pilot.press("d")
        await until(pilot, lambda: "no changes" in screen_text(app))
        await pilot.press("slash", *"batch_size", "enter", "right")
        await until(pilot, lambda: "+  batch_size: 32 " in screen_text(app))  # it follows the edit
        assert "-  batch_size: 16 " in screen_text(app) and config.read_text() == before
        await pilot.press("d")
        await until(
            pilot, lambda: "training.batch_size" in screen_text(app) and "16 → 32" in screen_text(app)
        )
        assert "against the preset quickstart" in screen_text(app)
        await pilot.press("d")
        await until(pilot, lambda: "against the last run" in screen_text(app))
        await pilot.press("d")
        await until(pilot, lambda: "against" not in screen_text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "✓ saved" in screen_text(app))
    assert config.read_text() == before.replace("batch_size: 16 ", "batch_size: 32 ")


def burst(app: StickgenApp, *keys: str) -> None:
    """Keys that arrive in one piece, as from a fast hand over a slow line: none waits for another."""
    for key in keys:
        name = {"/": "slash", ".": "full_stop"}.get(key, key)
        app.post_message(events.Key(name, key if len(key) == 1 else None))


async def test_keys_that_arrive_together_do_what_they_do_apart(app: StickgenApp, run: Run) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        burst(app, "down", "down", "down", "right")
        layers = app.screen.query_one("#field-model-num_layers", Field)
        await until(pilot, lambda: layers.state.was == "4")
        burst(app, "down", "down", "down", "enter", "0", ".", "2", "5", "enter")
        dropout = app.screen.query_one("#field-model-dropout", Field)
        await until(pilot, lambda: dropout.state.text == "0.25" and not dropout.typing)
        burst(app, "/", *"epochs")
        await until(pilot, lambda: app.screen.query_one("#find", Input).value == "epochs")


async def test_enter_right_behind_r_opens_a_run_and_launches_none(
    app: StickgenApp, run: Run, launched: list[Run]
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "finished" in screen_text(app))
        burst(app, "r", "enter")
        await until(pilot, lambda: isinstance(app.screen, MonitorScreen) and run.name in screen_text(app))
        assert launched == []


async def test_quitting_right_behind_a_key_that_opens_a_screen_is_clean(app: StickgenApp, run: Run) -> None:
    """The screen is then taken down while it is being put up."""
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "finished" in screen_text(app))
        burst(app, "r", "enter", "ctrl+q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 0
