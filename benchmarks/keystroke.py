"""What a key in the editor costs: CPU time for each kind of key, and how soon the planner's answer stands there.

    python benchmarks/keystroke.py [--config configs/base.yaml] [--presses 40]

The real editor, headless at 120×40. CPU milliseconds of the process from a key press until all that follows from it
is drawn, without writing it to a terminal; and the time from the press until the line of the forecast has changed,
which the next frame shows.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from stickgen_tui.app import StickgenApp

KINDS = {
    "a step of the value": ("right", "left"),
    "a letter in the open box": ("0", "backspace"),
    "the next row": ("down",),
    "the row above": ("up",),
    "ten rows on or back": ("pagedown", "pageup"),
    "tab": ("tab",),
}
DRAWN = 0.3  # s after a key until all that follows from it is drawn


def press(app: StickgenApp, key: str) -> None:
    """A key, as the driver sends it."""
    app.post_message(events.Key(key, key if len(key) == 1 else None))


async def cost(app: StickgenApp, pilot: Pilot[None], keys: tuple[str, ...], presses: int) -> list[float]:
    """CPU milliseconds of each press, from training.batch_size on."""
    app.screen.set_focus(app.screen.query_one("#field-training-batch_size", Widget))
    await pilot.pause(DRAWN)
    if "0" in keys:
        await pilot.press("enter", "end")
        await pilot.pause(DRAWN)
    taken = []
    for number in range(presses):
        began = time.process_time()
        press(app, keys[number % len(keys)])
        await asyncio.sleep(DRAWN)
        taken.append(1000 * (time.process_time() - began))
    if "0" in keys:
        await pilot.press("escape")
    return taken[2:]


async def answer(app: StickgenApp, pilot: Pilot[None], presses: int) -> list[float]:
    """Step training.batch_size up and down; milliseconds of each press until its answer is there."""
    app.screen.set_focus(app.screen.query_one("#field-training-batch_size", Widget))
    await pilot.pause(DRAWN)
    line = app.screen.query_one("#forecast", Widget)
    taken = []
    for number in range(presses):
        before = str(line.render())
        began = time.perf_counter()
        press(app, "right" if number % 2 == 0 else "left")
        while str(line.render()) == before:
            if time.perf_counter() - began > 5:
                raise SystemExit("the forecast did not change within 5 s of the key")
            await asyncio.sleep(0)
        taken.append(1000 * (time.perf_counter() - began))
        await pilot.pause(0.2)
    return taken[1:]


async def measure(config: Path, presses: int) -> dict[str, list[float]]:
    """All of it, in one editor."""
    app = StickgenApp(config=config, root=config.parent / "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_editor(config)
        await pilot.pause(3.0)  # the look at the machine and the dataset, once
        costs = {kind: await cost(app, pilot, keys, presses) for kind, keys in KINDS.items()}
        return {**costs, "from a step to its answer": await answer(app, pilot, presses)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--config", type=Path, default=Path("configs/base.yaml"))
    parser.add_argument("--presses", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / options.config.name
        shutil.copy(options.config, copy)
        for kind, taken in asyncio.run(measure(copy, options.presses)).items():
            least, middle, most = min(taken), statistics.median(taken), max(taken)
            print(f"{kind:<28} least {least:5.1f} ms, median {middle:5.1f} ms, most {most:5.1f} ms")


if __name__ == "__main__":
    main()
