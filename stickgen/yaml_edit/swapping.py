"""A plain value in the place of another: the tree stays as it is but for where things stand, so nothing is parsed again.

That holds where both are words or numbers of one line, which mean the same wherever they stand, with nothing behind
them in that line but a comment. It is most of what a person does to a config, and a second parse takes a hundred
times as long.
"""

from __future__ import annotations

import re
from dataclasses import replace

from stickgen.yaml_edit.nodes import Entry, Node, Scalar, Sequence, Tree
from stickgen.yaml_edit.parsing import MAX_BYTES
from stickgen.yaml_edit.scalars import BARE, Plain, resolve, same_value

_REST = re.compile(r"(?:[ \t]+(?P<comment>#[^\r\n]*)|[ \t]*)(?=\r?\n|\Z)")  # of a line, behind a value
_SWAPPED = re.compile(rf"(?P<value>{BARE.pattern})(?:[ \t]+(?P<comment>#[^\r\n]*)|[ \t]*)", re.ASCII)


def swapped(tree: Tree, text: str, node: Scalar, value: Plain, changed: str) -> Tree | None:
    """The tree of `changed`, which is `text` with `value` in the place of `node`; None where it must be parsed."""
    if tree.aliases or tree.repeated or node.decorated or node.style is not None or not node.text:
        return None
    rest = _REST.match(text, node.end)
    if (
        rest is None
        or text[node.content : node.end] != node.text
        or not text[node.content - 1 : node.content].isspace()
        or len(changed.encode("utf-8", "surrogatepass")) > MAX_BYTES
    ):
        return None
    tail = text[rest.end() :]
    line = _SWAPPED.fullmatch(changed[: len(changed) - len(tail)], node.content)
    if line is None or line["comment"] != rest["comment"] or not same_value(resolve(line["value"]), value):
        return None
    if changed[: node.content] != text[: node.content] or not changed.endswith(tail):
        return None
    shift = _Shift(node, line["value"], len(changed) - len(text))
    return Tree(None if tree.root is None else shift.node(tree.root), shift.to(tree.end))


class _Shift:
    """Copies a tree without aliases, in which one value is another now: what is behind it stands elsewhere."""

    def __init__(self, swapped: Scalar, written: str, growth: int) -> None:
        """`growth` is that of the whole text: a comment behind the value may have moved by less."""
        self.swapped, self.written, self.growth = swapped, written, growth
        self.own = swapped.content + len(written) - swapped.end

    def to(self, offset: int) -> int:
        """Where an offset is now. What ends with the value still does."""
        end = self.swapped.end
        return offset + (self.growth if offset > end else self.own if offset == end else 0)

    def node(self, node: Node) -> Node:
        """The same node where it stands now."""
        start, content, end = self.to(node.start), self.to(node.content), self.to(node.end)
        if isinstance(node, Scalar):
            text = self.written if node is self.swapped else node.text
            return replace(node, start=start, content=content, end=end, text=text)
        if isinstance(node, Sequence):
            items, dashes = [self.node(item) for item in node.items], [self.to(dash) for dash in node.dashes]
            return replace(node, start=start, content=content, end=end, items=items, dashes=dashes)
        own = {name: self.entry(entry) for name, entry in node.own.items()}
        return replace(node, start=start, content=content, end=end, own=own)

    def entry(self, entry: Entry) -> Entry:
        """The same key with its value."""
        key, value = self.node(entry.key), self.node(entry.value)
        assert isinstance(key, Scalar)
        return Entry(self.to(entry.start), key, None if entry.colon is None else self.to(entry.colon), value)
