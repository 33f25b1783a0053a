"""The comments of a YAML text: bytes that a person wrote, which no edit of something else may take away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stickgen.yaml_edit.nodes import Entry, Mapping, Node, Scalar, Tree
from stickgen.yaml_edit.nodes import Sequence as ListNode

_COMMENT = re.compile("(?<![^\\s\ufeff])#[^\\r\\n]*")

Span = tuple[int, int]


@dataclass(frozen=True)
class Comment:
    """A comment and where it begins."""

    start: int
    text: str


def comments(text: str, tree: Tree) -> list[Comment]:
    """Every comment of a text, in order; a `#` inside of a value is none."""
    values = sorted(_value_spans(text, tree))
    found: list[Comment] = []
    at = index = 0
    while (match := _COMMENT.search(text, at)) is not None:
        while index < len(values) and values[index][1] <= match.start():
            index += 1
        if index < len(values) and values[index][0] <= match.start():
            at = values[index][1]
            continue
        found.append(Comment(match.start(), match.group().rstrip()))
        at = match.end()
    return found


def lost(before: Sequence[Comment], after: Iterable[Comment], may_go: Sequence[Span] = ()) -> Comment | None:
    """A comment that an edit took away, or None if all are there in their order.

    Those that begin in one of the spans `may_go` may be there or not.
    """
    left = [comment.text for comment in after]
    reached = {0}  # how many of `left` are accounted for, in every way that is possible
    for comment in before:
        following = {n + 1 for n in reached if n < len(left) and left[n] == comment.text}
        if any(start <= comment.start < end for start, end in may_go):
            following |= reached
        reached = following
    if len(left) in reached:
        return None
    counts = Counter(left)
    for comment in before:
        counts[comment.text] -= 1
        if counts[comment.text] < 0 and not any(s <= comment.start < e for s, e in may_go):
            return comment
    return before[0] if before else Comment(0, left[0])


def _value_spans(text: str, tree: Tree) -> Iterator[Span]:
    pending: list[Node] = [tree.root] if tree.root is not None else []
    entries: list[Entry] = [entry for _, entry in tree.repeated]
    while pending or entries:
        if entries:
            entry = entries.pop()
            pending += [entry.key, entry.value]
        node = pending.pop()
        if isinstance(node, Scalar):
            start = node.content
            if node.style in {"|", ">"}:  # a comment may stand behind its header
                start = text.find("\n", start, node.end)
            if 0 <= start < node.end:
                yield start, node.end
        elif node.alias_of is None:
            if isinstance(node, ListNode):
                pending += node.items
            elif isinstance(node, Mapping):
                entries += node.own.values()
                entries += [node.merge] if node.merge is not None else []
