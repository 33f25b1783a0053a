"""From the start of the trainer's process to its first optimizer step, on the small preset, nothing compiled.

    python benchmarks/first_step.py [--runs 3] [--clips 64]

`ready` is when the first micro-batch begins; the rest is the work of the step itself: 64 clips at the machine's
speed. The first run warms the file caches and does not count.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.record_log import RecordReader
from stickgen.runs.store import create_run
from stickgen.runs.supervisor import ENVIRONMENT
from stickgen.train.trial import make_clips


def measure(folder: Path, clips: int) -> tuple[float, float]:
    """Seconds until the trainer is ready, and until its first step is done."""
    config = TrainingConfig(
        preset_path("small"),
        {
            "training.grad_accum_steps": clips, "training.compile": "never", "logging.sample_minutes": 0.0,
            "device.type": "cpu",
        },
    )  # fmt: skip
    run = create_run(config, root=folder, data_path=str(folder / "clips.pt"), max_steps=1)
    began = time.time()
    subprocess.run(
        [sys.executable, "-m", "stickgen.train", str(run.path)],
        check=True, stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, **ENVIRONMENT},
    )  # fmt: skip
    (started,) = [r for r in RecordReader(run.events_path).read_new() if r["event"] == "started"]
    (step,) = [r for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "train"]
    return started["time"] - began, step["time"] - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--clips", type=int, default=64, help="of the step; the preset has 64")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stickgen-bench-") as folder:
        make_clips(Path(folder) / "clips.pt", [250] * 64, [250], 1024)
        measure(Path(folder), 1)
        for _ in range(options.runs):
            ready, done = measure(Path(folder), options.clips)
            print(f"ready {ready:5.2f} s   first step done {done:6.2f} s", flush=True)


if __name__ == "__main__":
    main()
