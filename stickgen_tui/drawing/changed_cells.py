"""What an update of the screen sends: only the cells that differ from those that the terminal shows.

Textual sends every line of a widget from its left edge on as soon as one cell of it changed. Over SSH, a figure or a
curve of which a few dots move then costs kilobytes a frame.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from itertools import repeat

from rich.cells import get_character_cell_size
from rich.console import Console, RenderableType
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

Update = RenderableType | CompositorUpdate | None
Cell = tuple[str, Style | None]  # the right half of a wide character is ""
_BURST_SECONDS = 5.0
# characters of a cell each, that are most of what is drawn: ASCII, Latin, boxes and blocks, braille
_A_CELL_EACH = re.compile("[\x00-\x7f\xa1-\xac\xae-\xff\u2500-\u259f\u2800-\u28ff]*")
# C0, DEL, C1, and what turns the direction of writing: all of no width
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_NEAR = 12  # columns between two changes that are cheaper to send than to jump over


class Written(CompositorUpdate):
    """What is sent, ready."""

    def __init__(self, text: str) -> None:
        self._text = text

    def render_segments(self, console: Console) -> str:
        """See CompositorUpdate."""
        return self._text


class ShownCells:
    """The cells that the terminal shows, as far as they were written by updates that went through here."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Cell]] = {}
        self._whole_at = -_BURST_SECONDS  # when a whole screen was sent, monotonic s
        self._whole_region = Region()

    def forget(self) -> None:
        """The terminal may show anything now: the next update is sent as it is."""
        self._rows.clear()
        self._whole_at = -_BURST_SECONDS

    def changes(self, update: Update, console: Console) -> Update:
        """An update that sends what `update` changes, None if that is nothing; it must be written then."""
        if isinstance(update, ChopsUpdate):
            text = "".join(self._changed(update, console))
            return Written(text) if text else None
        if isinstance(update, LayoutUpdate):
            lines = [inert(Strip.join(line)) for line in update.strips]
            return self._whole(lines, update.region, console)
        self._rows.clear()
        return update

    def _whole(self, lines: list[Strip], region: Region, console: Console) -> Update:
        """A whole screen. Textual asks for several in a burst; the first of them is sent as it is.

        So whatever else wrote to the terminal is painted over when a screen opens or the size changes.
        """
        burst = time.monotonic() - self._whole_at < _BURST_SECONDS and self._whole_region == region
        if burst:
            text = "".join(
                piece
                for y, line in enumerate(lines, region.y)
                for piece in self._of_strip(y, region.x, line, region.x, region.right, console)
            )
            return Written(text) if text else None
        self._whole_at, self._whole_region = time.monotonic(), region
        self._rows = {y: cells_of(line) for y, line in enumerate(lines, region.y)}
        return LayoutUpdate([[line] for line in lines], region)

    def _changed(self, update: ChopsUpdate, console: Console) -> Iterable[str]:
        for y, x1, x2 in update.spans:
            if not 0 <= y < len(update.chops):
                continue
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x < x2 and end > x1:
                    yield from self._of_strip(y, x, inert(strip), max(x1, x), min(x2, end), console)

    def _of_strip(
        self, y: int, x: int, strip: Strip, left: int, right: int, console: Console
    ) -> Iterable[str]:
        """Send what differs of the columns `left` to `right` of a line; `strip` begins at column `x` of it."""
        cells = cells_of(strip)
        row = self._rows.setdefault(y, [])
        right = min(right, x + len(cells))
        for start, stop in _runs(row[left:right], cells[left - x : right - x]):
            start, stop = start + left, stop + left
            while start > x and cells[start - x][0] == "":  # never from the middle of a wide character
                start -= 1
            while stop - x < len(cells) and cells[stop - x][0] == "":
                stop += 1
            yield Control.move_to(start, y).segment.text
            yield strip.crop(start - x, stop - x).render(console)
            if len(row) < stop:
                row.extend([("\0", None)] * (stop - len(row)))
            row[start:stop] = cells[start - x : stop - x]


def inert(strip: Strip) -> Strip:
    """`strip` without characters that a terminal obeys: the last door, behind `text.clean`, for what was pasted."""
    if not any(_OBEYED.search(segment.text) for segment in strip if not segment.control):
        return strip
    return Strip(
        [
            segment if segment.control else Segment(_OBEYED.sub("", segment.text), segment.style)
            for segment in strip
        ]
    )


def cells_of(strip: Strip) -> list[Cell]:
    """The cells of a line, from left to right."""
    out: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        if _A_CELL_EACH.fullmatch(text):
            out.extend(zip(text, repeat(style)))
            continue
        for character in text:
            width = get_character_cell_size(character)
            if width:
                out.append((character, style))
                if width == 2:
                    out.append(("", style))
            elif out:
                out[-1] = (out[-1][0] + character, out[-1][1])
    return out


def _runs(before: list[Cell], after: list[Cell]) -> list[tuple[int, int]]:
    """The stretches of `after` that differ from `before`, those near each other as one."""
    if before == after:
        return []
    runs: list[tuple[int, int]] = []
    differing = [column for column, (old, new) in enumerate(zip(before, after, strict=False)) if old != new]
    differing += range(len(before), len(after))
    for column in differing:
        if runs and column - runs[-1][1] < _NEAR:
            runs[-1] = (runs[-1][0], column + 1)
        else:
            runs.append((column, column + 1))
    return runs
