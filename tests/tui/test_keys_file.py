"""Keys that a person has changed: they work, they are shown, and a file that cannot be used says where."""

from __future__ import annotations

from pathlib import Path

import pytest
from on_screen import screen_text, until
from test_form import in_editor
from textual.binding import Binding

from stickgen.errors import StickgenError
from stickgen_tui.app import StickgenApp
from stickgen_tui.cli import changed_keys, main
from stickgen_tui.keymap import name_of
from stickgen_tui.keys_file import _owners, as_file, every_action, keys_path, read_keymap
from stickgen_tui.screens.home import HomeScreen


def written(text: str) -> Path:
    path = keys_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_every_key_that_is_shown_has_a_name_of_its_own() -> None:
    owners: dict[str, tuple[str, str]] = {}
    for owner in _owners():
        for binding in owner.__dict__.get("BINDINGS", ()):
            assert isinstance(binding, Binding), owner  # a tuple has no tooltip
            name = name_of(owner, binding)
            if name is None:
                assert not binding.show or not binding.description, (owner, binding)
                continue
            known = owners.setdefault(name, (owner.__name__, binding.action))
            assert known == (owner.__name__, binding.action), f"{name} names two actions"
    assert {"app.help", "home.edit", "editor.save_as", "monitor.resume", "curves.smooth"} <= set(owners)


def test_the_printed_file_is_one_that_changes_nothing(
    capsys: pytest.CaptureFixture[str], private_home: None
) -> None:
    main(["--keys"])
    text = capsys.readouterr().out
    assert text == as_file() and str(keys_path()) in text
    assert read_keymap(written(text)) == {}
    for action in every_action():
        assert f"\n{action.name}: " in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("home.edti: x\n", "keys.yaml:1: there is no action home.edti; did you mean home.edit?"),
        (
            "# mine\nhome:\n  edits: x\n",
            "keys.yaml:3: there is no action home.edits; did you mean home.edit?",
        ),
        ("home.edit: x\nhome:\n  edit: z\n", "keys.yaml:3: home.edit has its keys on line 1 already"),
        (
            "home.edit: r\n",
            "keys.yaml:1: r is the key of home.edit and of home.runs; give one of them another",
        ),
        ("home.edit: '?'\n", "question_mark is the key of app.help and of home.edit"),
        ("home.edit: ctrl+bananas\n", "keys.yaml:1: ctrl+bananas is no key"),
        ("home.edit:\n", "keys.yaml:1: home.edit has no key"),
        ("home.edit: [a, b]\n", "keys.yaml:1: there is no action home.edit.0"),
        ("home.edit: a\nhome.edit: b\n", "keys.yaml:2"),
        ("curves.smooth: x\n", "x is the key of "),
        ("\t- :", "keys.yaml:1"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(text: str, says: str) -> None:
    with pytest.raises(StickgenError) as caught:
        read_keymap(written(text))
    assert says in str(caught.value)


def test_two_actions_may_change_places() -> None:
    assert read_keymap(written("home.edit: r\nhome.runs: e, f7\n")) == {
        "home.edit": "r",
        "home.runs": "e,f7",
    }


def test_the_program_refuses_to_start_with_such_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    written("home.edti: x\n")
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "stickgen-tui: " in capsys.readouterr().err


async def test_changed_keys_work_and_are_shown(workplace: Path, config: Path) -> None:
    written("home.edit: z\napp.help: f1\nfield.step: w\neditor.launch: f8\n")
    app = StickgenApp(config=config, root=workplace / "runs", keymap=changed_keys())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        await until(pilot, lambda: "z Edit" in screen_text(app) and "f1 Help" in screen_text(app))
        await pilot.press("e")
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("f1")
        await until(pilot, lambda: "Help · Home" in screen_text(app))
        assert "z  " in screen_text(app) and "Edit the config before" in screen_text(app)
        await pilot.press("escape", "z")
        await until(pilot, lambda: "f8 Launch" in screen_text(app))
        await pilot.press("down", "w")
        await until(pilot, lambda: "1 change not saved" in screen_text(app))


async def test_without_a_file_nothing_is_renamed(app: StickgenApp) -> None:
    assert changed_keys() == {}
    async with app.run_test(size=(120, 40)) as pilot:
        await in_editor(pilot)
        assert app._keymap == {}
