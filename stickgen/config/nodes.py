"""Where every key and value of a YAML text stands: a tree of positions made from the parser's events.

Composed nodes would not do: for an alias they give the marks of its anchor. Positions are offsets in
characters into the text, lines and columns count from 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from stickgen.errors import StickgenError

MAX_BYTES = 1_000_000
MAX_DEPTH = 64  # the parser takes minutes on thousands of open brackets
MAX_EVENTS = 100_000


class ConfigError(StickgenError):
    """A config that cannot be read: the message starts with `file:line:column:`."""


@dataclass
class Scalar:
    """A single value. `start` and `end` delimit it in the text with its quotes, anchor and tag."""

    start: int
    end: int
    text: str
    style: str | None  # None for plain, else ' or " or | or >
    decorated: bool = False  # has an anchor or a tag, or is an alias

    @property
    def value(self) -> bool | int | float | str | None:
        """The value as YAML 1.2 reads it."""
        return resolve(self.text) if self.style is None else self.text


@dataclass
class Mapping:
    """Keys in file order, each with the node of the key and that of its value."""

    start: int
    end: int
    flow: bool
    decorated: bool = False
    items: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)


@dataclass
class Sequence:
    """A list."""

    start: int
    end: int
    flow: bool
    decorated: bool = False
    items: list[Node] = field(default_factory=list)


Node = Scalar | Mapping | Sequence

_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def resolve(text: str) -> bool | int | float | str | None:
    """A plain scalar as the core schema of YAML 1.2 reads it."""
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 300 else math.inf
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if text.lower() in {".inf", "+.inf", "-.inf"}:
        return -math.inf if text.startswith("-") else math.inf
    return math.nan if text in {".nan", ".NaN", ".NAN"} else text


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column of `offset`, both from 1."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def parse(text: str, name: str) -> Node | None:
    """The tree of the one document in `text`; None where there is nothing but comments.

    Raises ConfigError with file, line, column, the line itself and a hint.
    """
    _check_depth(text, name)
    try:
        return _Builder(text, name).build()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        offset = mark.index if mark is not None else 0
        raise located(text, name, offset, _hint(text, offset, str(error.problem or error.context))) from error
    except (ConfigError, MemoryError):
        raise
    except Exception as error:
        raise ConfigError(f"{name}:1:1: this YAML cannot be read ({error})") from error


def located(text: str, name: str, offset: int, message: str) -> ConfigError:
    """A ConfigError that shows the place: position, message, the line and a caret."""
    line, column = line_and_column(text, offset)
    source = text.split("\n")[line - 1].rstrip("\r").replace("\t", " ")[:160]
    return ConfigError(f"{name}:{line}:{column}: {message}\n    {source}\n    {' ' * (column - 1)}^")


def _check_depth(text: str, name: str) -> None:
    depth = 0
    for match in re.finditer(r"[\[\]{}]", text):
        depth += 1 if match.group() in "[{" else -1
        if depth > MAX_DEPTH:
            raise located(text, name, match.start(), f"more than {MAX_DEPTH} brackets inside one another")
        depth = max(depth, 0)


def _hint(text: str, offset: int, problem: str) -> str:
    line = text[text.rfind("\n", 0, offset) + 1 :].split("\n", 1)[0]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return f"{problem}; a tab indents this line, YAML wants spaces"
    if "mapping values are not allowed" in problem:
        return f"{problem}; is the indent right, and does text with a colon stand in quotes?"
    return problem


class _Builder:
    """Turns the event stream into nodes."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.anchors: dict[str, Node] = {}
        self.events = self._counted()

    def _counted(self) -> Iterator[Any]:
        for count, event in enumerate(YAML(pure=True).parse(self.text)):
            if count > MAX_EVENTS:
                raise ConfigError(f"{self.name}:1:1: more than {MAX_EVENTS} values; this is no config")
            yield event

    def build(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise located(
                        self.text, self.name, event.start_mark.index,
                        "a second document starts here; a training config is one document",
                    )  # fmt: skip
                root = self.node(next(self.events), 0)
        if isinstance(root, Scalar) and root.text == "" and root.style is None:
            return None
        return root

    def node(self, event: Any, depth: int, empty_at: int = 0) -> Node:
        if depth > MAX_DEPTH:
            raise located(self.text, self.name, event.start_mark.index, "nested too deep")
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, AliasEvent):
            return self.alias(event.anchor, start, end)
        decorated = bool(event.anchor) or bool(getattr(event, "tag", None) and not _implicit(event))
        node: Node
        if isinstance(event, ScalarEvent):
            if event.value == "" and event.style is None and not decorated:
                start = end = empty_at  # the mark of an empty value is at the next token
            node = Scalar(start, end, event.value, event.style or None, decorated)
        elif isinstance(event, MappingStartEvent):
            node = Mapping(start, end, bool(event.flow_style), decorated)
            self.mapping(node, depth)
        else:
            assert isinstance(event, SequenceStartEvent)
            node = Sequence(start, end, bool(event.flow_style), decorated)
            self.sequence(node, depth)
        if event.anchor:
            self.anchors[str(event.anchor)] = node
        return node

    def alias(self, anchor: object, start: int, end: int) -> Node:
        target = self.anchors.get(str(anchor))
        if isinstance(target, Scalar):
            return Scalar(start, end, target.text, target.style, True)
        raise located(
            self.text, self.name, start, f"*{anchor} stands for a whole section; write the section out here"
        )

    def mapping(self, node: Mapping, depth: int) -> None:
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise located(self.text, self.name, key.start, "a key must be plain text")
            if key.text == "<<" and key.style is None:
                raise located(
                    self.text, self.name, key.start, "merge keys (<<) are not read; write the keys out here"
                )
            if key.text in node.items:
                first, _ = line_and_column(self.text, node.items[key.text][0].start)
                raise located(
                    self.text, self.name, key.start,
                    f"{key.text!r} is here for the second time, the first is on line {first}; remove one",
                )  # fmt: skip
            colon = self.text.find(":", key.end) + 1
            node.items[key.text] = (key, self.node(next(self.events), depth + 1, colon))
        node.end = event.end_mark.index

    def sequence(self, node: Sequence, depth: int) -> None:
        while not isinstance(event := next(self.events), SequenceEndEvent):
            node.items.append(self.node(event, depth + 1, event.start_mark.index))
        node.end = event.end_mark.index


def _implicit(event: Any) -> bool:
    implicit = event.implicit
    return any(implicit) if isinstance(implicit, tuple) else bool(implicit)
