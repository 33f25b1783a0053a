"""The tree of positions of a YAML text: where every key and value stands. `parsing.py` makes it.

Positions are offsets in characters into the text, lines and columns count from 1. Unlike the parser's own
marks, `end` is behind the last character that belongs to a node: no comment that follows it, no line end.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from stickgen.errors import StickgenError
from stickgen.yaml_edit.scalars import Plain, resolve_tagged

KeyPath = tuple[str, ...]


class YamlError(StickgenError):
    """A text or file that cannot be read as YAML: the message starts with `file:line:column:`."""


class RepeatedKeyError(YamlError):
    """A mapping has a key twice, on which readers differ; `portability.fixed` keeps the last."""


@dataclass(eq=False)
class Scalar:
    """A single value. An alias of one has the text of its anchor and its own span."""

    start: int  # of the value with its anchor and tag
    content: int  # of the value itself
    end: int
    text: str = ""
    style: str | None = None  # None for plain, else ' or " or | or >
    anchor: str | None = None
    tag: str | None = None
    alias_of: Scalar | None = None

    @property
    def value(self) -> Plain:
        """The value as YAML 1.2 reads it."""
        return resolve_tagged(self.text, self.style, self.tag)

    @property
    def decorated(self) -> bool:
        """Whether it has an anchor or a tag, or is an alias."""
        return bool(self.anchor or self.tag or self.alias_of)


@dataclass(eq=False)
class Entry:
    """A key of a mapping with its value; `start` is that of the key, or of the `?` before it."""

    start: int
    key: Scalar
    colon: int | None  # offset of the `:`; None in `{a, b}` and for a `? key` without a value
    value: Node

    @property
    def end(self) -> int:
        """Behind the last character of the value, or of the colon or key if there is no value."""
        return max(self.value.end, self.key.end, -1 if self.colon is None else self.colon + 1)


@dataclass(eq=False)
class Mapping:
    """Keys in file order. An alias of one shares the keys of its anchor."""

    start: int
    content: int
    end: int
    flow: bool
    anchor: str | None = None
    tag: str | None = None
    alias_of: Mapping | None = None
    own: dict[str, Entry] = field(default_factory=dict)
    merge: Entry | None = None  # the `<<` key
    sources: list[Mapping] = field(default_factory=list)  # what `<<` names, the first wins
    inherited: dict[str, Entry] = field(default_factory=dict)  # keys that come through `<<` alone
    pair: bool = False  # a flow mapping without braces, as in `[a: 1]`

    @property
    def decorated(self) -> bool:
        """Whether it has an anchor or a tag, or is an alias."""
        return bool(self.anchor or self.tag or self.alias_of)

    @property
    def items(self) -> dict[str, Entry]:
        """All keys as a reader sees them."""
        return {**self.own, **self.inherited} if self.inherited else self.own


@dataclass(eq=False)
class Sequence:
    """A list. `dashes` are the offsets of its dashes, empty in a flow list."""

    start: int
    content: int
    end: int
    flow: bool
    anchor: str | None = None
    tag: str | None = None
    alias_of: Sequence | None = None
    items: list[Node] = field(default_factory=list)
    dashes: list[int] = field(default_factory=list)


Node = Scalar | Mapping | Sequence


@dataclass(eq=False)
class Alias:
    """Where an anchor is used."""

    name: str
    start: int
    target: Node


@dataclass(eq=False)
class Tree:
    """What `parse` returns: the one document of a file that holds anything, and where it ends."""

    root: Node | None  # None if there is nothing but comments
    end: int  # of the document: where `...` or the next `---` stands, or the text ends
    aliases: list[Alias] = field(default_factory=list)
    repeated: list[tuple[Mapping, Entry]] = field(
        default_factory=list
    )  # keys that a later one of the name hides

    def parent_of(self, node: Node | None) -> Mapping | Sequence | None:
        """The section or list that holds `node` as its text, None for the root."""
        for _, parent in walk(self.root):
            if isinstance(parent, Scalar) or parent.alias_of is not None:
                continue
            children = (
                parent.items if isinstance(parent, Sequence) else [e.value for e in parent.own.values()]
            )
            if any(child is node for child in children):
                return parent
        return None

    def in_brackets(self, entry: Entry) -> bool:
        """Whether a key stands in `{}`."""
        parent = self.parent_of(entry.value)
        return parent is not None and parent.flow

    def entry_of(self, node: Node | None) -> Entry | None:
        """The key that `node` is the value of, None for the root and for items of lists."""
        parent = self.parent_of(node)
        if not isinstance(parent, Mapping):
            return None
        return next(entry for entry in parent.own.values() if entry.value is node)


@dataclass(frozen=True)
class Empty:
    """Stands for an empty section or list where values are compared."""

    text: str

    MAPPING: ClassVar[Empty]
    SEQUENCE: ClassVar[Empty]

    def __repr__(self) -> str:
        return self.text


Empty.MAPPING, Empty.SEQUENCE = Empty("{}"), Empty("[]")
Values = dict[KeyPath, Plain | Empty]


_QUOTED_PART = re.compile(r'"(?:[^"\\]|\\.)*"(?=\.|$)')


def path_text(path: KeyPath) -> str:
    """A path as it is shown and typed: `training.epochs`, with quotes around a key that has a dot: `"a.b".c`."""
    return ".".join(
        json.dumps(part, ensure_ascii=False) if not part or "." in part or part[0] == '"' else part
        for part in path
    )


def path_of(text: str) -> KeyPath:
    """The path that `path_text` writes so."""
    parts: list[str] = []
    at = 0
    while at <= len(text):
        quoted = _QUOTED_PART.match(text, at)
        end = quoted.end() if quoted else text.find(".", at)
        end = len(text) if end < 0 else end
        part = text[at:end]
        if quoted:
            with contextlib.suppress(ValueError):
                part = str(json.loads(part))
        parts.append(part)
        at = end + 1
    return tuple(parts)


def origin(node: Node) -> Node:
    """The node itself, or the anchored one that an alias stands for."""
    return node.alias_of if node.alias_of is not None else node


def walk(node: Node | None, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Node]]:
    """Every node below and with `node` by its path, as a reader sees them; list items by their index."""
    if node is None:
        return
    yield path, node
    if isinstance(node, Mapping):
        for name, entry in node.items.items():
            yield from walk(entry.value, (*path, name))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from walk(item, (*path, str(index)))


def values(root: Node | None) -> Values:
    """Every single value by its path, and every section or list that has none."""
    found: Values = {}
    for path, node in walk(root):
        if isinstance(node, Scalar):
            found[path] = node.value
        elif not node.items and path:
            found[path] = Empty.MAPPING if isinstance(node, Mapping) else Empty.SEQUENCE
    return found


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column of `offset`, both from 1."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def located(text: str, name: str, offset: int, message: str, kind: type[YamlError] = YamlError) -> YamlError:
    """An error of a `kind` that shows the place: position, message, the line and a caret."""
    line, column = line_and_column(text, offset)
    source = text.split("\n")[line - 1].rstrip("\r").replace("\t", " ")
    shift = max(0, column - 120)  # of a long line, the part that matters
    return kind(
        f"{name}:{line}:{column}: {message}\n    {source[shift : shift + 160]}\n    {' ' * (column - 1 - shift)}^"
    )
