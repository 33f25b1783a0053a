"""What runs are called, in what they differ and what they reached, as one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from stickgen.catalogue.differing import differing, letter, measured
from stickgen.catalogue.entry import Entry
from stickgen.quantities import DASH, number_text
from stickgen_tui.comparing.columns import short_name, value_text
from stickgen_tui.drawing.states import look_of
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED

COLOURS = (
    "$primary", "$text-warning", "$text-success", "$text-error", "$secondary", "$foreground 80%", "$text-accent",
)  # fmt: skip
_WIDEST_NAME, _WIDEST_VALUE, _GAP = 28, 16, 2


@dataclass(frozen=True)
class _Rows:
    """A table in the making: its heading, and the values of each row, one a run."""

    head: str
    rows: list[tuple[str, list[str]]]

    def widths(self, count: int) -> list[int]:
        """Of the column of each run."""
        return [
            min(max(cell_len(letter(at)), *(cell_len(values[at]) for _, values in self.rows)), _WIDEST_VALUE)
            for at in range(count)
        ]


def compared_content(entries: Sequence[Entry], chosen: int, curve: str, width: int) -> Content:
    """The runs with their letters, then a row a key that differs, then a row a figure; `chosen` stands out.

    Of more runs than `width` columns hold, those around the chosen one are shown.
    """
    lines = [_run_line(entry, at, at == chosen, width) for at, entry in enumerate(entries)]
    tables = [
        _Rows(
            "key", [(row.name, [value_text(row.name, v) for v in row.values]) for row in differing(entries)]
        )
    ]
    figures = sorted(measured(entries), key=lambda row: row.name != curve)
    for word in ("last", "best"):
        rows = [
            (row.name, [DASH if one is None else number_text(getattr(one, word)) for one in row.values])
            for row in figures
        ]
        tables.append(_Rows(word, rows))
    tables = [table for table in tables if table.rows]
    if not tables or tables[0].head != "key":
        lines += [Content(""), Content.styled("every key has the same value", MUTED)]
    if tables:
        names = min(
            max(cell_len(name) for table in tables for name, _ in table.rows), _WIDEST_NAME, width // 2
        )
        widths = [
            max(column) for column in zip(*(table.widths(len(entries)) for table in tables), strict=True)
        ]
        seen = _window(widths, chosen, width - names)
        for table in tables:
            lines += [Content(""), *_lines(table, names, widths, seen, chosen)]
        if len(seen) < len(entries):
            lines.append(Content.styled(f"{len(entries) - len(seen)} more beside: ↑ ↓", MUTED))
    return Content("\n").join(lines)


def _window(widths: list[int], chosen: int, room: int) -> range:
    """The columns that fit, the chosen one among them."""
    start = 0
    while start < chosen and sum(widths[start : chosen + 1]) + _GAP * (chosen + 1 - start) > room:
        start += 1
    end = chosen + 1
    while end < len(widths) and sum(widths[start : end + 1]) + _GAP * (end + 1 - start) <= room:
        end += 1
    return range(start, end)


def _run_line(entry: Entry, at: int, chosen: bool, width: int) -> Content:
    look = look_of(entry.state.status)
    mark = "▸" if chosen else " "
    line = (
        Content.styled(f"{mark}{letter(at)} ", f"bold {COLOURS[at % len(COLOURS)]}")
        + Content.styled(f"{look.glyph} {look.word:<9} ", look.style)
        + one_line(short_name(entry), "bold" if chosen else "", limit=max(width - 16, 12))
    )
    said = " ".join([*(f"#{tag}" for tag in entry.labels.tags), entry.labels.note]).strip()
    return line + "\n" + one_line(f"   {said}", MUTED, limit=max(width, 20)) if said else line


def _lines(table: _Rows, names: int, widths: list[int], seen: range, chosen: int) -> list[Content]:
    title = Content.styled(_cell(table.head, names), MUTED)
    for at in seen:
        colour = COLOURS[at % len(COLOURS)]
        title += Content(" " * _GAP) + Content.styled(
            _cell(letter(at), widths[at], right=True), f"bold {colour}"
        )
    lines = [title]
    for name, values in table.rows:
        line = Content(_cell(clean(name, single_line=True), names))
        for at in seen:
            value = _cell(values[at], widths[at], right=True)
            line += Content(" " * _GAP) + Content.styled(value, "bold" if at == chosen else "")
        lines.append(line)
    return lines


def _cell(text: str, width: int, *, right: bool = False) -> str:
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    pad = " " * (width - cell_len(text))
    return pad + text if right else text + pad
