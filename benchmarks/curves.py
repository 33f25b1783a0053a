"""What it costs to open the history of a run and to draw it: CPU seconds, memory, the first picture, a redraw.

python benchmarks/curves.py [--records 100000 1000000] [--tree OTHER_CHECKOUT] [--json]

`first` is a run of which nothing is kept, as older versions left it; `kept` one whose curves its supervisor kept. Reading is measured in a process that follows the run as the monitor does, without its screen; then the charts of the whole
monitor are drawn in a terminal of two sizes. `--tree` measures the code of another checkout as well, on the same files.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from stickgen.curves.keeping import Keeper
from stickgen.run_contract import File

HERE = Path(__file__).resolve().parents[1]

WRITE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from read_metrics import record
from stickgen.record_log import encode
with open(Path(sys.argv[1]) / "metrics.jsonl", "wb") as file:
    for step in range(int(sys.argv[2])):
        file.write(encode({"seq": step + 1, **record(step)}))
"""

OPEN = """
import json, resource, sys, time
from pathlib import Path
from textual.geometry import Size
from stickgen.runs.store import Run
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.widgets.chart import Curve, draw
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
follower = RunFollower(Run(Path(sys.argv[1])))
began, cpu = time.perf_counter(), time.process_time()
first = None
while True:
    changed = follower.poll()
    if first is None and len(follower.train.get("loss", ())):
        draw((Curve("train", follower.train["loss"], "red"),), Size(120, 30), log_y=False, smoothing=0.02)
        first = time.perf_counter() - began
    if not follower.behind and "metrics" not in changed:
        break
facts = {"first_picture_seconds": first, "seconds": time.perf_counter() - began,
         "cpu_seconds": time.process_time() - cpu, "records": len(follower.train["loss"]),
         "rss_mib_before": before / 1024,
         "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
curves = (Curve("train", follower.train["loss"], "red"),)
times = []
for _ in range(15):
    cpu = time.process_time()
    draw(curves, Size(120, 30), log_y=False, smoothing=0.02)
    times.append(time.process_time() - cpu)
facts["redraw_ms"] = sorted(times)[len(times) // 2] * 1e3
print(json.dumps(facts))
"""

# All charts that the monitor shows on a terminal of that size, to the last styled segment, each time after a new record.
MONITOR = """
import asyncio, json, sys, time
from dataclasses import replace
from pathlib import Path
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.widgets.chart import Chart
from stickgen_tui.widgets.stick_canvas import StickCanvas
StickCanvas._advance = lambda self: None
async def drawn(size):
    app = StickgenApp(run=Run(Path(sys.argv[1])))
    async with app.run_test(size=size) as pilot:
        while not len(getattr(getattr(app.screen, "_follower", None), "train", {}).get("loss", ())):
            await pilot.pause(0.1)
        while app.screen._follower.behind:
            await pilot.pause(0.1)
        await pilot.pause(0.5)
        charts = [chart for chart in app.screen.query(Chart) if chart.region]
        times = []
        for number in range(25):
            for chart in charts:
                for curve in chart._curves:
                    last = curve.series.last_x + 1
                    curve.series.append(last, curve.series.last * (1.05 if number % 2 else 0.95))
                chart.show(chart._curves, view=replace(chart.view, whole=(1, last)), marks=chart._marks)
                chart.refresh()
            cpu = time.process_time()
            for chart in charts:
                chart._render_content()
            times.append(time.process_time() - cpu)
    return sorted(times)[len(times) // 2] * 1e3
print(json.dumps({"monitor_ms": asyncio.run(drawn((120, 40))), "wide_monitor_ms": asyncio.run(drawn((200, 60)))}))
"""


def opened(tree: Path, run: Path, cache: Path) -> dict[str, float]:
    """Open `run` with the code of `tree`, each time in a process of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "XDG_CACHE_HOME": str(cache),
        "XDG_STATE_HOME": str(cache),
    }
    out: dict[str, float] = {}
    for script in (OPEN, MONITOR):
        done = subprocess.run(
            [sys.executable, "-P", "-c", script, str(run)],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        out.update(json.loads(done.stdout.splitlines()[-1]))
    return out


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--tree", type=Path, help="another checkout to measure on the same files")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = []
    for records in options.records:
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            run.mkdir()
            subprocess.run(
                [sys.executable, "-c", WRITE, str(run), str(records), str(HERE / "benchmarks")],
                check=True,
                env={**os.environ, "PYTHONPATH": str(HERE)},
            )
            if options.tree is not None:
                found.append(
                    {"what": f"{records:,}, other", **opened(options.tree, run, Path(folder) / "other")}
                )
            for what in ("first", "again"):
                found.append({"what": f"{records:,}, {what}", **opened(HERE, run, Path(folder) / "cache")})
            Keeper(run / File.METRICS, run / File.CURVES).keep(to_the_end=True)  # as a supervisor does
            for what in ("kept", "kept, again"):
                found.append({"what": f"{records:,}, {what}", **opened(HERE, run, Path(folder) / "empty")})
    if options.json:
        print(json.dumps(found, indent=1))
        return
    print(
        f"{'records':<20}{'first picture s':>16}{'all s':>8}{'CPU s':>8}{'peak MiB':>10}{'redraw ms':>11}"
        f"{'120×40 ms':>11}{'200×60 ms':>11}"
    )
    for row in found:
        print(
            f"{row['what']:<20}{row['first_picture_seconds']:>16.2f}{row['seconds']:>8.2f}"
            f"{row['cpu_seconds']:>8.2f}{row['peak_rss_mib']:>10.0f}{row['redraw_ms']:>11.1f}"
            f"{row['monitor_ms']:>11.1f}{row['wide_monitor_ms']:>11.1f}"
        )


if __name__ == "__main__":
    main()
