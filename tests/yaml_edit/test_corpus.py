"""Awkward files: an edit changes its own characters alone, and both kinds of readers find what was meant; or it is refused."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from readers import CORPUS, flat, read_1_1, read_1_2, readable

from stickgen.yaml_edit import (
    Document,
    EditRefusedError,
    Mapping,
    Scalar,
    Sequence,
    YamlError,
    path_text,
    walk,
)
from stickgen.yaml_edit.nodes import origin

VALUES: list[bool | int | float | str | None] = [
    7, 2_000_000, 0.5, 1e-5, True, None, "word", "on", "1e-4", "it's \"both\": # \\ {x}, [y]", "grün\n\tzwei ", "",
]  # fmt: skip
READABLE = [path for path in CORPUS if path.name != "tabs_after.yaml"]
by_name = pytest.mark.parametrize("path", READABLE, ids=[path.name for path in READABLE])

KeyPath = tuple[str, ...]


class Watch:
    """Looks at what an edit did to a document, with other readers than its own."""

    def __init__(self, document: Document) -> None:
        self.document, self.before = document, document.data
        self.readers, self.found = found_by_readers(self.before)

    def check(self, free: set[KeyPath], expected: dict[KeyPath, Any] | None = None) -> None:
        """Nothing but what lies below `free` reads otherwise; `expected` values are found; undo restores bytes."""
        after = self.document.data
        for read, old in zip(self.readers, self.found, strict=True):
            new = flat(read(after))
            for path in old.keys() | new.keys():
                if any(path[: len(f)] == f or f[: len(path)] == path for f in free):
                    continue
                assert repr(old.get(path, "no")) == repr(new.get(path, "no")), (path, after)
            for path, value in (expected or {}).items():
                assert new.get(path, "no") == value, (path, after)
                assert type(new[path]) is type(value), (path, after)
        if after != self.before:
            assert self.document.undo()
        assert self.document.data == self.before


@lru_cache(maxsize=4)
def found_by_readers(data: bytes) -> tuple[list[Any], list[dict[KeyPath, Any]]]:
    """The readers that take a file, and what each finds in it."""
    readers = [read for read in (read_1_1, read_1_2) if readable(read, data)]
    return readers, [flat(read(data)) for read in readers]


def changed_span(before: str, after: str) -> tuple[int, int]:
    """Where `before` was cut to become `after`."""
    limit = min(len(before), len(after))
    start = next((i for i in range(limit) if before[i] != after[i]), limit)
    tail = next((i for i in range(limit - start) if before[-1 - i] != after[-1 - i]), limit - start)
    return start, len(before) - tail


@by_name
def test_every_value_can_be_set_alone(path: Path) -> None:
    set_every_value(path, 2)


@pytest.mark.drill
@by_name
def test_every_value_can_be_set_to_each_kind(path: Path) -> None:
    set_every_value(path, len(VALUES))


def aliases_of(document: Document, at: KeyPath) -> list[str]:
    """The other paths whose values are those of the anchor at `at`."""
    node = document.node(at)
    if node is None or node.alias_of is not None:
        return []
    return [
        path_text(path) for path, other in walk(document.node_root) if origin(other) is node and path != at
    ]


def set_every_value(path: Path, count: int) -> None:
    """Set each value of a file to `count` of the values, which differ from one to the next."""
    document = Document.open(path)
    assert document.data == path.read_bytes()
    text, refused = document.text, 0
    for number, (at, node) in enumerate(walk(document.node_root)):
        if not isinstance(node, Scalar) or not at:
            continue
        for value in [VALUES[(number * count + i) % len(VALUES)] for i in range(count)]:
            watch = Watch(document)
            aliases = aliases_of(document, at)
            try:
                also = document.set(at, value)
            except EditRefusedError as error:
                refused += 1
                assert document.data == watch.before
                assert len(str(error)) > 20
                continue
            assert set(also) <= set(aliases)
            if document.text.count("\n") == text.count("\n"):
                start, end = changed_span(text, document.text)
                line_end = text.find("\n", node.end) % (len(text) + 1)
                assert document.text == text or node.start - 1 <= start <= end <= max(line_end, node.end)
            watch.check({at, *(tuple(other.split(".")) for other in aliases)}, {at: value})
    assert refused <= 5 * count


@by_name
def test_every_key_and_item_can_be_deleted_alone(path: Path) -> None:
    document = Document.open(path)
    for at, _node in list(walk(document.node_root)):
        if not at:
            continue
        watch = Watch(document)
        parent = document.node(at[:-1])
        try:
            document.delete(at)
        except EditRefusedError as error:
            assert document.data == watch.before
            assert len(str(error)) > 20
            continue
        free = {at, *places(document, watch.before, at[:-1], at[-1])}
        if isinstance(parent, Sequence):
            free = {place[:-1] for place in free}
            assert isinstance(document.node(at[:-1]), Sequence)
        else:
            now, was = document.node(at[:-1]), Document.parse(watch.before).node(at[:-1])
            if now is not None or len(at) > 1:
                assert isinstance(now, Mapping)
                assert isinstance(was, Mapping)
                assert list(now.own) == [k for k in was.own if k != at[-1]]
        watch.check(free)


@by_name
def test_keys_are_inserted_everywhere(path: Path) -> None:
    document = Document.open(path)
    sections = [at for at, node in walk(document.node_root) if not isinstance(node, Sequence)] or [()]
    for at in sections:
        for rest in (("new",), ("on", "below", "deep")):
            watch = Watch(document)
            try:
                document.set((*at, *rest), 0.25)
            except EditRefusedError as error:
                assert document.data == watch.before
                assert len(str(error)) > 20
                continue
            free = {
                (*place, rest[0])
                for place in [at, *(p[:-1] for p in places(document, watch.before, at, "_"))]
            }
            watch.check(free, {(*at, *rest): 0.25})


@by_name
def test_items_are_inserted_everywhere(path: Path) -> None:
    document = Document.open(path)
    for at, node in list(walk(document.node_root)):
        if not isinstance(node, Sequence):
            continue
        for index in range(len(node.items) + 1):
            for value in (1.5, "x: y"):
                watch = Watch(document)
                length = len(node.items)
                try:
                    document.insert_item(at, index, value)
                except EditRefusedError as error:
                    assert document.data == watch.before
                    assert len(str(error)) > 20
                    continue
                after = document.node(at)
                assert isinstance(after, Sequence)
                assert len(after.items) == length + 1
                watch.check(
                    {at, *(p[:-1] for p in places(document, watch.before, at, "_"))},
                    {(*at, str(index)): value},
                )


def places(document: Document, before: bytes, at: KeyPath, name: str) -> set[KeyPath]:
    """The paths of a key in all aliases and merges of its section."""
    old = Document.parse(before)
    target = old.node(at) if at else old.node_root
    found = set()
    for path, node in walk(old.node_root):
        sources = node.sources if isinstance(node, Mapping) else []
        if any(one is target or one.alias_of is target for one in (node, *sources)) and target is not None:
            found.add((*path, name))
    return found


def test_the_corpus_is_edited_and_not_only_refused() -> None:
    """Nearly every single edit of the corpus is made, and a refusal is about anchors, aliases or rare brackets."""
    done, refused = 0, []
    for path in READABLE:
        document = Document.open(path)
        for at, node in list(walk(document.node_root))[1:]:
            try:
                if isinstance(node, Scalar):
                    document.set(at, "some value")
                    done += 1
                    document.undo()
                document.delete(at)
                done += 1
                document.undo()
            except EditRefusedError as error:
                refused.append((path.name, str(error)))
    known = {"anchors.yaml", "anchored_empty.yaml", "merge_list.yaml", "tags.yaml", "set_tag.yaml", "bare_flow_keys.yaml", "explicit_keys.yaml"}  # fmt: skip
    assert {name for name, _ in refused} <= known
    assert len(refused) < done / 15


def test_tabs_that_no_reader_takes_are_refused_with_the_place() -> None:
    (path,) = (path for path in CORPUS if path.name == "tabs_after.yaml")
    with pytest.raises(YamlError, match=r"tabs_after.yaml:1:3: a tab stands before this value"):
        Document.open(path)
    assert not readable(read_1_1, path.read_bytes())
