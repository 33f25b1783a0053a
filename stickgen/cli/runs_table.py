"""Runs in a table: columns that fit the terminal's text, a value as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len

from stickgen.quantities import DASH, age_text, byte_text, duration_text, number_text
from stickgen.run_contract import Unit, unit_of
from stickgen.text import clean

_WIDEST = 60


def shown(name: str, value: object) -> str:
    """A value of the field `name`, on a line."""
    if value is None or value == () or value == "":
        return DASH
    if isinstance(value, tuple):
        return clean(" ".join(map(str, value)), single_line=True)
    if name == "created" and isinstance(value, float):
        return datetime.fromtimestamp(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if name == "age":
            return age_text(value)
        if name == "progress":
            return f"{value:.0%}"
        match unit_of(name.removeprefix("val.").partition(".")[0]):
            case Unit.BYTES:
                return byte_text(value)
            case Unit.SECONDS:
                return duration_text(value)
        return number_text(value)
    return clean(value, single_line=True, limit=_WIDEST)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> list[str]:
    """Lines of columns two spaces apart, numbers to the right; the last column is not padded."""
    widths = [max(map(cell_len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for row in (header, *rows):
        cells = []
        for text, width, right in zip(row, widths, numeric, strict=True):
            pad = " " * (width - cell_len(text))
            cells.append(pad + text if right else text + pad)
        lines.append("  ".join(cells).rstrip())
    return lines
