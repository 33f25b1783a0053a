"""An edit changes its own characters and nothing else, and what is written reads the same everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stickgen.config.document import Document, EditRefusedError, SaveConflictError, format_value
from stickgen.config.nodes import ConfigError
from stickgen.config.presets import preset_names, preset_path
from stickgen.config.schema import KEYS

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


@given(values, st.sampled_from([None, "'", '"']))
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


def test_anchored_values_are_refused_with_a_reason() -> None:
    document = Document.parse(b"a:\n  b: &x 1\n  c: *x\n")
    assert document.get("a.c") == 1
    for path in ("a.b", "a.c"):
        with pytest.raises(EditRefusedError, match="anchor"):
            document.set(path, 2)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a: 1\na: 2\n", "second time, the first is on line 1"),
        (b"model:\n\td_model: 3\n", "tab"),
        (b"a: [" + b"[" * 10_000, "brackets"),
        (b"a: \xff\n", "not UTF-8 at byte 3"),
        (b"a: \0\n", "NUL"),
        (b"- 1\n", "a config is a mapping"),
        (b"a: 1\n---\nb: 2\n", "second document"),
        (b"a: &a [1]\nb: *a\n", "write the section out"),
        (b"x: &x {a: 1}\ny:\n  <<: *x\n", "merge keys"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(data: bytes, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        Document.parse(data, "my.yaml")
    assert str(caught.value).startswith("my.yaml")


def test_odd_files_are_refused_at_once(tmp_path: Path) -> None:
    fifo, loop, large = tmp_path / "fifo", tmp_path / "loop", tmp_path / "large"
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    with large.open("wb") as file:
        file.truncate(100_000_000)
    for path in (tmp_path, fifo, loop, large, tmp_path / "missing"):
        with pytest.raises(ConfigError, match=str(path)):
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
