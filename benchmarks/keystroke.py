"""How soon the planner's answer stands on the screen after a key in the editor.

    python benchmarks/keystroke.py [--config configs/base.yaml] [--presses 40]

The real editor, headless at 120×40: from the key press until the line of the forecast has changed, which the
next frame shows. Milliseconds.
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
from textual.widget import Widget

from stickgen_tui.app import StickgenApp


async def measure(config: Path, presses: int) -> list[float]:
    """Step training.batch_size up and down; milliseconds of each press until its answer is there."""
    app = StickgenApp(config=config, root=config.parent / "runs")
    taken = []
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_editor(config)
        await pilot.pause(3.0)  # the look at the machine and the dataset, once
        field = app.screen.query_one("#field-training-batch_size", Widget)
        app.screen.set_focus(field)
        await pilot.pause(0.3)
        line = app.screen.query_one("#forecast", Widget)
        for number in range(presses):
            before = str(line.render())
            began = time.perf_counter()
            app.post_message(events.Key("right" if number % 2 == 0 else "left", None))  # as the driver does
            while str(line.render()) == before:
                if time.perf_counter() - began > 5:
                    raise SystemExit("the forecast did not change within 5 s of the key")
                await asyncio.sleep(0)
            taken.append(1000 * (time.perf_counter() - began))
            await pilot.pause(0.2)
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--config", type=Path, default=Path("configs/base.yaml"))
    parser.add_argument("--presses", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / options.config.name
        shutil.copy(options.config, copy)
        taken = sorted(asyncio.run(measure(copy, options.presses))[1:])
    print(
        f"median {statistics.median(taken):.0f} ms, slowest {taken[-1]:.0f} ms, of {len(taken)} key presses"
    )


if __name__ == "__main__":
    main()
