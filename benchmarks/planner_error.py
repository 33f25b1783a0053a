"""Predicted against measured: memory and time of real training runs on this machine.

    python benchmarks/planner_error.py [--quick] [--json FILE]

Each case is a run as `stickgen train` would start it, in a process of its own, on made-up clips: its peak
resident memory is what the kernel says of the process when it ends, its time that of the steps after the first.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.runs.dataset_facts import read_dataset_facts
from stickgen.runs.metrics import RecordReader
from stickgen.runs.store import Run, create_run
from stickgen.runs.supervisor import ENVIRONMENT

CLIPS = 48
STEPS = 5


@dataclass(frozen=True)
class Case:
    """A preset, the keys that differ from it, and the frames of the clips (shortest, longest)."""

    preset: str
    batch_size: int
    frames: tuple[int, int] = (250, 250)
    changes: tuple[tuple[str, int | float | bool | str], ...] = ()

    @property
    def title(self) -> str:
        name = self.preset.removeprefix("tiers/")
        extra = "".join(f" {path.split('.')[1]}={value}" for path, value in self.changes)
        return f"{name} b{self.batch_size} {self.frames[0]}-{self.frames[1]}{extra}"

    def config(self) -> TrainingConfig:
        accumulate = max(16 // self.batch_size, 1)
        return TrainingConfig(
            preset_path(self.preset),
            {
                "training.batch_size": self.batch_size,
                "training.grad_accum_steps": accumulate,
                "logging.log_interval": 1,
                "logging.sample_minutes": 0.0,
                "device.type": "cpu",
                "device.num_workers": 0,
                "device.pin_memory": False,
                "device.precision": "fp32",
                "diffusion.sampling_steps": 1,
                **dict(self.changes),
            },
        )


BF16: tuple[tuple[str, str], ...] = (("device.precision", "bf16"),)
NEXT_POSE = (("diffusion.enabled", False),)
QUICK = (
    Case("quickstart", 16, (30, 100)),
    Case("tiers/cpu_8gb", 1),
    Case("small", 1),
    Case("small", 8, (30, 250)),
    Case("medium", 2),
)
CASES = (
    *QUICK,
    Case("tiers/cpu_8gb", 16),
    Case("small", 4, changes=NEXT_POSE),
    Case("small", 16),
    Case("medium", 4, changes=(("model.dropout", 0.0),)),
    Case("medium", 8, changes=NEXT_POSE),
    Case("large", 1),
    Case("large", 4),
    Case("large", 16),
    Case("tiers/cpu_8gb", 4, changes=BF16),
    Case("small", 1, changes=BF16),
    Case("small", 8, (30, 250), changes=BF16),
    Case("small", 16, changes=(*NEXT_POSE, *BF16)),
    Case("medium", 2, changes=BF16),
    Case("medium", 8, changes=BF16),
    Case("large", 1, changes=(*NEXT_POSE, *BF16)),
    Case("large", 4, changes=BF16),
    Case("large", 16, changes=BF16),
)


@dataclass(frozen=True)
class Measured:
    """Of one run: bytes at the peak, clips a second of each step but the first."""

    peak_bytes: int
    clips_per_second: float
    mean_frames: float
    steps: list[float]


def measure(case: Case, folder: Path) -> Measured:
    """Train `case` for a few steps in a process of its own."""
    config = case.config()
    data = folder / "data.pt"
    make_dataset(data, case.frames, config.model["embedding_dim"])
    facts = read_dataset_facts(data)
    assert facts is not None
    run = create_run(config, root=folder, data_path=str(data), max_steps=STEPS)
    with run.log_path.open("wb") as log:
        trainer = subprocess.Popen(
            [sys.executable, "-m", "stickgen.train", str(run.path)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **ENVIRONMENT},
        )  # fmt: skip
        _, status, usage = os.wait4(trainer.pid, 0)
        trainer.returncode = os.waitstatus_to_exitcode(status)
    if trainer.returncode != 0:
        raise SystemExit(f"{case.title}: the trainer failed\n{run.log_path.read_text()[-2000:]}")
    speeds = step_speeds(run)
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(usage.ru_maxrss * unit, statistics.median(speeds[1:]), facts.mean_frames, speeds)


def step_speeds(run: Run) -> list[float]:
    """Clips a second of each step."""
    records = RecordReader(run.metrics_path).read_new()
    return [record["sequences_per_second"] for record in records if record["kind"] == "train"]


def make_dataset(path: Path, frames: tuple[int, int], embedding_dim: int) -> None:
    """Random walks with random embeddings: cost does not depend on what is learned."""
    import torch

    from stickgen.data.clip import Clip
    from stickgen.data.dataset import pack, save_dataset

    rng = np.random.default_rng(0)
    clips = []
    for number in range(CLIPS):
        length = int(rng.integers(frames[0], frames[1] + 1))
        motion = rng.normal(0.4, 0.1, size=20) + rng.normal(0, 0.01, size=(length, 20)).cumsum(0)
        motion[:, 0::2] -= motion[0, 2]
        actions = np.full(length, number % 5, np.int16)
        clips.append(Clip(motion.astype(np.float32), [f"text {number}"], actions, "made", "MIT", str(number)))
    content = pack(clips)
    content["embeddings"] = torch.randn(len(content["texts"]), embedding_dim)
    save_dataset(path, content)


def main() -> None:
    """Measure the cases and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the cheap cases")
    parser.add_argument("--json", type=Path, help="write every figure there")
    options = parser.parse_args()
    rows = []
    for case in QUICK if options.quick else CASES:
        with tempfile.TemporaryDirectory(prefix="stickgen-bench-") as folder:
            measured = measure(case, Path(folder))
        print(
            f"{case.title:<40} {measured.peak_bytes / 2**20:8.0f} MiB  {measured.clips_per_second:7.2f} clips/s  {[round(s, 2) for s in measured.steps]}",
            flush=True,
        )
        rows.append({"case": asdict(case), **asdict(measured)})
        if options.json:
            options.json.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
