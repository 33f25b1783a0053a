"""An asciinema recording of the figure in braille characters, for READMEs and terminals (asciicast, version 2)."""

from __future__ import annotations

import orjson
from rich.cells import set_cell_size

from stickgen.motion.in_braille import BrailleView
from stickgen.motion.skeleton import FPS
from stickgen.motion_export.format import Export, Motion
from stickgen.motion_export.look import Look
from stickgen.outputs import Kind, begins
from stickgen.text import clean

SIZE = 60, 18  # columns and rows of the terminal, one of them for the text
_CELL = 8, 16  # pixels of a character, for a style that says how large
_CLEAR, _TO_END, _HIDE, _SHOW = "\x1b[2J\x1b[H", "\x1b[K", "\x1b[?25l", "\x1b[?25h"


def cast(text: str, motion: Motion, size: tuple[int, int] = SIZE, *, caption: bool = True) -> str:
    """The recording of a motion [t][20] with its text as title and, as a caption, on the first line.

    Only rows that change are written again.
    """
    columns, rows = size
    title = clean(text, single_line=True, limit=500)
    header = {
        "version": 2, "width": columns, "height": rows, "title": title, "duration": len(motion) / FPS,
        "env": {"TERM": "xterm-256color"},
    }  # fmt: skip
    shown = [set_cell_size(title if caption else "", columns).rstrip(), *[""] * (rows - 1)]
    events: list[tuple[float, str, str]] = [(0.0, "o", _HIDE + _CLEAR + shown[0])]
    view = BrailleView(motion, columns, rows - 1)
    for number in range(len(motion)):
        picture = [line.rstrip() for line in view.draw(number)]
        changed = [row for row in range(1, rows) if picture[row - 1] != shown[row]]
        if changed:
            written = "".join(f"\x1b[{row + 1};1H{picture[row - 1]}{_TO_END}" for row in changed)
            events.append((round(number / FPS, 6), "o", written))
        shown[1:] = picture
    # the cursor comes back after the last frame was seen for as long as all others
    events.append((round(len(motion) / FPS, 6), "o", f"\x1b[{rows};{columns}H{_SHOW}"))
    lines = [orjson.dumps(header), *(orjson.dumps(event) for event in events)]
    return b"\n".join(lines).decode() + "\n"


def _size(look: Look) -> tuple[int, int]:
    """Columns and rows, at least as many as a figure needs."""
    return max(look.width // _CELL[0], 4), max(look.height // _CELL[1], 4)


EXPORT = Export(
    name="asciinema",
    suffixes=(".cast",),
    kind=Kind("an asciinema recording", begins(b'{"version":2'), suffixes=(".cast",)),
    about="the figure in braille characters, as a recording for each clip (asciicast v2)",
    opened_by="asciinema, its web player, agg",
    limits="no colours, no ghosts; 60 × 18 characters, or one for each 8 × 16 pixels of a style",
    each=lambda clip, look: cast(clip.text, clip.motion, _size(look), caption=look.caption).encode(),
    look=Look(width=SIZE[0] * _CELL[0], height=SIZE[1] * _CELL[1]),
)
