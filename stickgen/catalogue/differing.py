"""Where runs differ: the keys that do not mean the same in all of them, and what each of them measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stickgen.catalogue.entry import Entry
from stickgen.catalogue.figures import VAL, Figure
from stickgen.config.comparing import means_the_same
from stickgen.config.schema import KEYS
from stickgen.run_contract import Field, RecordKind

_FACTS = ("dataset", "parameters", "used_device", "used_precision")  # that no key says, or not all of it


@dataclass(frozen=True)
class Row:
    """A key or a fact, and its value in each run; None where a run has none."""

    name: str
    values: tuple[object, ...]


@dataclass(frozen=True)
class FigureRow:
    """A figure, and what it is in each run; None where a run never measured it."""

    name: str
    values: tuple[Figure | None, ...]


def differing(entries: Sequence[Entry]) -> list[Row]:
    """The keys in the order of the schema, then the facts, of which not all runs have the same value."""
    names = [*(key.path for key in KEYS), *_FACTS]
    rows = [Row(name, tuple(entry.value(name) for entry in entries)) for name in names]
    return [row for row in rows if not all(means_the_same(row.values[0], other) for other in row.values[1:])]


def measured(entries: Sequence[Entry]) -> list[FigureRow]:
    """The losses and shares that any of the runs measured; not how fast it was, nor its memory."""
    names = dict.fromkeys(name for entry in entries for name in entry.figures if _tells_how_good(name))
    return [FigureRow(name, tuple(entry.figures.get(name) for entry in entries)) for name in names]


def _tells_how_good(name: str) -> bool:
    return name == Field.LOSS or name.startswith((VAL, RecordKind.QUALITY))


def letter(at: int) -> str:
    """A, B, … Z, A2, B2, …: what one of several runs is called beside its values and its curve."""
    return chr(ord("A") + at % 26) + (str(at // 26 + 1) if at >= 26 else "")
