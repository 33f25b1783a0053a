"""Plays a motion in the terminal, in braille, where the cursor stands."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence

from stickgen.errors import StickgenError
from stickgen.motion.in_braille import BrailleView
from stickgen.motion.skeleton import FPS
from stickgen.text import clean

TIMES = 2  # that a motion is played
DRAWS_PER_SECOND = 12.5
_MOST_COLUMNS, _MOST_ROWS = 72, 22


def check_terminal() -> None:
    """Raise StickgenError unless standard output is a terminal with room for a figure."""
    if not sys.stdout.isatty():
        raise StickgenError("--show needs a terminal; write a file instead: -o motion.gif")
    size = shutil.get_terminal_size()
    if size.columns < 20 or size.lines < 10:
        raise StickgenError(
            f"--show needs 20 × 10 characters; this terminal has {size.columns} × {size.lines}"
        )


def play(motion: Sequence[Sequence[float]], caption: str) -> None:
    """Play `motion` a few times, drawing over itself; the last picture stays, above `caption`."""
    size = shutil.get_terminal_size()
    columns, rows = min(size.columns - 1, _MOST_COLUMNS), min(size.lines - 3, _MOST_ROWS)
    view, skip = BrailleView(motion, columns, rows), FPS / DRAWS_PER_SECOND
    write = sys.stdout.write
    drawn = False
    try:
        for count in range(TIMES * max(round(len(motion) / skip), 1)):
            if drawn:
                write(f"\x1b[{rows}A")
            write("".join(f"\r\x1b[2K{line}\n" for line in view.draw(int(count * skip) % len(motion))))
            sys.stdout.flush()
            drawn = True
            time.sleep(1 / DRAWS_PER_SECOND)
    finally:
        write(clean(caption, single_line=True, limit=size.columns - 1) + "\n")
