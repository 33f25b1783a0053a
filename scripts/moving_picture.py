"""Make the README's moving picture: the real program in a terminal of its own, typed at as a person would.

    python scripts/moving_picture.py -o docs/screenshots/journey.webp

It starts `stickgen-tui` in an empty folder with an empty home and goes from there to a figure that obeys a sentence.
What takes minutes (making data, training) is shown in a few seconds: a stretch of waiting is thinned out to the frames
that a person has time to see. Nothing else is cut, and nothing is drawn that the program did not print.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyte
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from terminal import Terminal

COLUMNS, ROWS = 100, 30
CELL_WIDTH, CELL_HEIGHT, FONT_SIZE = 9, 18, 15
FRAME_SECONDS = 0.12
PACE = 0.8  # of the time it took: the picture runs a quarter faster than it was filmed
MOST_KEPT = 200  # pictures of a wait
BACKGROUND, FOREGROUND = (18, 18, 18), (224, 224, 224)
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
_NAMED = {
    "black": (40, 40, 40), "red": (222, 90, 90), "green": (120, 200, 120), "brown": (220, 190, 110),
    "blue": (90, 150, 230), "magenta": (200, 130, 210), "cyan": (100, 200, 210), "white": (224, 224, 224),
}  # fmt: skip


@dataclass(frozen=True)
class Act:
    """Wait until `seen` is on screen, type `keys`; the wait takes `waiting` seconds of the picture, what follows `after`."""

    seen: str
    keys: str = ""
    after: float = 0.6
    waiting: float = 0.5
    within: float = 60.0  # seconds of patience


JOURNEY = (
    Act("16GB", after=0.7),
    Act("there is no such dataset", "\r", after=0.5),
    Act("Make a practice dataset", "1", after=0.5),
    Act("is ready. Train on it with", "1", waiting=2.0, after=0.5, within=900.0),
    Act("epoch 9", waiting=4.0, after=0.2, within=3600.0),
    Act("epoch", "w", after=0.2),
    Act("Enter draws it", "a person waves with the right hand", after=0.2),
    Act("right hand", "\r", after=0.2),
    Act("yours", waiting=0.8, after=3.2, within=300.0),
)


class Camera:
    """Pictures of a terminal's screen."""

    def __init__(self) -> None:
        self._font = ImageFont.truetype(FONT, FONT_SIZE)
        self._bold = ImageFont.truetype(FONT.replace("Mono.ttf", "Mono-Bold.ttf"), FONT_SIZE)
        self.frames: list[Image.Image] = []
        self.durations: list[int] = []  # ms

    def shoot(self, screen: pyte.Screen, seconds: float) -> None:
        """Add what is on screen for `seconds`; the same picture again only lasts longer."""
        picture = self.draw(screen)
        if self.frames and picture.tobytes() == self.frames[-1].tobytes():
            self.durations[-1] += round(1000 * seconds)
            return
        self.frames.append(picture)
        self.durations.append(round(1000 * seconds))

    def save(self, path: Path) -> None:
        """Write all of it as an animated WebP or GIF, by the name's end."""
        first, *rest = self.frames
        how = (
            {"quality": 60, "method": 6, "minimize_size": True}
            if path.suffix == ".webp"
            else {"optimize": True}
        )
        first.save(
            path,
            save_all=True,
            append_images=rest,
            duration=[round(PACE * milliseconds) for milliseconds in self.durations],
            loop=0,
            **how,
        )

    def draw(self, screen: pyte.Screen) -> Image.Image:
        """What is on screen, as a picture."""
        picture = Image.new("RGB", (COLUMNS * CELL_WIDTH, ROWS * CELL_HEIGHT), BACKGROUND)
        draw = ImageDraw.Draw(picture)
        for row in range(ROWS):
            line = screen.buffer[row]
            for column in range(COLUMNS):
                self._cell(draw, line[column], column * CELL_WIDTH, row * CELL_HEIGHT)
        return picture

    def _cell(self, draw: ImageDraw.ImageDraw, cell: pyte.screens.Char, x: int, y: int) -> None:
        ink, paper = colour(cell.fg, FOREGROUND), colour(cell.bg, BACKGROUND)
        if cell.reverse:
            ink, paper = paper, ink
        if paper != BACKGROUND:
            draw.rectangle((x, y, x + CELL_WIDTH - 1, y + CELL_HEIGHT - 1), fill=paper)
        code = ord(cell.data[0]) if cell.data else 32
        if 0x2800 < code <= 0x28FF:
            self._dots(draw, code - 0x2800, x, y, ink)
        elif code > 32:
            draw.text((x, y), cell.data, font=self._bold if cell.bold else self._font, fill=ink)

    def _dots(self, draw: ImageDraw.ImageDraw, bits: int, x: int, y: int, ink: tuple[int, int, int]) -> None:
        """A braille cell as dots: fonts space them unevenly."""
        places = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))  # by bit: column, row
        for bit, (column, row) in enumerate(places):
            if bits >> bit & 1:
                left, top = x + 1 + column * CELL_WIDTH // 2, y + 1 + row * CELL_HEIGHT // 4
                draw.rectangle((left, top, left + 2, top + 2), fill=ink)


