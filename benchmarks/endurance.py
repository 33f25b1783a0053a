"""Speed and memory of a long run: the last tenth of its steps against the tenth after the warm-up.

    python benchmarks/endurance.py [--steps 10000] [--clips 2] [--frames 32]

The quickstart's model on short made-up clips, a few a step, so that ten thousand steps take minutes. It runs as
`stickgen train` would start it, with its validations and checkpoints.
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
from stickgen.runs.metrics import RecordReader
from stickgen.runs.store import create_run
from stickgen.runs.supervisor import ENVIRONMENT
from stickgen.train.trial import make_clips

EPOCH = 1_000  # steps


def main() -> None:
    """Train, and print what was seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--clips", type=int, default=2, help="of a step")
    parser.add_argument("--frames", type=int, default=32, help="of the longest clip")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stickgen-bench-") as folder:
        data = Path(folder) / "clips.pt"
        lengths = [options.frames - i % (options.frames // 2) for i in range(EPOCH * options.clips)]
        make_clips(data, lengths, lengths[:8], 384)
        config = TrainingConfig(
            preset_path("quickstart"),
            {
                "training.batch_size": options.clips, "training.grad_accum_steps": 1,
                "training.epochs": -(-options.steps // EPOCH), "training.compile": "never",
                "device.type": "cpu", "model.embedding_dim": 384, "logging.log_interval": 10,
            },
        )  # fmt: skip
        run = create_run(config, root=Path(folder), data_path=str(data), max_steps=options.steps)
        subprocess.run(
            [sys.executable, "-m", "stickgen.train", str(run.path)],
            check=True, stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, **ENVIRONMENT},
        )  # fmt: skip
        records = [r for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "train"]
    tenth = len(records) // 10
    parts = {"after the warm-up": records[tenth : 2 * tenth], "at the end": records[-tenth:]}
    seen = {}
    for name, part in parts.items():
        speed = statistics.median(record["sequences_per_second"] for record in part)
        rss = statistics.median(record["rss_bytes"] for record in part) / 2**20
        seen[name] = speed, rss
        print(f"{name:<18} {speed:8.1f} clips/s {rss:8.1f} MiB")
    (speed, rss), (last_speed, last_rss) = seen.values()
    print(f"{options.steps} steps: speed {last_speed / speed - 1:+.1%}, memory {last_rss / rss - 1:+.1%}")


if __name__ == "__main__":
    main()
