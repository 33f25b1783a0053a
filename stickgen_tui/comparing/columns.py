"""The columns of the table of runs: what each shows of a run, how wide it is, and which of them fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len, set_cell_size

from stickgen.catalogue.entry import Entry
from stickgen.catalogue.fields import is_figure
from stickgen.config.schema import KEY_BY_PATH
from stickgen.quantities import DASH, age_text, byte_text, number_text, resting_age_text
from stickgen.run_contract import Unit, unit_of
from stickgen_tui.drawing.states import look_of
from stickgen_tui.text import clean

DEFAULT = ("val.loss", "loss", "age", "tag")  # beside the state, the name and the step
NAME_LEAST, NAME_MOST, GAP = 22, 44, 2
_FIXED = {"status": 11, "step": 13, "age": 10, "tag": 16, "note": 24, "created": 16}
_WORDY, _MORE_WORDS = {"tag", "note"}, 40  # what takes the columns that the name leaves
_TITLES = {"status": "state", "name": "run", "tag": "tags"}


@dataclass(frozen=True)
class Column:
    """A field of a run, as wide as it is shown."""

    field: str
    title: str
    width: int
    right: bool

    def cell(self, text: str) -> str:
        """`text` in exactly this width."""
        if cell_len(text) > self.width:
            return set_cell_size(text, self.width - 1) + "…"
        pad = " " * (self.width - cell_len(text))
        return pad + text if self.right else text + pad


def columns_for(width: int, chosen: Sequence[str]) -> list[Column]:
    """State, name, step and as many of the chosen fields as `width` has room for; the name takes what is left, then words."""
    fixed = [_column("status"), _column("step")]
    room = width - sum(column.width + GAP for column in fixed) - NAME_LEAST
    fitting = []
    for field in chosen:
        column = _column(field)
        if column.width + GAP > room:
            break
        room -= column.width + GAP
        fitting.append(column)
    name = Column("name", _TITLES["name"], min(NAME_LEAST + max(room, 0), NAME_MOST), False)
    wordy = sum(column.field in _WORDY for column in fitting)
    more = min(max(NAME_LEAST + room - NAME_MOST, 0) // max(wordy, 1), _MORE_WORDS)
    wide = [replace(each, width=each.width + more) if each.field in _WORDY else each for each in fitting]
    return [fixed[0], name, fixed[1], *wide]


def _column(field: str) -> Column:
    title = _TITLES.get(field, KEY_BY_PATH[field].name if field in KEY_BY_PATH else field)
    width = _FIXED.get(field, max(9, min(len(title) + 2, 22)))
    return Column(field, title, width, field == "step" or field in KEY_BY_PATH or is_figure(field))


def text_of(entry: Entry, field: str, *, best: bool = False, smoothed: bool = False) -> str:
    """What stands in a cell."""
    if field == "status":
        look = look_of(entry.state.status)
        return f"{look.glyph} {look.word}"
    if field == "name":
        return short_name(entry)
    if field == "step":
        total = entry.total_steps
        return (DASH if entry.step is None else f"{entry.step:,}") + (f"/{total:,}" if total else "")
    value = entry.value(field, best=best, smoothed=smoothed)
    if field == "age":
        seconds = value if isinstance(value, float) else None
        return age_text(seconds) if entry.state.alive else resting_age_text(seconds)
    return value_text(field, value)


def short_name(entry: Entry) -> str:
    """A run's name without the time that it begins with."""
    return re.sub(r"^\d{8}-\d{6}-", "", clean(entry.run.name, single_line=True))


def value_text(field: str, value: object) -> str:
    """A value of a key, a fact or a figure, on a line."""
    if value is None or value == () or value == "":
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return clean(" ".join(map(str, value)), single_line=True)
    if isinstance(value, int | float) and unit_of(field) is Unit.BYTES:
        return byte_text(value)
    if isinstance(value, float):
        return f"{value:.9g}" if field in KEY_BY_PATH else number_text(value)
    return f"{value:,}" if isinstance(value, int) else clean(value, single_line=True, limit=200)
