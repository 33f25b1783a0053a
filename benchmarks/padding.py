"""Memory and speed of the quickstart with batches padded to any length and to multiples of 16 frames.

    python benchmarks/padding.py DATASET [--steps 130]

One run each, in a process of its own, in the precision that the config's `auto` takes on this machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.record_log import RecordReader
from stickgen.runs.store import create_run
from stickgen.runs.supervisor import ENVIRONMENT

TRAINER = "import stickgen.planner.decisions.batch_shapes as d; import stickgen.train.batching.batches as b; d.PAD_FRAMES_TO = b.PAD_FRAMES_TO = {}; import sys; from pathlib import Path; from stickgen.train.trainer_process import run_training; sys.exit(run_training(Path(sys.argv[1])))"


def main() -> None:
    """Measure both and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--steps", type=int, default=130)
    options = parser.parse_args()
    for pad_to in (1, 16):
        with tempfile.TemporaryDirectory(prefix="stickgen-bench-") as folder:
            config = TrainingConfig(preset_path("quickstart"), {"logging.sample_minutes": 0.0})
            run = create_run(
                config, root=Path(folder), data_path=str(options.dataset.absolute()), max_steps=options.steps
            )
            subprocess.run(
                [sys.executable, "-c", TRAINER.format(pad_to), str(run.path)],
                check=True, stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, **ENVIRONMENT},
            )  # fmt: skip
            records = [r for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "train"]
        speed = statistics.median(record["sequences_per_second"] for record in records)
        peak = max(record["rss_bytes"] for record in records) / 2**20
        print(f"padded to a multiple of {pad_to:2}: {peak:6.0f} MiB, {speed:6.1f} clips/s", flush=True)


if __name__ == "__main__":
    main()
