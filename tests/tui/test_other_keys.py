"""Keys that the schema does not know: a row that nobody typed in stays, a key with a dot is one key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from on_screen import screen_text, until
from test_form import in_editor

from stickgen.yaml_edit import Document, path_of, path_text
from stickgen_tui.app import StickgenApp
from stickgen_tui.editing.session import EditSession
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.widgets.field import Field

ODD = """\
mine:
  version: "1.10"   # as text
  code: '012'
  truth: "true"
  empty:
  none: ~
  block: |
    one line
  folded: >-
    some
    lines
  sci: 1e-4
  octal: 017
  on: yes
  float: 1.50
  hex: 0x1F
  blanks: "  x "
  a.b: dotted
  "c.d":
    e.f: 1
training.batch_size: flat
list: ["1.10", 012, ~]
"""


async def test_enter_enter_changes_nothing(app: StickgenApp, config: Path) -> None:
    config.write_text(config.read_text() + ODD)
    before = config.read_bytes()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        rows = [field for field in screen.query(Field) if not field.group]
        assert len(rows) == 19
        for row in rows:
            screen.set_focus(row)
            await pilot.press("enter", "enter")
            await until(pilot, lambda row=row: not row.typing)  # type: ignore[misc]
            assert not screen._session.dirty, row.key.path
        known = screen.query_one("#field-training-learning_rate", Field)
        screen.set_focus(known)
        await pilot.press("enter", "enter", "ctrl+s")
        await until(pilot, lambda: "✓ saved" in screen_text(app))
    assert config.read_bytes() == before


@pytest.fixture
def many(config: Path) -> Path:
    config.write_text(config.read_text() + "extra:\n" + "".join(f"  key_{n:04d}: {n}\n" for n in range(500)))
    return config


def rows_of(screen: EditorScreen) -> list[Field]:
    return [field for field in screen.query(Field) if not field.group]


async def test_of_five_hundred_keys_only_those_near_are_made_and_each_is_reached(
    app: StickgenApp, many: Path
) -> None:
    """By End and the arrows, by find, by the mouse; a row that was typed in keeps its focus wherever one scrolls."""
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        form = screen._form
        assert 0 < len(rows_of(screen)) < 150
        height = form.virtual_size.height

        await pilot.press("end")
        await until(pilot, lambda: "▸ extra.key_0499" in screen_text(app))
        await pilot.press("up")
        await until(pilot, lambda: "▸ extra.key_0498" in screen_text(app))
        for _ in range(8):
            await pilot.press("pageup")
        await until(pilot, lambda: "▸ extra.key_0418" in screen_text(app))

        form.scroll_to(
            y=height - (500 - 230) - 15, animate=False
        )  # as the bar is dragged, to where that key is
        await until(pilot, lambda: "extra.key_0230" in screen_text(app))
        middle = next(row for row in rows_of(screen) if row.key.name == "key_0230")
        assert isinstance(screen.focused, Field) and screen.focused.key.name == "key_0418"
        await pilot.click(middle, offset=(3, 0))
        await until(pilot, lambda: middle.has_focus)
        await pilot.press("enter", "7", "7", "enter")
        await until(pilot, lambda: "1 change not saved" in screen_text(app))

        await pilot.press("slash", *"key_0215", "enter")
        await until(pilot, lambda: "▸ extra.key_0215" in screen_text(app))
        assert [row.key.name for row in rows_of(screen) if row.display] == ["key_0215"]
        await pilot.press("escape")
        await until(
            pilot, lambda: "extra.key_0214" in screen_text(app) and "▸ extra.key_0215" in screen_text(app)
        )
        assert form.virtual_size.height == height and len(rows_of(screen)) < 150
        assert screen._session.value_at("extra.key_0230") == 77

        await pilot.press("end", "home")
        await until(pilot, lambda: form.first.has_focus and form.scroll_y == 0)


async def test_a_key_that_goes_hands_its_focus_on(app: StickgenApp, many: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        await pilot.press("slash", *"key_0300", "enter", "escape")
        await until(pilot, lambda: "▸ extra.key_0300" in screen_text(app))
        await pilot.press("delete")
        await until(pilot, lambda: "▸ extra.key_0301" in screen_text(app))
        assert "extra.key_0300 " not in "\n".join(screen_text(app).splitlines()[:30])
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "extra.key_0300" in screen_text(app))
        order = [row.key.name for row in rows_of(screen) if row.display]
        assert order == sorted(order)


TYPED = {
    "version": ('"1.11"   #', "1.11"),
    "code": ("'1.11'", "1.11"),
    "truth": ('"1.11"', "1.11"),
    "empty": ("empty: 1.11", 1.11),
    "none": ("none: 1.11", 1.11),
    "block": ("block: |\n    1.11\n", "1.11\n"),
    "sci": ("sci: 1.11", 1.11),
    "a.b": ("a.b: 1.11", 1.11),
}


@pytest.mark.parametrize("name", TYPED)
def test_a_typed_value_keeps_the_style_and_with_it_the_type(name: str) -> None:
    session = EditSession(Document.parse(ODD.encode()))
    key = next(key for key in session.unknown() if key.parts == ("mine", name))
    session.set(key, session.parse(key, "1.11"))
    written, value = TYPED[name]
    assert written in session.document.text
    assert session.document.get(("mine", name)) == value
    assert type(session.document.get(("mine", name))) is type(value)


def test_a_block_text_stays_a_block() -> None:
    document = Document.parse(b"a:\n  b: |-  # why\n    one\n    two\n  c: 1\n")
    document.set("a.b", "three\n\n  four\n")
    assert document.text == "a:\n  b: |  # why\n    three\n\n      four\n  c: 1\n"
    document.set("a.b", " odd\tstart")
    assert document.get("a.b") == " odd\tstart" and "# why" in document.text


def test_a_key_with_a_dot_is_one_key() -> None:
    session = EditSession(Document.parse(ODD.encode()))
    by_path = {key.path: key for key in session.unknown()}
    assert {'mine."a.b"', 'mine."c.d"."e.f"', '"training.batch_size"', "list.0"} <= by_path.keys()
    assert session.state(by_path['mine."a.b"']).text == "dotted"
    assert session.document.get("training.batch_size") is not session.document.get(("training.batch_size",))
    assert session.apply(
        [(by_path['mine."c.d"."e.f"'].parts, 2), (by_path['"training.batch_size"'].parts, "x")]
    )
    assert "e.f: 2\ntraining.batch_size: x\n" in session.document.text
    assert session.changes() == [('mine."c.d"."e.f"', "1", "2"), ('"training.batch_size"', "flat", "x")]
    session.apply(session.default_edits([by_path['mine."a.b"']]))
    assert "a.b:" not in session.document.text


@given(st.lists(st.text(min_size=0, max_size=6), min_size=1, max_size=4))
def test_a_path_reads_back_as_it_was_written(parts: list[str]) -> None:
    assert path_of(path_text(tuple(parts))) == tuple(parts)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.text("ab.\"' ", min_size=1, max_size=5), st.text("1.e+on ~", max_size=5), min_size=1, max_size=4
    )
)
def test_any_key_can_be_edited_alone(found: dict[str, str]) -> None:
    document = Document.parse(b"x: 1\n")
    for name, text in found.items():
        document.set((name,), text)
    before = document.items()
    session = EditSession(document)
    for key in session.unknown():
        session.set(key, "new")
        assert document.items() == {**before, key.parts: "new"}
        session.undo()
