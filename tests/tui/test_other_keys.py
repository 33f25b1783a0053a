"""Keys that the schema does not know: a row that nobody typed in stays, a key with a dot is one key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from on_screen import screen_text, until
from test_form import in_editor

from stickgen.config.document import Document
from stickgen.config.nodes import path_of, path_text
from stickgen_tui.app import StickgenApp
from stickgen_tui.editing import EditSession
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
            await until(pilot, lambda row=row: not row.typing)
            assert not screen._session.dirty, row.key.path
        known = screen.query_one("#field-training-learning_rate", Field)
        screen.set_focus(known)
        await pilot.press("enter", "enter", "ctrl+s")
        await until(pilot, lambda: "✓ saved" in screen_text(app))
    assert config.read_bytes() == before


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
    session.reset(by_path['mine."a.b"'])
    assert "a.b:" not in session.document.text


@given(st.lists(st.text(min_size=0, max_size=6), min_size=1, max_size=4))
def test_a_path_reads_back_as_it_was_written(parts: list[str]) -> None:
    assert path_of(path_text(tuple(parts))) == tuple(parts)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
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
