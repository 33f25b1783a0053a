"""Comments are bytes that a person wrote: an edit of something else keeps each of them, or is refused."""

from __future__ import annotations

import pytest
from generated import yaml_texts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stickgen.yaml_edit import Document, EditRefusedError, fixed
from stickgen.yaml_edit.comments import comments
from stickgen.yaml_edit.parsing import parse


def texts(text: str) -> list[str]:
    return [comment.text for comment in comments(text, parse(text, "x"))]


def test_what_is_a_comment() -> None:
    text = (
        "\ufeff# top\n"
        "a: 1 # one\n"
        "b: 'no # comment' # two\n"
        'c: "no # more" #three\n'
        "d: no#ne\n"
        "e: | # four\n  # text\n  text\n# five\n"
        "f: [1, # six\n  '# no'] # seven\n"
        "g: &x # eight\n  1\n"
        "'# key': *x # nine\n"
        "h: >\n  # text\n"
    )
    assert texts(text) == ["# top", "# one", "# two", "#three", "# four", "# five", "# six", "# seven", "# eight", "# nine"]  # fmt: skip


DELETES = {
    "first of an item": ("l:\n- a: 1 # a\n  # about b\n  b: 2 # b\n", "l.0.a", "l:\n- # about b\n  b: 2 # b\n"),
    "first, blank lines": ("l:\n- a: 1\n\n  # b\n  # b2\n  b: 2\n", "l.0.a", "l:\n- # b\n  # b2\n  b: 2\n"),
    "first, no comment": ("l:\n- a: 1 # a\n  b: 2 # b\n", "l.0.a", "l:\n- b: 2 # b\n"),
    "first, nested": ("- - a: 1\n    # b\n    b: 2\n", None, ""),
    "flow, last": ("k: {a: 1, # about a\n  b: 2}\n", "k.b", "k: {a: 1 # about a\n  }\n"),
    "flow, last, own comment": ("k: [1, # one\n  2 # two\n  ]\n", "k.1", "k: [1, # one\n  ]\n"),
    "flow, comma first": ("k: {a: 1 # about a\n  , b: 2}\n", "k.b", "k: {a: 1 # about a\n   }\n"),
    "flow, first, comma first": ("k: {a: 1 # about a\n  , b: 2}\n", "k.a", "k: {b: 2}\n"),
    "flow, middle": ("k: [1, 2, # two\n  3]\n", "k.1", "k: [1,\n  3]\n"),
    "flow, comment of the next": ("k: [1, 2,\n  # three\n  3]\n", "k.1", "k: [1, \n  # three\n  3]\n"),
    "flow, only": ("k: {a: 1 # a\n  , }\n", "k.a", "k: { # a\n   }\n"),
    "block": ("k:\n  # above\n  a: 1 # a\n  # between\n  b: 2\n", "k.a", "k:\n  # above\n  # between\n  b: 2\n"),
    "section": ("k:\n  a: 1 # a\n  # inside\n  b: 2\n# below\nl: 1\n", "k", "# below\nl: 1\n"),
    "last one": ("k: # about k\n  # above\n  a: 1 # a\nl: 1\n", "k.a", "k: {} # about k\n  # above\nl: 1\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, case in DELETES.items() if case[1] is not None])
def test_a_delete_takes_its_own_comment_and_no_other(name: str) -> None:
    text, path, expected = DELETES[name]
    document = Document.parse(text.encode())
    assert path is not None
    document.delete(path)
    assert document.text == expected
    document.undo()
    assert document.text == text


def test_what_would_take_a_comment_away_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document.parse(b"a: 1\n# about b\nb: 2\n")
    monkeypatch.setattr("stickgen.yaml_edit.splicing.Splicer.without", lambda *_: "b: 2\n")
    with pytest.raises(EditRefusedError, match=":2: this edit would take away the comment '# about b'"):
        document.delete("a")
    assert document.text == "a: 1\n# about b\nb: 2\n"


def test_repeated_keys_go_without_the_comments_of_others() -> None:
    text = b"l:\n- a: 1 # first\n  # about b\n  b: 2\n  a: 3 # last\n"
    assert fixed(text, "x") == b"l:\n- # about b\n  b: 2\n  a: 3 # last\n"


@settings(suppress_health_check=list(HealthCheck))
@given(yaml_texts(), st.data())
def test_any_edit_keeps_every_other_comment(text: str, data: st.DataObject) -> None:
    for number, comment in reversed(list(enumerate(comments(text, parse(text, "x"))))):
        text = text[: comment.start] + f"# c{number}" + text[comment.start + len(comment.text) :]
    document = Document.parse(text.encode())
    paths = list(document.items())
    if not paths:
        return
    path = data.draw(st.sampled_from(paths))
    node, before = document.node(path), comments(text, parse(text, "x"))
    assert node is not None
    deleting = data.draw(st.booleans())
    try:
        if deleting:
            document.delete(path)
        else:
            document.set(path, "new")
    except EditRefusedError:
        return
    left = [comment.text for comment in comments(document.text, parse(document.text, "x"))]
    gone = [comment for comment in before if comment.text not in left]
    assert left == [comment.text for comment in before if comment not in gone]
    if not deleting:
        assert gone == []
    last = text.count("\n", 0, node.end)
    for comment in gone:  # on the lines of the key and of its value
        assert text.count("\n", 0, comment.start) <= last