def colour(name: str, default: tuple[int, int, int]) -> tuple[int, int, int]:
    """A colour of pyte's: a name, or six hexadecimal digits."""
    if name == "default":
        return default
    if name in _NAMED:
        return _NAMED[name]
    if name.removeprefix("bright") in _NAMED:
        return _NAMED[name.removeprefix("bright")]
    return int(name[:2], 16), int(name[2:4], 16), int(name[4:6], 16)


def film(terminal: Terminal, camera: Camera, act: Act) -> None:
    """One act. Raises TimeoutError if what it waits for does not come, with what is on screen instead."""
    began = time.monotonic()
    waited: list[Image.Image] = []
    every, seen = 1, 0  # of the pictures one in so many is kept, for a wait may be long
    while act.seen not in terminal.text:
        if time.monotonic() - began > act.within:
            raise TimeoutError(f"waited for {act.seen!r} in vain:\n{terminal.text}")
        terminal.run(FRAME_SECONDS)
        if seen % every == 0:
            waited.append(camera.draw(terminal.screen))
        seen += 1
        if len(waited) >= MOST_KEPT:
            waited, every = waited[::2], 2 * every
    for picture in thinned(waited, max(round(act.waiting / FRAME_SECONDS), 1)):
        camera.frames.append(picture)
        camera.durations.append(round(1000 * FRAME_SECONDS))
    for key in keys_of(act.keys):
        terminal.type(key)
        terminal.run(FRAME_SECONDS)
        camera.shoot(terminal.screen, FRAME_SECONDS)
    for _ in range(round(act.after / FRAME_SECONDS)):
        terminal.run(FRAME_SECONDS)
        camera.shoot(terminal.screen, FRAME_SECONDS)


def keys_of(keys: str) -> list[str]:
    """The keys one by one; an escape sequence stays whole."""
    if keys.startswith("\x1b"):
        return [keys]
    return list(keys)


def thinned(pictures: list[Image.Image], most: int) -> list[Image.Image]:
    """At most that many of them, evenly over time."""
    return [pictures[len(pictures) * at // most] for at in range(most)] if len(pictures) > most else pictures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", dest="out", type=Path, required=True, help="a .webp or .gif file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "motion"
        folder.mkdir()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "STICKGEN"))},
            "HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor",
        }  # fmt: skip
        terminal, camera = (
            Terminal(
                [str(Path(sys.executable).with_name("stickgen-tui"))], folder, environment, COLUMNS, ROWS
            ),
            Camera(),
        )
        try:
            for act in JOURNEY:
                film(terminal, camera, act)
        finally:
            terminal.end()
        camera.save(arguments.out)
    print(f"{arguments.out}: {len(camera.frames)} pictures, {PACE * sum(camera.durations) / 1000:.1f} s")


if __name__ == "__main__":
    main()
