"""The phrasebook: the ways to say what a figure does, and what must be so for each to be true."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BOOK = Path(__file__).with_name("phrasebook.txt")
# what a person may ask for: a clause that says one of these is chosen more often than one that does not
TELLING = {
    "side", "forward", "backward", "place", "up", "high", "low", "deep", "shallow", "slight", "both", "one", "over",
    "under", "half", "whole", "chair", "ground",
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What is true of a performance, and so may be said of it.

    `tags` are the words that lines of the phrasebook ask for; `side` is `left`, `right` or empty; `count` is
    how often it is done, 0 where nothing is counted.
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
    """Facts of a performance; `side` is `l` or `r`, empty tags count for nothing."""
    return Facts(frozenset(tag for tag in tags if tag), {"l": "left", "r": "right"}.get(side, side), count)


@dataclass(frozen=True)
class Line:
    """A clause without its subject, in the notation of phrasebook.txt."""

    text: str
    needs: frozenset[str]
    bars: frozenset[str]
    counts: bool  # says a count itself, or bears none behind it

    @property
    def weight(self) -> int:
        """How often it is chosen beside others."""
        return 1 + 2 * len(self.needs & TELLING)

    @classmethod
    def parse(cls, line: str) -> Line:
        """Read one line of the book."""
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
    """The lines that may be said of `action` where `holds` is so, each with the share up to and with it."""
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
