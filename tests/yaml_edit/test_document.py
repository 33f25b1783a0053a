"""An edit changes its own characters and nothing else, and what is written reads the same everywhere."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stickgen.config import drafts
from stickgen.config.presets import preset_names, preset_path
from stickgen.config.schema import KEYS
from stickgen.errors import StickgenError
from stickgen.yaml_edit import Document, EditRefusedError, SaveConflictError, YamlError, format_value

SAMPLE = b"""# top comment
model:
  d_model: 384            # hidden
  nhead: 12               # heads

training:   # how it learns
  batch_size: 2           # Batch size
  learning_rate: 3.0e-4   # rate

odd: {a: 1, b: 'two'}  # kept
"""

values = st.one_of(
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)


def other_readers(data: bytes) -> tuple[object, object]:
    text = data.decode()
    return yaml.safe_load(text), YAML(typ="safe", pure=True).load(text)


_near_misses = st.from_regex(r"[-.@+/:0-9eEonx~ ]{0,6}", fullmatch=True)


@given(values | _near_misses, st.sampled_from([None, "'", '"']))
def test_what_is_written_reads_the_same_everywhere(
    value: bool | int | float | str, style: str | None
) -> None:
    data = f"k: {format_value(value, style)}\n".encode()
    for read in (*other_readers(data), {"k": Document.parse(data).get("k")}):
        assert read == {"k": value}
        assert type(read["k"]) is type(value)


@given(
    st.sampled_from(["model.d_model", "training.batch_size", "training.learning_rate", "odd.a", "odd.b"]),
    values,
)
def test_a_set_touches_one_line_and_undo_restores_the_bytes(
    path: str, value: bool | int | float | str
) -> None:
    document = Document.parse(SAMPLE)
    before = document.items()
    document.set(path, value)
    assert document.get(path) == value
    changed = document.data.splitlines()
    differing = [i for i, (a, b) in enumerate(zip(SAMPLE.splitlines(), changed, strict=True)) if a != b]
    assert len(differing) <= 1
    key = tuple(path.split("."))
    after = document.items()
    assert {k: v for k, v in after.items() if k != key} == {k: v for k, v in before.items() if k != key}
    while document.undo():
        pass
    assert document.data == SAMPLE


def test_the_comment_keeps_its_column() -> None:
    document = Document.parse(SAMPLE)
    document.set("training.batch_size", 128)
    assert b"  batch_size: 128         # Batch size\n" in document.data


def test_missing_keys_and_groups_are_inserted() -> None:
    document = Document.parse(SAMPLE)
    document.set("model.dropout", 0.5)
    document.set("device.type", "cpu")
    lines = document.data.decode().splitlines()
    assert lines[4] == "  dropout: 0.5"
    assert lines[-2:] == ["device:", "  type: cpu"]


def test_a_key_is_deleted_with_its_line() -> None:
    document = Document.parse(SAMPLE)
    document.delete("model.nhead")
    assert document.data == SAMPLE.replace(b"  nhead: 12               # heads\n", b"")


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_marks_are_kept(ending: bytes, bom: bytes) -> None:
    newline = ending or b"\n"
    data = bom + b"model:" + newline + b"  d_model: 384 # x" + ending
    document = Document.parse(data)
    document.set("model.d_model", 256)
    assert document.data == data.replace(b"384", b"256")


@pytest.mark.parametrize("data", [b"", b"# only a comment\n", b"---\n"])
def test_an_empty_file_takes_keys_and_keeps_its_comments(data: bytes) -> None:
    document = Document.parse(data)
    document.set("training.epochs", 3)
    assert document.data.startswith(data)
    assert document.get("training.epochs") == 3


@pytest.mark.parametrize("name", preset_names())
def test_shipped_configs_survive_every_key(name: str) -> None:
    original = preset_path(name).read_bytes()
    document = Document.parse(original)
    assert document.data == original
    for key in KEYS[::3]:
        document.set(key.path, key.default)
    assert all(document.get(key.path) == key.default for key in KEYS[::3])
    while document.undo():
        pass
    assert document.data == original


def test_an_anchored_value_says_which_aliases_change() -> None:
    document = Document.parse(b"a:\n  b: &x 1   # one\n  c: *x\n  d: [*x]\n")
    assert document.get("a.c") == 1
    assert document.set("a.b", 22) == ["a.c", "a.d.0"]
    assert document.data == b"a:\n  b: &x 22  # one\n  c: *x\n  d: [*x]\n"
    assert document.set("a.c", 5) == []
    assert document.data == b"a:\n  b: &x 22  # one\n  c: 5\n  d: [*x]\n"
    with pytest.raises(EditRefusedError, match="holds the anchor &x, which line 4 uses"):
        document.delete("a.b")


def test_merged_keys_are_read_and_overridden_where_they_are_merged() -> None:
    document = Document.parse(b"base: &base\n  epochs: 5\n  seed: 1\ntraining:\n  <<: *base\n  seed: 2\n")
    assert (document.get("training.epochs"), document.get("training.seed")) == (5, 2)
    document.set("training.epochs", 9)
    assert document.data.endswith(b"training:\n  <<: *base\n  seed: 2\n  epochs: 9\n")
    assert document.get("base.epochs") == 5
    document.undo()
    assert document.set("base.epochs", 7) == ["training.epochs"]
    document.delete("training.seed")
    assert document.get("training.seed") == 1
    with pytest.raises(EditRefusedError, match="comes through <<"):
        document.delete("training.seed")


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ("1_000", 2000, "2_000"), ("0x1F", 255, "0xFF"), ("0xff", 31, "0x1f"), ("3e-4", 0.00001, "1.0e-5"),
        ("1.0E-04", 0.002, "2.0E-3"), ("1e5", 0.5, "5.0e-1"), ("017", 8, "8"), ("0o17", 8, "8"), ("0b11", 5, "0b101"),
        ("0.0003", 0.00001, "0.00001"), ("1", 0.5, "0.5"), ("on", True, "true"), ("'a'", "it's", "'it''s'"),
        ('"a"', "b", '"b"'), ("a", "b c", "b c"), ("a", "on", '"on"'), ("a", "1e-4", '"1e-4"'),
        ("|\n  text", "one\ntwo", "|-\n  one\n  two"), ("a", 1e300, "1.0e+300"), ("1", float("inf"), ".inf"),
    ],
)  # fmt: skip
def test_quotes_and_notations_are_kept(old: str, value: bool | int | float | str, new: str) -> None:
    document = Document.parse(f"k: {old}\nl: 1\n".encode())
    document.set("k", value)
    assert document.text == f"k: {new}\nl: 1\n"
    for read in other_readers(document.data):
        assert read == {"k": value, "l": 1}


@pytest.mark.parametrize(
    ("old", "new"), [("1e-4", "1.0e-4"), ("1E5", "1.0E+5"), ("017", "17"), ("0o17", "15")]
)
def test_a_value_that_readers_differ_on_is_written_anew_even_when_it_stays(old: str, new: str) -> None:
    document = Document.parse(f"k: {old}   # why\n".encode())
    value = document.get("k")
    assert isinstance(value, int | float)
    document.set("k", value)
    assert document.text.startswith(f"k: {new} ")
    clean = Document.parse(b"k: 0.10\n")
    clean.set("k", 0.1)
    assert clean.text == "k: 0.10\n"


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        ("a: [1,2]\n", ("item", "a", 1, 9), "a: [1,9, 2]\n"),
        ("a: []  # none\n", ("item", "a", 0, 9), "a: [9]  # none\n"),
        ("a:\n- 1 # one\n- 2\n", ("item", "a", 1, 9), "a:\n- 1 # one\n- 9\n- 2\n"),
        ("a:\n  - 1\n\nb: 1\n", ("item", "a", 1, 9), "a:\n  - 1\n  - 9\n\nb: 1\n"),
        ("a: [\n  1, # one\n  2 # two\n]\n", ("item", "a", 2, 9), "a: [\n  1, # one\n  2, # two\n  9\n]\n"),
        ("a:\n  - 1 # c\nb: 1\n", ("delete", "a.0"), "a: []\nb: 1\n"),
        ("a:   # c\n  b: 1\nd: 1\n", ("delete", "a.b"), "a: {} # c\nd: 1\n"),
        ("a: {b: 1, c: 2}\n", ("delete", "a.b"), "a: {c: 2}\n"),
        ("a: {b: 1, c: 2}\n", ("delete", "a.c"), "a: {b: 1}\n"),
        ("a: [\n  1, # one\n  2 # two\n]\n", ("delete", "a.0"), "a: [\n  2 # two\n]\n"),
        ("a: {}   # c\n", ("set", "a.b", 1), "a:   # c\n  b: 1\n"),
        ("a: null # c\nz: 1\n", ("set", "a.b.c", 1), "a: # c\n  b:\n    c: 1\nz: 1\n"),
        ('{"a": {"b": 1}}', ("set", "a.c", "x"), '{"a": {"b": 1, "c": "x"}}'),
        ("a: {b: 1}\r\n", ("set", "c.d", 1), "a: {b: 1}\r\nc:\r\n  d: 1\r\n"),
        ("a:\n    b: 1\n", ("set", "c.d", 1), "a:\n    b: 1\nc:\n    d: 1\n"),
        ("a: 1\n...\n# end\n", ("set", "b", 2), "a: 1\nb: 2\n...\n# end\n"),
        ("---\n# c\n---\na: 1\n", ("set", "a", 2), "---\n# c\n---\na: 2\n"),
        ("a:\n  b: 1 # c\n", ("rename", "a.b", "long"), "a:\n  long: 1 # c\n"),
        ("a:\n- b: 1\n  c: 2\n", ("delete", "a.0.b"), "a:\n- c: 2\n"),
        ("? k\n: v\nc : d\n", ("set", "k", 1), "? k\n: 1\nc : d\n"),
        ("c :   d\n", ("set", "c", 1), "c :   1\n"),
    ],
)  # fmt: skip
def test_edits_fit_into_the_style_around_them(before: str, edit: tuple[Any, ...], after: str) -> None:
    document = Document.parse(before.encode())
    method = {"item": document.insert_item}.get(str(edit[0])) or getattr(document, str(edit[0]))
    method(*edit[1:])
    assert document.text == after
    document.undo()
    assert document.text == before


def test_the_whole_text_can_be_replaced_as_one_edit() -> None:
    document = Document.parse(SAMPLE)
    document.replace("model:\n  d_model: 192\n")
    assert document.get("model.d_model") == 192
    with pytest.raises(YamlError):
        document.replace("model: [\n")
    assert document.get("model.d_model") == 192
    document.undo()
    assert document.data == SAMPLE


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a: 1\na: 2\n", "appears twice, first on line 1"),
        (b"model:\n\td_model: 3\n", "tab"),
        (b"a: [" + b"[" * 10_000, "brackets"),
        (b"a: \xff\n", "not UTF-8 at byte 3"),
        (b"a: \0\n", "NUL"),
        (b"- 1\n", "the top level must be keys with values"),
        (b"a: 1\n---\nb: 2\n", "second document"),
        (b"a: &a [*a]\n", "contains itself"),
        (b"a: *b\n", "has no &b before it"),
        (b"x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n", "<< appears twice"),
        (b"x: 1\ny:\n  <<: 3\n", "takes sections"),
        ("a: 1".encode("utf-16"), "UTF-16"),
        ("a: 1".encode("utf-16-le"), "UTF-16"),
        (b"a: 1\rb: 2\n", "lone carriage return"),
        ("a: x\u0085y\n".encode(), "U\\+0085"),
        ("a: 1 # \u2028b: 2\n".encode(), "U\\+2028"),
        (b"%YAML 1.1\n---\na: on\n", "directive"),
        (b'a: "open\nb: 1\n', "1:4: the quote that opens here is not closed"),
        (b"a: [1, 2\nb: 1\n", "1:4: .*the bracket that opens here is not closed"),
        (b"a: 1\n b: 2\n", "indent right"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(data: bytes, says: str) -> None:
    with pytest.raises(YamlError, match=says) as caught:
        Document.parse(data, "my.yaml")
    assert str(caught.value).startswith("my.yaml")


def test_odd_files_are_refused_at_once(tmp_path: Path) -> None:
    fifo, loop, large = tmp_path / "fifo", tmp_path / "loop", tmp_path / "large"
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    with large.open("wb") as file:
        file.truncate(100_000_000)
    for path in (tmp_path, fifo, loop, large, tmp_path / "missing"):
        with pytest.raises(YamlError, match=str(path)):
            Document.open(path)


def test_saving_keeps_mode_and_sees_a_foreign_change(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(SAMPLE)
    path.chmod(0o640)
    document = Document.open(path)
    document.set("model.d_model", 256)
    assert document.dirty
    document.save()
    assert not document.dirty
    assert path.read_bytes() == SAMPLE.replace(b"384", b"256")
    assert path.stat().st_mode & 0o777 == 0o640
    path.write_bytes(b"model: {}\n")
    document.set("model.d_model", 192)
    with pytest.raises(SaveConflictError, match="changed on disk"):
        document.save()
    assert path.read_bytes() == b"model: {}\n"


def test_saving_follows_links_and_refuses_to_write_over_others(tmp_path: Path) -> None:
    path, link, other = tmp_path / "c.yaml", tmp_path / "link.yaml", tmp_path / "other.yaml"
    path.write_bytes(SAMPLE)
    link.symlink_to(path)
    other.write_bytes(b"mine: 1\n")
    document = Document.open(link)
    document.set("model.d_model", 256)
    with pytest.raises(SaveConflictError, match="a file of this name already"):
        document.save(other)
    assert other.read_bytes() == b"mine: 1\n"
    document.save()
    assert link.is_symlink()
    assert path.read_bytes() == SAMPLE.replace(b"384", b"256")
    document.save(other, over=True)
    assert other.read_bytes() == document.data
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c.yaml", "link.yaml", "other.yaml"]


def test_a_conflict_shows_what_changed_on_disk_and_can_be_overruled(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(SAMPLE)
    document = Document.open(path)
    document.set("model.d_model", 256)
    path.write_bytes(SAMPLE.replace(b"batch_size: 2", b"batch_size: 4"))
    with pytest.raises(SaveConflictError) as caught:
        document.save()
    assert [line for line in caught.value.diff if line[0] in "+-"] == [
        "-  batch_size: 2           # Batch size", "+  batch_size: 4           # Batch size",
    ]  # fmt: skip
    assert caught.value.on_disk == path.read_bytes()
    document.save(over=True)
    assert path.read_bytes() == document.data
    path.unlink()
    document.set("model.d_model", 128)
    document.save()  # nothing is lost by writing a file that is gone
    path.unlink()
    path.mkdir()
    with pytest.raises(SaveConflictError, match="a directory"):
        document.save()


def test_a_full_disk_leaves_the_file_and_the_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(SAMPLE)
    document = Document.open(path)
    drafts.keep(document)
    document.set("model.d_model", 256)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StickgenError, match="cannot be saved .No space left on device"):
            document.save()
    assert path.read_bytes() == SAMPLE
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".tmp"] == []
    assert document.dirty
    assert document.journal is not None
    document.journal.close()  # type: ignore[attr-defined]
    draft = drafts.find(path)
    assert draft is not None
    assert draft.data == document.data
