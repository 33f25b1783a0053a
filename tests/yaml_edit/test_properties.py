"""Random texts, random edits: nothing else reads otherwise to any reader, and undo restores the bytes; or it is refused."""

from __future__ import annotations

from typing import Any

from generated import yaml_texts
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from test_corpus import Watch, places

from stickgen.errors import StickgenError
from stickgen.yaml_edit import (
    Document,
    EditRefusedError,
    Mapping,
    Scalar,
    Sequence,
    YamlError,
    findings,
    fixed,
    walk,
)

VALUES = st.sampled_from([5, 0.25, 1e-7, True, None, "w", "yes", "1e-4", "a: [b] # 'c' \"d\"\n", 2_000_000])
no_hurry = settings(suppress_health_check=list(HealthCheck))


def read(text: str) -> Document:
    """The document of a text; texts that are no YAML are not of interest."""
    try:
        return Document.parse(text.encode())
    except YamlError:
        event("no YAML")
        assume(False)
        raise


@no_hurry
@given(yaml_texts(), st.data())
def test_any_edit_of_any_text(text: str, data: st.DataObject) -> None:
    document = read(text)
    assert document.data == text.encode()
    at, node = data.draw(st.sampled_from(list(walk(document.node_root))))
    watch = Watch(document)
    free, expected = {at}, {}
    value = data.draw(VALUES)
    kind = data.draw(st.sampled_from(["set", "delete", "insert"]))
    try:
        if kind == "delete" and at:
            parent = document.node(at[:-1])
            document.delete(at)
            free |= places(document, watch.before, at[:-1], at[-1])
            if isinstance(parent, Sequence):
                free = {place[:-1] for place in free}
        elif isinstance(node, Scalar):
            free |= {tuple(p) for p in all_paths(document, at)}
            document.set(at, value)
            expected = {at: value}
        elif isinstance(node, Mapping):
            document.set((*at, "new"), value)
            free = {(*p[:-1], "new") for p in places(document, watch.before, at, "_")} | {(*at, "new")}
            expected = {(*at, "new"): value}
        else:
            index = data.draw(st.integers(0, len(node.items)))
            document.insert_item(at, index, value)
            free |= {p[:-1] for p in places(document, watch.before, at, "_")}
            expected = {(*at, str(index)): value}
    except EditRefusedError as error:
        event(f"refused {kind}: {str(error).partition(': ')[2][-40:]}")
        assert document.data == watch.before
        return
    event(kind)
    watch.check(free, expected)


def all_paths(document: Document, at: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The places that an anchored value is found at, by its aliases."""
    node = document.node(at)
    target = node if node is None or node.alias_of is None else node
    return [path for path, other in walk(document.node_root) if other is target or other.alias_of is target]


@no_hurry
@given(yaml_texts())
def test_mending_makes_readers_agree(text: str) -> None:
    try:
        new = fixed(text.encode(), "c")
    except StickgenError:
        return
    assert findings(new, "c") == []
    if Document.parse(new).items() and new != text.encode():
        watch = Watch(Document.parse(new))
        assert len({repr(found) for found in watch.found}) == 1


@no_hurry
@given(yaml_texts(), st.lists(st.tuples(st.integers(0, 30), VALUES), max_size=6))
def test_chains_of_edits_are_undone_byte_by_byte(text: str, edits: list[tuple[int, Any]]) -> None:
    document = read(text)
    texts = [document.text]
    for number, value in edits:
        paths = list(document.items())
        if not paths:
            break
        try:
            document.set(paths[number % len(paths)], value)
        except EditRefusedError:
            continue
        again = Document.parse(document.data)
        assert repr(document.node_root) == repr(again.node_root)  # where everything stands, too
        assert list(map(repr, document.items().items())) == list(map(repr, again.items().items()))
        if document.text != texts[-1]:
            texts.append(document.text)
    for former in reversed(texts[:-1]):
        assert document.undo()
        assert document.text == former
    assert not document.undo()
    for later in texts[1:]:
        assert document.redo()
        assert document.text == later
