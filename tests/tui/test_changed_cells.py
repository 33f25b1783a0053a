"""What is sent of an update leaves the terminal as the whole update would, and is no more than what changed."""

from __future__ import annotations

import io
import random

import pyte
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from stickgen_tui.drawing.changed_cells import ShownCells

COLUMNS, ROWS = 40, 6
STYLES = [Style(color="red"), Style(color="green", bold=True), Style(bgcolor="blue")]
LETTERS = "ab⠁⣿ │漢字é"
CONSOLE = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor")


def line(noise: random.Random, width: int = COLUMNS) -> Strip:
    """A line of pieces in several styles, exactly `width` wide."""
    segments, room = [], width
    while room:
        piece = "".join(noise.choice(LETTERS) for _ in range(noise.randint(1, 6)))
        segment = Segment(piece, noise.choice(STYLES))
        if segment.cell_length > room:
            segment = Segment("x" * room, segment.style)
        segments.append(segment)
        room -= segment.cell_length
    return Strip(segments, width)


def shown(screen: pyte.Screen) -> list[list[tuple[str, str, bool, str]]]:
    return [
        [(cell.data, cell.fg, cell.bold, cell.bg) for cell in (screen.buffer[y][x] for x in range(COLUMNS))]
        for y in range(ROWS)
    ]


def feed(screen: pyte.Screen, update: object) -> int:
    if update is None:
        return 0
    assert isinstance(update, CompositorUpdate)
    text = update.render_segments(CONSOLE)
    pyte.Stream(screen).feed(text)
    return len(text.encode())


def test_the_terminal_shows_the_same_as_after_the_whole_updates() -> None:
    noise = random.Random(3)
    lean, whole, cells = pyte.Screen(COLUMNS, ROWS), pyte.Screen(COLUMNS, ROWS), ShownCells()
    rows = [line(noise) for _ in range(ROWS)]
    first = LayoutUpdate([[row] for row in rows], Region(0, 0, COLUMNS, ROWS))
    feed(whole, first)
    feed(lean, cells.changes(first, CONSOLE))
    for _ in range(200):
        y = noise.randrange(ROWS)
        at = noise.randrange(0, COLUMNS - 3)
        before, after = rows[y].crop(0, at), rows[y].crop(at + 3, COLUMNS)
        rows[y] = Strip.join([before, line(noise, 3), after]).adjust_cell_length(COLUMNS)
        update = ChopsUpdate([{0: row} for row in rows], [(y, 0, COLUMNS)], [[COLUMNS]] * ROWS)
        feed(whole, update)
        feed(lean, cells.changes(update, CONSOLE))
        assert shown(lean) == shown(whole)


def test_nothing_is_sent_of_what_is_there_and_little_of_what_changed_a_little() -> None:
    cells = ShownCells()
    rows = [Strip([Segment("⠁" * COLUMNS, STYLES[0])], COLUMNS) for _ in range(ROWS)]
    spans, ends = [(y, 0, COLUMNS) for y in range(ROWS)], [[COLUMNS]] * ROWS
    assert cells.changes(ChopsUpdate([{0: row} for row in rows], spans, ends), CONSOLE) is not None
    assert cells.changes(ChopsUpdate([{0: row} for row in rows], spans, ends), CONSOLE) is None
    rows[2] = Strip([Segment("⠁" * 20 + "⣿" + "⠁" * 19, STYLES[0])], COLUMNS)
    sent = feed(
        pyte.Screen(COLUMNS, ROWS),
        cells.changes(ChopsUpdate([{0: row} for row in rows], spans, ends), CONSOLE),
    )
    assert 0 < sent < 40


def test_after_something_else_was_written_everything_is_sent_again() -> None:
    cells = ShownCells()
    update = ChopsUpdate([{0: Strip([Segment("a" * COLUMNS)], COLUMNS)}], [(0, 0, COLUMNS)], [[COLUMNS]])
    assert cells.changes(update, CONSOLE) is not None
    cells.changes("a renderable", CONSOLE)
    assert cells.changes(update, CONSOLE) is not None


def test_nothing_that_a_terminal_obeys_is_sent() -> None:
    """Whatever a widget draws, as an Input does with what was pasted into it."""
    cells, region = ShownCells(), Region(0, 0, COLUMNS, 1)
    for text in ("a\x1b]0;x\x07b\x9b2J\u202ec", "d\x1b[2Je\u2066f\x00"):
        row = Strip([Segment(text, STYLES[0])]).adjust_cell_length(COLUMNS)
        update = cells.changes(LayoutUpdate([[row]], region), CONSOLE)
        assert isinstance(update, CompositorUpdate)
        sent = update.render_segments(CONSOLE)
        assert not {"\x07", "\x9b", "\u202e", "\u2066", "\x00"} & set(sent)
        assert "\x1b]" not in sent and "\x1b[2J" not in sent
        assert "".join(c for c in text if c.isprintable()) in sent


def test_what_is_forgotten_is_sent_again() -> None:
    cells = ShownCells()
    update = LayoutUpdate([[line(random.Random(1))]], Region(0, 0, COLUMNS, 1))
    assert cells.changes(update, CONSOLE) is not None and cells.changes(update, CONSOLE) is None
    cells.forget()
    assert cells.changes(update, CONSOLE) is not None
