"""Which panel stands where: two rows, the panels in the order that a person chose, some of them hidden.

How many stand beside each other follows from the room: panels that would get too narrow are stacked. All of it is
arithmetic on names and sizes, without a widget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from textual.geometry import Region, Size

TOP_SHARE = 0.6  # of the rows of the screen, for the upper row of panels
LEAST_ROWS = 32  # fewer, and there is only the upper row


@dataclass(frozen=True)
class Need:
    """What a panel needs of a row: its least columns, and its share of those left over."""

    columns: int
    weight: int = 1


@dataclass(frozen=True)
class Arrangement:
    """The panels of the upper and of the lower row, from left to right, and those that are not shown."""

    upper: tuple[str, ...]
    lower: tuple[str, ...]
    hidden: frozenset[str] = frozenset()

    def toggled(self, name: str) -> Arrangement:
        """With `name` hidden, or shown again; the last panel that is shown stays."""
        hidden = self.hidden ^ {name}
        if not set(self.upper + self.lower) - hidden:
            return self
        return replace(self, hidden=hidden)

    def moved(self, name: str, by: int) -> Arrangement:
        """With `name` that many places further on; past the end of the upper row it goes on in the lower one."""
        places = [*self.upper, "/", *self.lower]
        at = places.index(name)
        to = min(max(at + by, 0), len(places) - 1)
        places.insert(to, places.pop(at))
        border = places.index("/")
        return replace(self, upper=tuple(places[:border]), lower=tuple(places[border + 1 :]))

    def to_json(self) -> dict[str, list[str]]:
        """As `from_json` reads it."""
        return {"upper": list(self.upper), "lower": list(self.lower), "hidden": sorted(self.hidden)}

    def from_json(self, value: Any) -> Arrangement:
        """What was kept, as far as it can be used here: unknown panels are dropped, new ones stand where they do here."""
        if not isinstance(value, dict):
            return self
        known = self.upper + self.lower
        kept: dict[str, list[str]] = {}
        seen: set[str] = set()
        for row in ("upper", "lower", "hidden"):
            names = value.get(row)
            names = names if isinstance(names, list) else []
            kept[row] = [name for name in names if name in known and (row == "hidden" or name not in seen)]
            if row != "hidden":
                kept[row] = list(dict.fromkeys(kept[row]))
                seen.update(kept[row])
        upper = (*kept["upper"], *(name for name in self.upper if name not in seen))
        lower = (*kept["lower"], *(name for name in self.lower if name not in seen))
        hidden = frozenset(kept["hidden"])
        return self if hidden >= set(known) else Arrangement(upper, lower, hidden)

    def regions(self, size: Size, needs: Mapping[str, Need], only: str | None = None) -> dict[str, Region]:
        """Where each panel stands that can be seen; `only` one fills the whole size."""
        if only is not None:
            return {only: Region(0, 0, *size)}
        upper = [name for name in self.upper if name not in self.hidden]
        lower = [name for name in self.lower if name not in self.hidden]
        narrow = size.width < sum(needs[name].columns for name in (upper or lower)[:2])
        if upper and (size.height + 4 < LEAST_ROWS or narrow or size.width < 110):
            lower = []
        if not upper or not lower:
            return _row(upper or lower, Region(0, 0, *size), needs)
        height = round(size.height * TOP_SHARE)
        return {
            **_row(upper, Region(0, 0, size.width, height), needs),
            **_row(lower, Region(0, height, size.width, size.height - height), needs),
        }


def _row(names: Sequence[str], room: Region, needs: Mapping[str, Need]) -> dict[str, Region]:
    """The panels beside each other, as many columns of them as the room has, and stacked within a column."""
    if not names:
        return {}
    cells = _cells(names, room.width, needs)
    least = [max(needs[name].columns for name in cell) for cell in cells]
    weights = [max(needs[name].weight for name in cell) for cell in cells]
    spare, out, x = max(room.width - sum(least), 0), {}, room.x
    for number, cell in enumerate(cells):
        share = spare * sum(weights[: number + 1]) // max(sum(weights), 1)
        right = room.x + min(sum(least[: number + 1]) + share, room.width)
        if number == len(cells) - 1:
            right = room.right
        y = room.y
        for place, name in enumerate(cell, 1):
            bottom = room.y + room.height * place // len(cell)
            out[name] = Region(x, y, right - x, bottom - y)
            y = bottom
        x = right
    return out


def _cells(names: Sequence[str], width: int, needs: Mapping[str, Need]) -> list[list[str]]:
    """The names cut into as many columns as fit, the later columns holding more of them."""
    for count in range(len(names), 1, -1):
        cells = [list(names[len(names) * k // count : len(names) * (k + 1) // count]) for k in range(count)]
        if sum(max(needs[name].columns for name in cell) for cell in cells) <= width:
            return cells
    return [list(names)]
