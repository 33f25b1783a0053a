"""Resident memory of training the small preset on a dataset of 20 GB, and of one of 20 MB.

    python benchmarks/large_dataset.py [--gigabytes 20] [--steps 40] [--folder DIR]

The file is sparse: the first clips are random walks, all others are zeros that take no space on the disk. The
trainer reads it as any other, in random order, in a process of its own; its peak is what the kernel says.
"""

from __future__ import annotations

import argparse
import mmap
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.data.dataset import FORMAT
from stickgen.motion.skeleton import FPS
from stickgen.record_log import RecordReader
from stickgen.runs.store import create_run
from stickgen.runs.supervisor import ENVIRONMENT

FRAMES = 250
WALKS = 2_000  # clips that are not zeros
TEXTS = 500


def make_sparse(path: Path, clips: int) -> None:
    """Write a dataset of `clips` clips whose large tensors are holes in the file, but for the first ones."""
    content = {
        "format": FORMAT, "fps": FPS,
        "motion": torch.empty(clips * FRAMES, 20), "actions": torch.empty(clips * FRAMES, dtype=torch.int16),
        "offsets": torch.empty(clips + 1, dtype=torch.int64),
        "texts": [f"text {i}" for i in range(TEXTS)],
        "clip_texts": torch.empty(clips, dtype=torch.int64),
        "clip_text_offsets": torch.empty(clips + 1, dtype=torch.int64),
        "source": ["made up"] * clips, "licence": ["MIT"] * clips, "name": ["a clip"] * clips,
        "embeddings": torch.empty(TEXTS, 1024),
    }  # fmt: skip
    with torch.serialization.skip_data():
        torch.save(content, path)
    torch.serialization.set_default_mmap_options(mmap.MAP_SHARED)
    there = torch.load(path, weights_only=True, mmap=True)
    there["offsets"].copy_(torch.arange(clips + 1) * FRAMES)
    there["clip_texts"].copy_(torch.arange(clips) % TEXTS)
    there["clip_text_offsets"].copy_(torch.arange(clips + 1))
    generator = torch.Generator().manual_seed(0)
    there["embeddings"].normal_(generator=generator)
    walks = min(WALKS, clips)
    motion = torch.randn(walks, FRAMES, 20, generator=generator).mul_(0.01).cumsum(1) + 0.4
    motion[..., 0::2] -= motion[:, :1, 2:3].clone()
    there["motion"][: walks * FRAMES] = motion.flatten(0, 1)


def measure(folder: Path, clips: int, steps: int) -> None:
    """Train on a file of so many clips and say what was seen."""
    path = folder / f"{clips}.pt"
    make_sparse(path, clips)
    config = TrainingConfig(
        preset_path("small"),
        {
            "training.grad_accum_steps": 16, "training.compile": "never", "device.type": "cpu",
            "logging.log_interval": 1, "logging.sample_minutes": 0.0, "logging.save_minutes": 0.0,
        },
    )  # fmt: skip
    run = create_run(config, root=folder, data_path=str(path), max_steps=steps)
    began = time.time()
    trainer = subprocess.Popen(
        [sys.executable, "-m", "stickgen.train", str(run.path)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, **ENVIRONMENT},
    )  # fmt: skip
    _, status, usage = os.wait4(trainer.pid, 0)
    trainer.returncode = os.waitstatus_to_exitcode(status)
    events = RecordReader(run.events_path).read_new()
    if trainer.returncode:
        raise SystemExit(f"the trainer failed: {events[-1:]}")
    (started,) = [event["time"] for event in events if event["event"] == "started"]
    rss = [r["rss_bytes"] / 2**20 for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "train"]
    print(
        f"{path.stat().st_size / 1e9:6.2f} GB, {clips:>9,} clips: ready after {started - began:5.1f} s, "
        f"RSS {rss[0]:,.0f} MiB at step 1, {rss[-1]:,.0f} at step {len(rss)}, "
        f"peak {usage.ru_maxrss / 1024:,.0f} MiB",
        flush=True,
    )
    path.unlink()


def main() -> None:
    """Measure both and print them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=20.0)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--folder", type=Path, help="where the file may lie")
    options = parser.parse_args()
    bytes_per_clip = FRAMES * (20 * 4 + 2)
    with tempfile.TemporaryDirectory(prefix="stickgen-bench-", dir=options.folder) as folder:
        for gigabytes in (0.02, options.gigabytes):
            measure(Path(folder), int(gigabytes * 1e9 / bytes_per_clip), options.steps)


if __name__ == "__main__":
    main()
