"""The editor by keyboard: controls of each type, advice, resets, panes, drafts, files that are no configs."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from on_screen import screen_text, until
from test_launching import dataset
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from stickgen.config.drafts import find
from stickgen.config.loading import TrainingConfig
from stickgen.runs.store import Run
from stickgen.yaml_edit import Document
from stickgen_tui.app import StickgenApp
from stickgen_tui.editing.session import EditSession
from stickgen_tui.path_suggester import completed
from stickgen_tui.screens.advice import AdviceScreen
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.screens.home import HomeScreen
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.screens.resetting import ResetScreen
from stickgen_tui.screens.unreadable import UnreadableScreen, line_of
from stickgen_tui.widgets.field import Field
from stickgen_tui.widgets.forecast_line import ForecastLine
from stickgen_tui.widgets.yaml_view import YamlView, coloured


async def in_editor(pilot: Pilot[None]) -> EditorScreen:
    """The editor, opened from Home."""
    await pilot.press("e")
    await until(pilot, lambda: isinstance(pilot.app.screen, EditorScreen))
    screen = pilot.app.screen
    assert isinstance(screen, EditorScreen)
    await until(pilot, lambda: "parameters" in screen_text(pilot.app))
    return screen


def value_on_screen(app: App[None], path: str) -> str:
    """What the row of a key shows."""
    field = app.screen_stack[-1].query_one("#field-" + path.replace(".", "-"), Field)
    return field.state.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_cost_follows_each_key_of_a_value_that_is_typed(
    app: StickgenApp, size: tuple[int, int]
) -> None:
    """The answer is there before Enter takes the value, and goes when the box is left."""
    dataset(Path("data/quickstart.pt"), 384)
    async with app.run_test(size=size) as pilot:
        await in_editor(pilot)
        await until(pilot, lambda: "effective batch 64 · 4 steps an epoch" in screen_text(app))
        await pilot.press("slash", *"batch_size", "enter", "6")
        await until(pilot, lambda: "effective batch 64 → 24" in screen_text(app))
        await pilot.press("4")
        await until(pilot, lambda: "effective batch 64 → 256" in screen_text(app))
        assert "4 → 1 step" in screen_text(app) and "✓ saved" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "effective batch 64 · 4" in screen_text(app))


async def test_switches_turn_choices_open_as_a_list_and_paths_are_completed(
    app: StickgenApp, workplace: Path
) -> None:
    (workplace / "data").mkdir()
    (workplace / "data" / "mine.pt").touch()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        screen.query_one("#field-diffusion-enabled").focus()
        await pilot.press("enter")
        await until(pilot, lambda: value_on_screen(app, "diffusion.enabled") == "false")
        screen.query_one("#field-device-type").focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("2")
        await until(pilot, lambda: value_on_screen(app, "device.type") == "cpu")
        screen.query_one("#field-data-train_data").focus()
        await pilot.press("enter", "delete", *"data/m")
        await until(pilot, lambda: screen.query_one(".field-box", Input)._suggestion == "data/mine.pt")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: value_on_screen(app, "data.train_data") == "data/mine.pt")
        await pilot.press("ctrl+z", "ctrl+z", "ctrl+z")
        await until(pilot, lambda: "✓ saved" in screen_text(app))


def test_a_path_is_completed_to_the_next_slash_and_hidden_files_only_when_asked_for(workplace: Path) -> None:
    (workplace / "data" / "inner").mkdir(parents=True)
    (workplace / "data" / ".hidden").touch()
    assert completed("da") == "data/"
    assert completed("data/") == "data/inner/"
    assert completed("data/.h") == "data/.hidden"
    assert completed("data/inner/") is None and completed("nowhere/x") is None
    assert completed(f"{workplace}/da") == f"{workplace}/data/"


async def test_advice_is_one_key_one_step_of_undo_and_what_it_said_it_would_be(app: StickgenApp) -> None:
    dataset(Path("data/quickstart.pt"), 384)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await in_editor(pilot)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, AdviceScreen) and "peak memory" in screen_text(app))
        for key, word in (("s", "less time"), ("q", "model"), ("m", "batch_size 16 → ")):
            await pilot.press(key)
            await until(pilot, lambda word=word: word in screen_text(app))  # type: ignore[misc]
        await pilot.press("1")
        await until(pilot, lambda: app.screen is screen)
        await until(pilot, lambda: "2 changes not saved" in screen_text(app))
        assert value_on_screen(app, "training.batch_size") != "16"
        assert "effective batch 64 ·" in screen_text(app)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "✓ saved" in screen_text(app))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_reset_of_a_key_a_group_and_all(app: StickgenApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await in_editor(pilot)
        await pilot.press("down", "right", "down", "down", "right", "r")
        await until(pilot, lambda: isinstance(app.screen, ResetScreen))
        assert "model.num_layers: 6 → 4" in screen_text(app)
        await pilot.press("s")
        await until(pilot, lambda: "1 change not saved" in screen_text(app))
        await pilot.press("r", "right")
        await until(pilot, lambda: "the group Model architecture" in screen_text(app))
        assert "model.d_model: 192 → 128" in screen_text(app)
        await pilot.press("s")
        await until(pilot, lambda: "✓ saved" in screen_text(app))
        await pilot.press("r", "left")
        await until(pilot, lambda: "the whole file" in screen_text(app))
        await pilot.press("d")
        await until(pilot, lambda: value_on_screen(app, "training.learning_rate") == "0.0003")
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "✓ saved" in screen_text(app))


async def test_keys_that_the_schema_does_not_know_are_rows_of_text(app: StickgenApp, config: Path) -> None:
    config.write_text(config.read_text() + "mine:\n  note: hello  # keep\n  list: [1, two]\n")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        rows = [field for field in screen.query(Field) if not field.group]
        assert [row.key.path for row in rows] == ["mine.note", "mine.list.0", "mine.list.1"]
        screen.set_focus(rows[0])
        await pilot.press("enter", *" there [/]", "enter")
        await until(pilot, lambda: "1 change not saved" in screen_text(app))
        screen.set_focus(rows[2])
        await pilot.press("enter", *"3", "enter")
        await until(pilot, lambda: "2 changes not saved" in screen_text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "✓ saved" in screen_text(app))
    text = config.read_text()
    assert 'note: " there [/]"  # keep' in text or "note: there [/]  # keep" in text or '"there [/]"' in text
    assert "list: [1, 3]" in text


async def test_the_file_beside_the_form_is_in_step_with_it(app: StickgenApp, config: Path) -> None:
    lines = config.read_text().splitlines()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        view = screen.query_one(YamlView)
        for key in ("model.nhead", "logging.log_interval", "model.input_dim"):
            screen.query_one("#field-" + key.replace(".", "-")).focus()
            number = next(i for i, line in enumerate(lines, 1) if line.strip().startswith(key.split(".")[1]))
            await until(pilot, lambda number=number: view._at == number)  # type: ignore[misc]
            assert view.scroll_offset.y < number <= view.scroll_offset.y + view.size.height
        screen.query_one("#field-training-seed").focus()  # not in the file
        await until(pilot, lambda: view._at is None)
        await pilot.press("v")
        await until(pilot, lambda: "as it would be saved" not in screen_text(app))
        await pilot.press("v")
        await until(pilot, lambda: "as it would be saved" in screen_text(app))


@pytest.mark.parametrize(
    "text", ["", "\n\n", "\n\na: 1\n", "a: 1", "a: |\n  x\n\n  y\n", "a: 1\r\nb: 2\r\n", "\ta: 1\x0b\u2028"]
)
def test_colours_leave_every_line_where_it_is(text: str) -> None:
    found = [line.plain for line in coloured(text)]
    plain = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    assert len(found) == len(plain)
    assert all(a.strip()[:4] == b.strip()[:4] for a, b in zip(found, plain, strict=True))


# -- drafts


async def test_edits_of_a_killed_terminal_are_offered_at_the_next_start_and_when_the_file_is_opened(
    app: StickgenApp, config: Path, workplace: Path
) -> None:
    before = config.read_bytes()
    died = EditSession.open(config)
    died.apply([("training.batch_size", 8)])
    assert died.document.journal is not None
    died.document.journal.close()  # type: ignore[attr-defined]  # as the death of the process does
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await until(
            pilot, lambda: "quickstart.yaml that were not saved" in screen_text(app)
        )  # it is drawn later
        assert "+  batch_size: 8 " in screen_text(app)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await until(pilot, lambda: "1 change not saved" in screen_text(app))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "✓ saved" in screen_text(app))
        await pilot.press("ctrl+y", "ctrl+s")
        await until(pilot, lambda: config.read_bytes() != before)
        await pilot.press("escape")
    assert TrainingConfig(config).get("training.batch_size") == 8
    assert find(config) is None


async def test_a_draft_that_is_dropped_is_gone_and_the_file_as_it_was(app: StickgenApp, config: Path) -> None:
    before = config.read_bytes()
    died = EditSession.open(config)
    died.apply([("training.batch_size", 8)])
    assert died.document.journal is not None
    died.document.journal.close()  # type: ignore[attr-defined]
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        await in_editor(pilot)
        assert "✓ saved" in screen_text(app)
        await pilot.press("down", "right")
        await until(pilot, lambda: "1 change not saved" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
    assert find(config) is None and config.read_bytes() == before


# -- files that are no configs


def test_the_line_of_a_reason() -> None:
    assert line_of("configs/a.yaml:12:3: a tab") == 12
    assert line_of("configs/a.yaml: not a regular file") is None


BOMBS = {
    "brackets": b"a: " + b"[" * 10_000,
    "laughs": b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
        b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(9)
    ),
    "binary": bytes(range(256)) * 40,
    "nul": b"model:\n  d_model: 1\0\n",
    "large": b"a: 1\n" * 2_000_000,
    "long": b"a: " + b"x" * 90_000,
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_refused_or_read_while_the_screen_answers(
    workplace: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workplace / "bomb.yaml"
    path.write_bytes(BOMBS[name])
    app = StickgenApp(config=path, root=workplace / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, UnreadableScreen | EditorScreen))
        await pilot.press("question_mark")
        await until(pilot, lambda: "Help ·" in screen_text(app))
    assert path.read_bytes() == BOMBS[name]


@pytest.mark.parametrize("kind", ["fifo", "directory", "loop", "missing"])
async def test_what_is_no_file_is_refused_at_once(workplace: Path, kind: str) -> None:
    path = workplace / "odd.yaml"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    app = StickgenApp(config=path, root=workplace / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, UnreadableScreen))
        await until(pilot, lambda: "read-only" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))


async def test_a_file_mended_elsewhere_is_read_again(workplace: Path, config: Path) -> None:
    good = config.read_text()
    config.write_text(good.replace("  nhead: 4", "\tnhead: 4"))
    app = StickgenApp(config=config, root=workplace / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: "read-only" in screen_text(app) and "▸" in screen_text(app))
        marked = next(line for line in screen_text(app).splitlines() if "▸" in line)
        assert "nhead" in marked
        config.write_text(good)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))


# -- launching what cannot work


async def test_a_launch_that_cannot_work_brings_its_fix(app: StickgenApp, config: Path) -> None:
    dataset(Path("data/quickstart.pt"), 1024)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "embeddings" in screen_text(app) or "width" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        assert "embedding_dim to 1024" in screen_text(app)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await until(pilot, lambda: value_on_screen(app, "model.embedding_dim") == "1024")
    assert TrainingConfig(config).get("model.embedding_dim") == 384  # not saved unasked


async def test_after_running_out_of_memory_the_monitor_has_advice_and_the_editor_takes_it(
    app: StickgenApp, run: Run, config: Path
) -> None:
    run.exit_path.write_text(json.dumps({"code": 1, "reason": "out of memory: lower training.batch_size"}))
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_monitor(run)
        await until(pilot, lambda: "✗ failed" in screen_text(app) and "a Advice" in screen_text(app))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, AdviceScreen) and "batch_size" in screen_text(app))
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await until(pilot, lambda: "changes not saved" in screen_text(app))
    assert Document.open(config).get("training.batch_size") == 16


async def test_a_key_press_is_answered_within_one_turn(app: StickgenApp) -> None:
    """No timer, no worker between a key and its cost: what one turn of the loop handles shows both."""
    dataset(Path("data/quickstart.pt"), 384)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        await until(pilot, lambda: "4 steps an epoch" in screen_text(app))
        line = screen.query_one(ForecastLine)
        line._looked_at = time.monotonic()
        line._look = None  # type: ignore[method-assign, assignment]  # a worker that is asked would fail
        field = screen.query_one("#field-training-batch_size", Field)
        screen._apply([(field.key.path, 64)])
        assert "→" in line._said.plain
