"""From a YAML text to the tree of positions, within limits that no file can break.

The tree is made from the parser's events. Composed nodes would not do: for an alias they give the marks of
its anchor. The limits stop bombs before they cost anything: size, depth, number of values, aliases, nodes
after aliases and merges are expanded, and, should all of these miss something, time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from stickgen.yaml_edit.faults import guilty
from stickgen.yaml_edit.nodes import (
    Alias,
    Entry,
    Mapping,
    Node,
    RepeatedKeyError,
    Scalar,
    Sequence,
    Tree,
    YamlError,
    line_and_column,
    located,
    origin,
)
from stickgen.yaml_edit.scalars import CORE_TAG
from stickgen.yaml_edit.scanning import MAX_DEPTH, BoundedScanner, TooDeepError, TooLongError

MAX_BYTES = 100_000  # the parser reads about 0.3 MB a second
MAX_EVENTS = 5_000  # keys, values, and the begin and end of collections
MAX_ALIASES = 500
MAX_EXPANDED = 5_000  # nodes after aliases and merges are written out
MAX_SECONDS = 10.0  # of CPU time, so that a busy machine refuses nothing that an idle one reads

# what readers take for a line end or refuse: everything that YAML does not call printable, and its odd line ends
_UNREADABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LONE_RETURN = re.compile(r"\r(?!\n)")
GAP = re.compile(r"(?:[ \t\r\n]|(?<![^\s])#[^\n]*)*")  # blanks, line ends, comments
_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*")


def decode(data: bytes, name: str) -> str:
    """The bytes as text, newlines untranslated. Raises YamlError, with the place, if they are not YAML text."""
    if len(data) > MAX_BYTES:
        raise YamlError(f"{name}: too large: {len(data)} bytes, and at most {MAX_BYTES} are read")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or (len(data) > 3 and data[:4].count(0) > 1):
        raise YamlError(f"{name}: UTF-16 or UTF-32 at byte 0; save it as UTF-8")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[: error.start].rpartition(b"\n")[2].decode("utf-8")) + 1
        raise YamlError(
            f"{name}:{line}:{column}: not UTF-8 at byte {error.start}; save it as UTF-8"
        ) from error
    if "\0" in text:
        raise YamlError(f"{name}: a NUL at byte {data.index(0)}; this is not a text file")
    if lone := _LONE_RETURN.search(text):
        line, column = line_and_column(text, lone.start())
        raise YamlError(f"{name}:{line}:{column}: a lone carriage return; end lines with LF or CRLF")
    body = text.removeprefix("\ufeff")
    if odd := _UNREADABLE.search(body):
        line, column = line_and_column(text, odd.start() + len(text) - len(body))
        raise YamlError(
            f"{name}:{line}:{column}: a character U+{ord(odd.group()):04X}, which YAML readers refuse or take for a "
            "line end; remove it, or write it as an escape in double quotes"
        )
    return text


def parse(text: str, name: str, *, repeats: bool = False) -> Tree:
    """The tree of the one document in `text`. Empty documents around it are allowed, a second one is not.

    Raises YamlError with file, line, column, the line itself and a hint. `repeats` accepts keys that a
    mapping has twice, takes the last and lists the others.
    """
    try:
        return _Builder(text, name, repeats).build()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        offset = mark.index if mark is not None else 0
        began = error.context_mark.index if error.context_mark is not None else None
        fault = guilty(text, offset, began)
        if fault is not None:
            raise located(text, name, fault.offset, fault.message) from error
        open_there = re.search("quoted scalar|flow|simple key", str(error.context))
        if open_there is not None and began is not None:  # nothing between is at fault but what began there
            raise located(text, name, began, _hint(text, offset, error)) from error
        raise located(text, name, offset, _hint(text, offset, error)) from error
    except TooDeepError as error:
        raise located(
            text, name, error.offset - 1, f"more than {MAX_DEPTH} brackets inside one another"
        ) from error
    except TooLongError as error:
        raise YamlError(
            f"{name}: reading it takes more than {MAX_SECONDS:g} s of computing; shorten it"
        ) from error
    except (YamlError, MemoryError):
        raise
    except Exception as error:
        raise YamlError(f"{name}:1:1: this YAML cannot be read ({error})") from error


def _hint(text: str, offset: int, error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context)
    line = text[text.rfind("\n", 0, offset) + 1 :].split("\n", 1)[0]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return f"{problem}; a tab indents this line, YAML wants spaces"
    if text[offset : offset + 1] == "\t":
        return "a tab stands before this value; YAML wants spaces"
    if "quoted scalar" in str(error.context) and error.context_mark is not None:
        return f"{problem}; the quote that opens here is not closed"
    if "flow" in str(error.context) and error.context_mark is not None:
        return f"{problem}; the bracket that opens here is not closed"
    if "mapping values are not allowed" in problem:
        return f"{problem}; is the indent right, and does text with a colon stand in quotes?"
    return problem


class _Builder:
    """Turns the event stream into nodes."""

    def __init__(self, text: str, name: str, repeats: bool) -> None:
        self.text, self.name, self.repeats = text, name, repeats
        self.anchors: dict[str, Node] = {}
        self.open_anchors: list[str] = []
        self.sizes: dict[int, int] = {}  # nodes of a collection with its aliases written out
        self.tree = Tree(None, len(text))
        self.events = self.counted()

    def counted(self) -> Iterator[Any]:
        yaml = YAML(typ="safe", pure=True)
        scanner = type("BoundedScanner", (BoundedScanner,), {"deadline": time.thread_time() + MAX_SECONDS})
        yaml.Scanner = scanner
        for count, event in enumerate(yaml.parse(self.text)):
            if count > MAX_EVENTS:
                raise YamlError(f"{self.name}:1:1: more than {MAX_EVENTS} keys and values; shorten it")
            yield event

    def refuse(self, offset: int, message: str) -> YamlError:
        return located(self.text, self.name, offset, message)

    # -- documents

    def build(self) -> Tree:
        documents: list[tuple[Node | None, int]] = []  # each with where it begins
        ends: list[int] = []
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                self.check_version(event)
                self.anchors.clear()
                root: Node | None = self.node(next(self.events), 0, event.end_mark.index)
                if isinstance(root, Scalar) and not (root.text or root.style or root.decorated):
                    root = None
                documents.append((root, event.start_mark.index))
            elif isinstance(event, DocumentEndEvent):
                ends.append(event.start_mark.index if event.explicit else len(self.text))
        full = [index for index, (root, _) in enumerate(documents) if root is not None]
        if len(full) > 1:
            raise self.refuse(
                documents[full[1]][1], "a second document starts here; a file may hold only one"
            )
        if documents:
            chosen = full[0] if full else 0
            self.tree.root = documents[chosen][0]
            following = [start for _, start in documents[chosen + 1 :]]
            self.tree.end = min(ends[chosen], *following, len(self.text))
        return self.tree

    def check_version(self, event: DocumentStartEvent) -> None:
        if event.version is not None and tuple(event.version) != (1, 2):
            raise self.refuse(
                event.start_mark.index, "a %YAML directive changes how values are read; remove the line"
            )

    # -- nodes

    def node(self, event: Any, depth: int, empty_at: int = 0) -> Node:
        if depth > MAX_DEPTH:
            raise self.refuse(event.start_mark.index, f"more than {MAX_DEPTH} levels inside one another")
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, AliasEvent):
            return self.alias(str(event.anchor), start, end)
        anchor = str(event.anchor) if event.anchor else None
        tag = str(event.tag) if getattr(event, "tag", None) else None
        if anchor and tag:
            start = self.before_tag(start)
        content = self.behind_properties(start, end) if anchor or tag else start
        node: Node
        if isinstance(event, ScalarEvent):
            style = event.style or None
            if event.value == "" and style is None and not (anchor or tag):
                start = content = end = empty_at  # the mark of an empty value is at the next token
            elif style in {"|", ">"}:
                end = self.block_text_end(content, end)
            node = Scalar(start, content, end, event.value, style, anchor, tag)
        elif isinstance(event, MappingStartEvent):
            pair = bool(event.flow_style) and self.text[content : content + 1] != "{"
            node = Mapping(start, content, end, bool(event.flow_style), anchor, tag, pair=pair)
            self.inside(anchor, self.mapping, node, depth)
        else:
            assert isinstance(event, SequenceStartEvent)
            node = Sequence(start, content, end, bool(event.flow_style), anchor, tag)
            self.inside(anchor, self.sequence, node, depth)
        if anchor:
            self.anchors[anchor] = node
        return node

    def before_tag(self, start: int) -> int:
        """Where a node with both properties begins; the parser's mark is at the anchor, also behind a tag."""
        line = self.text.rfind("\n", 0, start) + 1
        tag = re.search(r"(?<![^\s,\[\]{}:])![^\s,\[\]{}]*[ \t]+$", self.text[line:start])
        return line + tag.start() if tag and self.text[start : start + 1] == "&" else start

    def behind_properties(self, start: int, end: int) -> int:
        """Where the value itself begins, behind its anchor and tag (and, in a block, the comment behind them)."""
        at = start
        for _ in range(2):
            found = _PROPERTY.match(self.text, at)
            if found is None:
                break
            behind = GAP.match(self.text, found.end())
            assert behind is not None
            if behind.end() > end and found.end() >= end:  # an empty value: nothing but its properties
                return found.end()
            at = behind.end()
        return at

    def block_text_end(self, start: int, end: int) -> int:
        """Behind the last line of a `|` or `>` text; with `+` the empty lines below belong to it."""
        text = self.text[start:end]
        if "+" in text[:3]:
            return start + len(text.removesuffix("\n").removesuffix("\r"))
        return start + len(text.rstrip())

    def inside(self, anchor: str | None, build: Any, node: Mapping | Sequence, depth: int) -> None:
        self.open_anchors.append(anchor or "")
        build(node, depth)
        self.open_anchors.pop()
        children = (
            node.items if isinstance(node, Sequence) else [entry.value for entry in node.items.values()]
        )
        size = 1 + sum(self.sizes.get(id(origin(child)), 1) for child in children)
        if size > MAX_EXPANDED:
            raise self.refuse(node.start, f"more than {MAX_EXPANDED} values once aliases are written out")
        self.sizes[id(node)] = size

    def alias(self, anchor: str, start: int, end: int) -> Node:
        target = self.anchors.get(anchor)
        if target is None:
            inside = anchor in self.open_anchors
            raise self.refuse(
                start, f"*{anchor} " + ("contains itself" if inside else f"has no &{anchor} before it")
            )
        self.tree.aliases.append(Alias(anchor, start, target))
        if len(self.tree.aliases) > MAX_ALIASES:
            raise self.refuse(start, f"more than {MAX_ALIASES} aliases; write the values out")
        if isinstance(target, Scalar):
            return Scalar(start, start, end, target.text, target.style, None, target.tag, target)
        if isinstance(target, Sequence):
            return Sequence(start, start, end, target.flow, None, None, target, target.items, target.dashes)
        return Mapping(
            start, start, end, target.flow, None, None, target, target.own, target.merge, target.sources,
            target.inherited,
        )  # fmt: skip

    # -- collections

    def mapping(self, node: Mapping, depth: int) -> None:
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.node(event, depth + 1, event.start_mark.index)
            if not isinstance(key, Scalar):
                raise self.refuse(key.start, "a key must be plain text")
            colon = self.colon_behind(key.end)
            value = self.node(next(self.events), depth + 1, key.end if colon is None else colon + 1)
            entry = Entry(self.question_mark_before(key.start), key, colon, value)
            if key.text == "<<" and key.style is None and key.tag is None:
                self.merge_key(node, entry)
            elif key.text in node.own:
                self.repeated(node, entry)
            else:
                node.own[key.text] = entry
            node.end = entry.end
        if node.flow and not node.pair:
            node.end = event.end_mark.index
        for source in node.sources:
            for name, entry in source.items.items():
                if name not in node.own:
                    node.inherited.setdefault(name, entry)

    def merge_key(self, node: Mapping, entry: Entry) -> None:
        sources = entry.value.items if isinstance(entry.value, Sequence) else [entry.value]
        for source in sources:
            if not isinstance(source, Mapping):
                raise self.refuse(entry.start, "<< takes sections, given as aliases like *base")
            node.sources.append(source)
        if node.merge is not None:
            raise self.refuse(entry.start, "<< appears twice; combine them: << : [*a, *b]")
        node.merge = entry

    def repeated(self, node: Mapping, entry: Entry) -> None:
        earlier = node.own[entry.key.text]
        if not self.repeats:
            first, _ = line_and_column(self.text, earlier.key.start)
            message = f"{entry.key.text!r} appears twice, first on line {first}; remove one of them"
            raise located(self.text, self.name, entry.key.start, message, RepeatedKeyError)
        self.tree.repeated.append((node, earlier))
        del node.own[entry.key.text]
        node.own[entry.key.text] = entry

    def sequence(self, node: Sequence, depth: int) -> None:
        indent = node.content - self.text.rfind("\n", 0, node.content) - 1
        behind = node.content
        while not isinstance(event := next(self.events), SequenceEndEvent):
            if node.flow:
                node.items.append(self.node(event, depth + 1, event.start_mark.index))
                continue
            dash = behind if not node.items else self.dash_behind(behind, indent)
            node.dashes.append(dash)
            item = self.node(event, depth + 1, dash + 1)
            node.items.append(item)
            node.end = behind = max(item.end, dash + 1)
        if node.flow:
            node.end = event.end_mark.index

    # -- marks that the events do not have

    def colon_behind(self, offset: int) -> int | None:
        gap = GAP.match(self.text, offset)
        assert gap is not None
        return gap.end() if self.text[gap.end() : gap.end() + 1] == ":" else None

    def question_mark_before(self, offset: int) -> int:
        mark = offset - 1
        while mark >= 0 and self.text[mark] in " \t\r\n":
            mark -= 1
        stands_alone = mark + 1 < offset and self.text[mark : mark + 1] == "?"
        return mark if stands_alone and (mark == 0 or self.text[mark - 1] in " \t\n,{[-?:\ufeff") else offset

    def dash_behind(self, offset: int, indent: int) -> int:
        """The next dash that starts a line behind `indent` blanks; only comments and empty lines stand before it."""
        found = re.compile(rf"^[ ]{{{indent}}}-(?=\s|$)", re.MULTILINE).search(self.text, offset)
        if found is None:
            raise self.refuse(
                offset, "the dash of this item was not found; write each item on a line of its own"
            )
        return found.end() - 1


def is_core_tag(tag: str) -> bool:
    """Whether a tag is one of YAML's own types of single values (`!!int`)."""
    return tag == "!" or tag.removeprefix(CORE_TAG) in {"str", "int", "float", "bool", "null"}


def is_collection_tag(tag: str) -> bool:
    """Whether a tag says only that this is a section or a list, as `!!set` does not."""
    return tag == "!" or tag.removeprefix(CORE_TAG) in {"map", "seq"}
