"""Ways through the editor: finding, the ends of a long form, other names, the text itself, quitting with edits."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from on_screen import screen_text, until
from test_form import in_editor, value_on_screen
from textual.widgets import Input

from stickgen.config.loading import TrainingConfig
from stickgen_tui.app import StickgenApp
from stickgen_tui.editing.session import EditSession
from stickgen_tui.screens import text_editor
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.screens.text_editor import editor_command
from stickgen_tui.screens.unreadable import UnreadableScreen
from stickgen_tui.widgets.field import Field


async def test_find_leaves_the_row_that_was_found(app: StickgenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await in_editor(pilot)
        row = screen.query_one("#field-logging-sample_minutes", Field)
        await pilot.press("slash", *"sample_min", "enter", "escape")
        await until(pilot, lambda: screen.focused is row and row.region.height > 0)
        await until(pilot, lambda: "sample_minutes" in screen_text(app) and "d_model" not in screen_text(app))
        await pilot.press("slash", *"heads", "escape")  # left without a choice: where one was
        await until(pilot, lambda: screen.focused is row)


async def test_the_ends_of_a_long_form(app: StickgenApp, config: Path) -> None:
    config.write_text(config.read_text() + "".join(f"k{n}: {n}\n" for n in range(120)))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await in_editor(pilot)
        await pilot.press("end")
        await until(pilot, lambda: "k119" in screen_text(app))
        assert isinstance(screen.focused, Field) and screen.focused.key.parts == ("k119",)
        await pilot.press("home")
        await until(pilot, lambda: "input_dim" in screen_text(app))


@pytest.mark.parametrize("answer", ["k", "s", "d", "b", "ctrl+q"])
async def test_quitting_with_edits_asks(app: StickgenApp, config: Path, workplace: Path, answer: str) -> None:
    before = config.read_bytes()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await in_editor(pilot)
        screen.set_focus(screen.query_one("#field-training-batch_size", Field))
        await pilot.press("enter", "ctrl+u", "8", "ctrl+q")
        await until(pilot, lambda: "Quit without saving?" in screen_text(app))
        for words in ("batch_size: 16 → 8", "offers the edits (k)", "Drop the changes and quit (d)"):
            await until(pilot, lambda words=words: words in screen_text(app))  # type: ignore[misc]
        await pilot.press(answer)
        if answer == "b":
            await until(pilot, lambda: app.screen is screen)
            assert app.is_running
        else:
            await until(pilot, lambda: not app.is_running)
    journals = list((workplace / "state").rglob("*.jsonl"))
    assert len(journals) == (answer in ("k", "b", "ctrl+q"))
    assert (config.read_bytes() == before) is (answer != "s")


async def test_quitting_without_edits_does_not_ask(app: StickgenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await in_editor(pilot)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)


async def test_a_config_is_saved_under_another_name(app: StickgenApp, config: Path, workplace: Path) -> None:
    before = config.read_bytes()
    (workplace / "there.yaml").write_text("model:\n  d_model: 1\n")
    async with app.run_test(size=(80, 24)) as pilot:
        await in_editor(pilot)
        await pilot.press("down", "right", "S")
        for name in ("there.yaml", "mine.yaml"):
            await until(pilot, lambda: isinstance(app.screen, NameScreen))
            app.screen.query_one(Input).value = name
            await pilot.press("enter")
            if name == "there.yaml":
                await until(pilot, lambda: "There is such a file already" in screen_text(app))
                await pilot.press("b", "S")
        await until(pilot, lambda: "Editor mine.yaml  ✓ saved" in screen_text(app))
        await pilot.press("right", "ctrl+s")
        await until(pilot, lambda: TrainingConfig("mine.yaml").get("model.d_model") == 256)
    assert config.read_bytes() == before and "d_model: 1\n" in (workplace / "there.yaml").read_text()


async def test_the_text_itself_is_edited_as_one_step(
    app: StickgenApp, config: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = workplace / "editor.py"
    program.write_text(
        "import sys\nfrom pathlib import Path\npath, count = Path(sys.argv[-1]), Path(__file__).with_name('count')\n"
        "count.write_text((count.read_text() if count.exists() else '') + 'x')\ntext = path.read_text()\n"
        "path.write_text(text + 'mine: [' if count.read_text() == 'x' else text.replace('mine: [', 'mine: [1]\\n'))\n"
    )
    monkeypatch.setenv("VISUAL", f"{sys.executable} {program}")

    async def run(app: StickgenApp, command: list[str]) -> None:  # a test has no terminal to hand over
        import subprocess

        subprocess.run(command, check=True)

    monkeypatch.setattr(text_editor, "_run", run)
    before = config.read_text()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        await pilot.press("E")
        await until(pilot, lambda: "This is no config" in screen_text(app))
        await until(pilot, lambda: "the bracket that opens here" in screen_text(app))
        await pilot.press("a")
        await until(pilot, lambda: "1 change not saved" in screen_text(app))
        assert screen._session.document.text == before + "mine: [1]\n"
        await pilot.press("ctrl+z")
        await until(
            pilot, lambda: "✓ saved" in screen_text(app) and value_on_screen(app, "model.d_model") == "128"
        )
    assert config.read_text() == before


async def test_a_file_that_is_no_config_is_fixed_in_the_editor(
    app: StickgenApp, config: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = config.read_text()
    config.write_text(good.replace("  nhead: 4", "\tnhead: 4"))
    asked: list[list[str]] = []

    async def run(app: StickgenApp, command: list[str]) -> None:
        asked.append(command)
        if len(asked) > 1:
            Path(command[-1]).write_text(good)

    monkeypatch.setattr(text_editor, "_run", run)
    monkeypatch.setenv("VISUAL", "vim 'x")
    line = good[: good.index("  nhead: 4")].count("\n") + 1
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, UnreadableScreen))
        assert "$EDITOR" in screen_text(app)
        await pilot.press("E")
        await until(pilot, lambda: "no editor could" in screen_text(app))
        monkeypatch.setenv("VISUAL", "vim")
        first = app.screen
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, UnreadableScreen) and app.screen is not first)
        assert asked == [["vim", f"+{line}", str(workplace / config)]]
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))


def test_the_editor_that_a_person_has_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "/usr/bin/vim -n")
    assert editor_command(Path("a b.yaml"), 7) == ["/usr/bin/vim", "-n", "+7", "a b.yaml"]
    monkeypatch.setenv("EDITOR", "code --wait")
    assert editor_command(Path("x"), 7) == ["code", "--wait", "x"]
    monkeypatch.setenv("EDITOR", "")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="none is installed"):
        editor_command(Path("x"), 1)


def test_many_other_keys_are_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row asked all problems for its own, each problem was compared with every key of the schema."""
    import difflib

    path = tmp_path / "many.yaml"
    path.write_text("".join(f"entry_{n}: {n}\n" for n in range(500)))
    compared = []
    ratio = difflib.SequenceMatcher.ratio
    monkeypatch.setattr(difflib.SequenceMatcher, "ratio", lambda self: (compared.append(1), ratio(self))[1])
    session = EditSession.open(path)
    states = [session.state(key) for key in session.unknown()]
    assert len(states) == 500 and all(state.problem is not None for state in states)
    assert len(compared) < 500
