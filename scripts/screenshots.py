"""Make the README's screenshots: the real program, headless, on a run directory that a trainer wrote.

    python scripts/screenshots.py --runs runs --run latest --config configs/quickstart.yaml -o docs/screenshots

It starts in a folder whose `data/` has an embedded dataset. Home shows the machine this runs on, unless `--machine FILE` names what `stickgen hardware --json` printed on
another one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from stickgen.hardware import machine as hardware
from stickgen.runs.store import Run, find_run, runs_root
from stickgen_tui.app import StickgenApp
from stickgen_tui.screens import home

Steps = Callable[[Pilot[None]], Awaitable[None]]


async def _until(pilot: Pilot[None], ready: Callable[[str], bool]) -> None:
    """Wait until what the screen shows is `ready`. Raises TimeoutError after a minute."""
    async with asyncio.timeout(60):
        while not ready("\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())):
            await pilot.pause(0.1)
    await pilot.pause(0.3)


async def _home(pilot: Pilot[None]) -> None:
    await _until(pilot, lambda text: "looking" not in text and "peak memory" in text)


async def _editor(pilot: Pilot[None]) -> None:
    await pilot.press("e")
    await _until(pilot, lambda text: "batch_size" in text)
    for _ in range(8):
        await pilot.press("down")
    await pilot.press("right", "down", "left", "up")
    await _until(pilot, lambda text: "2 changes" in text and "peak" in text)


async def _monitor(pilot: Pilot[None]) -> None:
    await _until(pilot, lambda text: "validation" in text)
    await pilot.press("right")
    await _until(pilot, lambda text: "mean pose" in text)


async def _clips(pilot: Pilot[None]) -> None:
    await _home(pilot)
    await pilot.press("d")
    await _until(pilot, lambda text: "data/" in text and "wide" in text)
    await pilot.press("enter")
    await _until(pilot, lambda text: "clip 0 of" in text)
    await pilot.press("right", "right")
    await _until(pilot, lambda text: "clip 2 of" in text)


# name → (columns, rows, whether it opens on the run, light theme, what is pressed)
SHOTS: dict[str, tuple[int, int, bool, bool, Steps]] = {
    "home": (110, 32, False, False, _home),
    "editor": (110, 36, False, False, _editor),
    "clips": (110, 32, False, False, _clips),
    "monitor": (120, 40, True, False, _monitor),
    "monitor-wide": (190, 52, True, False, _monitor),
    "monitor-80x24": (80, 24, True, False, _monitor),
    "monitor-light": (120, 40, True, True, _monitor),
}


def use_machine(path: Path) -> None:
    """Let the program see the machine of a `stickgen hardware --json` file."""
    found = hardware.Machine.from_json(json.loads(path.read_bytes()))
    for module in (hardware, home):
        module.local_machine_fast = lambda: found  # type: ignore[attr-defined]
        module.detect = lambda refresh=False: found  # type: ignore[attr-defined]


async def shoot(name: str, run: Run, root: Path, config: Path, folder: Path) -> Path:
    """One screenshot; returns the file."""
    columns, rows, on_run, light, steps = SHOTS[name]
    app = StickgenApp(config=config, run=run if on_run else None, root=root)
    async with app.run_test(size=(columns, rows)) as pilot:
        if light:
            app.action_toggle_dark()
        await steps(pilot)
        svg = app.export_screenshot(title="stickgen", simplify=True)
    # the viewer's own fixed-width fonts, and nothing to fetch from the network
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "ui-monospace, SFMono-Regular, Menlo, DejaVu Sans Mono")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.svg"
    path.write_text(svg)
    return path


def main() -> None:
    """Read the arguments and make all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=Path, default=runs_root(), help="the folder of the runs")
    parser.add_argument("--run", default="latest", help="the run of the monitor")
    parser.add_argument("--config", type=Path, default=Path("configs/quickstart.yaml"))
    parser.add_argument("--machine", type=Path, help="what `stickgen hardware --json` printed elsewhere")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/screenshots"))
    arguments = parser.parse_args()
    if arguments.machine:
        use_machine(arguments.machine)
    run = find_run(arguments.run, arguments.runs)
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp()  # what is typed for a picture is nobody's draft
    for name in SHOTS:
        print(asyncio.run(shoot(name, run, arguments.runs, arguments.config, arguments.output)))


if __name__ == "__main__":
    main()
