"""A plain value in the place of another is not parsed for, and the document is what parsing it would give."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickgen.config.schema import KEYS
from stickgen.yaml_edit import Document, EditRefusedError, Plain, parsing, walk

CONFIG = Path(__file__).parents[2] / "configs" / "base.yaml"
SWAPPED = [
    ("a: 1\nb: {c: 2}\n", "a", 1000),
    ("a: 1  # one\nb: 2  # two\n", "a", 12345),
    ("a: 1 # one\r\nb: [1,\r\n  2\r\n  ]\r\n", "b.1", 0.5),
    ("\ufeffa: word\n---", "a", "two words"),
    ("a:\n  - b: 1\n  -   2\n", "a.1", True),
    ("a: 12", "a", 3),
    ("a: 12  # end", "a", 3),
    ("a: 1\n# about b\nb: |\n  # text\n", "a", -7),
]
PARSED = [
    ("a: 'quoted'\n", "a", "other"),
    ("a: &x 1\nb: *x\n", "a", 2),
    ("a: 1\nb: &x 2\nc: *x\n", "a", 2),
    ("a: {b: 1, c: 2}\n", "a.b", 20),
    ("a:\nb: 1\n", "a", 2),
    ("a: plain\n  over lines\n", "a", "word"),
    ("a: 1\n", "a", "x: y # z"),
    ("a: 1\n", "a", "two\nlines"),
    ("a: !!int 1\n", "a", 2),
]


class Counted:
    """How often a text was parsed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        builder = parsing._Builder

        def counted(text: str, name: str, repeats: bool) -> parsing._Builder:
            self.count += 1
            return builder(text, name, repeats)

        monkeypatch.setattr(parsing, "_Builder", counted)


def as_parsed(document: Document) -> bool:
    """Whether a document is what its bytes read as, and everything stands where it says."""
    again = Document.parse(document.data)
    same = repr(document.node_root) == repr(again.node_root) and document.items() == again.items()
    return same and document._tree.end == again._tree.end


@pytest.mark.parametrize(("text", "path", "value"), SWAPPED)
def test_a_plain_value_is_swapped_without_a_parse(
    monkeypatch: pytest.MonkeyPatch, text: str, path: str, value: Plain
) -> None:
    document = Document.parse(text.encode())
    parses = Counted(monkeypatch)
    assert document.set(path, value) == []
    assert parses.count == 0
    assert document.get(path) == value and as_parsed(document)
    assert document.undo() and document.text == text and as_parsed(document)


@pytest.mark.parametrize(("text", "path", "value"), PARSED)
def test_anything_else_is_parsed(monkeypatch: pytest.MonkeyPatch, text: str, path: str, value: Plain) -> None:
    document = Document.parse(text.encode())
    parses = Counted(monkeypatch)
    document.set(path, value)
    assert parses.count
    assert document.get(path) == value and as_parsed(document)


def test_a_config_is_as_parsed_after_every_edit() -> None:
    document = Document.open(CONFIG)
    for key in KEYS:
        for value in (*key.steps[:2], key.default):
            document.set(key.parts, value)
    assert as_parsed(document)
    for path, node in list(walk(document.node_root)):
        line, column = document.position(path) or (0, 0)
        assert document.text.split("\n")[line - 1][column - 1 :].startswith(
            document.text[node.start : node.start + 1]
        )


def test_a_text_that_would_be_too_long_is_refused_as_ever() -> None:
    document = Document.parse(b"a: 1\nb: " + b"x" * (parsing.MAX_BYTES - 9) + b"\n")
    with pytest.raises(EditRefusedError, match="too large"):
        document.set("a", 123456)
    assert document.get("a") == 1 and as_parsed(document)
