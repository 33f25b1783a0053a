"""An asciinema recording of the figure in braille characters, for READMEs and terminals (asciicast, version 2)."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from rich.cells import set_cell_size

from stickgen.motion.in_braille import BrailleView
from stickgen.motion.skeleton import FPS
from stickgen.text import clean

Motion = Sequence[Sequence[float]]
SIZE = 60, 18  # columns and rows of the terminal, one of them for the text
_CLEAR, _TO_END, _HIDE, _SHOW = "\x1b[2J\x1b[H", "\x1b[K", "\x1b[?25l", "\x1b[?25h"


def cast(text: str, motion: Motion, size: tuple[int, int] = SIZE) -> str:
    """The recording of a motion [t][20] with its text on the first line. Only rows that change are written again."""
    columns, rows = size
    title = clean(text, single_line=True, limit=500)
    header = {
        "version": 2, "width": columns, "height": rows, "title": title, "duration": len(motion) / FPS,
        "env": {"TERM": "xterm-256color"},
    }  # fmt: skip
    shown = [set_cell_size(title, columns).rstrip(), *[""] * (rows - 1)]
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
