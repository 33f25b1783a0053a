"""Speed and memory of a long run: the last tenth of its steps against the tenth after the warm-up.

    python benchmarks/endurance.py [--steps 10000] [--clips 2] [--frames 32]

The quickstart's model on short made-up clips, a few a step, so that ten thousand steps take minutes. It runs as
`stickgen train` would start it, with its validations and checkpoints. A machine that others share is not equally
fast at all times: when the long run ends, a fresh one of a tenth of its steps follows, and is what its end is
compared with as well.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.record_log import RecordReader
from stickgen.runs.store import create_run
from stickgen.runs.supervisor import ENVIRONMENT
from stickgen.train.trial import make_clips

EPOCH = 1_000  # steps


def train(folder: Path, data: Path, clips: int, steps: int) -> list[dict[str, Any]]:
    """The records of a run in a process of its own, one every ten steps."""
    config = TrainingConfig(
        preset_path("quickstart"),
        {
            "training.batch_size": clips, "training.grad_accum_steps": 1,
            "training.epochs": -(-steps // EPOCH), "training.compile": "never", "training.max_minutes": 0.0,
            "device.type": "cpu", "model.embedding_dim": 384, "logging.log_interval": 10,
        },
    )  # fmt: skip
    run = create_run(config, root=folder, data_path=str(data), max_steps=steps)
    subprocess.run(
        [sys.executable, "-m", "stickgen.train", str(run.path)],
        check=True, stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, **ENVIRONMENT},
    )  # fmt: skip
    return [record for record in RecordReader(run.metrics_path).read_new() if record["kind"] == "train"]


def middle(records: list[dict[str, Any]], name: str) -> float:
    """The median of a figure."""
    return statistics.median(record[name] for record in records)


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
        records = train(Path(folder), data, options.clips, options.steps)
        fresh = train(Path(folder), data, options.clips, options.steps // 10)
    tenth = len(records) // 10
    parts = [records[i * tenth : (i + 1) * tenth] for i in range(10)]
    for number, part in enumerate(parts):
        speed, rss = middle(part, "sequences_per_second"), middle(part, "rss_bytes") / 2**20
        print(f"tenth {number + 1:>2} {speed:8.1f} clips/s {rss:8.1f} MiB")
    speed = middle(fresh[len(fresh) // 5 :], "sequences_per_second")
    print(f"fresh run {speed:6.1f} clips/s")
    for name, than, value in (
        ("speed", "after the warm-up", middle(parts[1], "sequences_per_second")),
        ("speed", "of a fresh run right behind it", speed),
        ("memory", "after the warm-up", middle(parts[1], "rss_bytes")),
    ):
        at_end = middle(parts[-1], "rss_bytes" if name == "memory" else "sequences_per_second")
        print(f"{options.steps} steps: {name} at the end {at_end / value - 1:+.1%} against that {than}")


if __name__ == "__main__":
    main()
