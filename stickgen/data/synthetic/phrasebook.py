"""The phrasebook: the ways to describe what a figure does, and the conditions under which each is true."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BOOK = Path(__file__).with_name("phrasebook.txt")
# what a user may ask for: clauses that say one of these are chosen more often than others
TELLING = {
    "side", "forward", "backward", "place", "up", "high", "low", "deep", "shallow", "slight", "both", "one", "over",
    "under", "half", "whole", "chair", "ground",
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What is true of a performance, so that captions may say it.

    `tags` are the conditions of lines in the phrasebook. `side` is `left`, `right` or empty. `count` is how often the
    action is done, or 0 if it is not counted.
    """

    tags: frozenset[str] = frozenset()
    side: str = ""
    count: int = 0

    def holding(self, more: frozenset[str]) -> frozenset[str]:
        """All tags: its own, those that follow from side and count, and `more`."""
        found = self.tags | more
        if self.side:
            found |= {"side"}
        if self.count > 1:
            found |= {"plural"}
        return found | {"many"} if self.count > 4 else found


def facts(*tags: str, side: str = "", count: int = 0) -> Facts:
    """The facts of a performance. `side` is `l` or `r`; empty tags are ignored."""
    return Facts(frozenset(tag for tag in tags if tag), {"l": "left", "r": "right"}.get(side, side), count)


@dataclass(frozen=True)
class Line:
    """A clause without its subject, in the notation of phrasebook.txt."""

    text: str
    needs: frozenset[str]
    bars: frozenset[str]
    counts: bool  # it states a count itself, or none may follow it

    @property
    def weight(self) -> int:
        """How often it is chosen, relative to others."""
        return 1 + 2 * len(self.needs & TELLING)

    @classmethod
    def parse(cls, line: str) -> Line:
        """Parse one line of the phrasebook."""
        head, separator, text = line.partition(": ")
        if not separator or not re.fullmatch(r"-?[a-z]+(,-?[a-z]+)*", head):
            head, text = "", line
        tags = [tag for tag in head.split(",") if tag]
        counts = text.endswith("$") or "{n:" in text
        return cls(
            text.removesuffix("$"),
            frozenset(tag for tag in tags if tag[0] != "-"),
            frozenset(tag[1:] for tag in tags if tag[0] == "-"),
            counts,
        )


@cache
def phrasebook() -> dict[str, tuple[Line, ...]]:
    """The lines of each action."""
    book: dict[str, list[Line]] = {}
    action = ""
    for line in BOOK.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            action = line[2:]
            book[action] = []
        elif line and not line.startswith(";"):
            book[action].append(Line.parse(line))
    return {action: tuple(lines) for action, lines in book.items()}


@cache
def lines_for(
    action: str, holds: frozenset[str], counted: bool
) -> tuple[tuple[Line, ...], tuple[float, ...]]:
    """The lines that are true of `action` if `holds` are its tags, each with its cumulative share."""
    lines = tuple(
        line
        for line in phrasebook()[action]
        if line.needs <= holds and not line.bars & holds and (counted or "{n:" not in line.text)
    )
    whole = sum(line.weight for line in lines)
    shares, sum_ = [], 0.0
    for line in lines:
        sum_ += line.weight / whole
        shares.append(sum_)
    return lines, tuple(shares)
