"""What it costs to list many runs: the first time, again from the cache, and while nothing changes.

    python benchmarks/list_runs.py [--runs 1000] [--records 2000]

Makes the runs in a temporary folder, with the engine's own writers, and prints CPU seconds of a process of its own a line.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stickgen.config.loading import TrainingConfig
from stickgen.record_log import encode
from stickgen.runs.store import create_run

SETTLED = 3.0  # s
LOOKS = """
import resource, sys, time
from pathlib import Path
from stickgen.catalogue.catalogue import Catalogue
from stickgen.catalogue.choosing import chosen
began = time.process_time()
catalogue = Catalogue(Path(sys.argv[1]))
for word in ("the first look", "the next look"):
    entries = catalogue.look()
    rows = chosen(entries, catalogue.query("status:finished val.loss<1"), "val.loss", best=True)
    now = time.process_time()
    print(f"  {word}: {now - began:.2f} CPU-s, {len(rows)} runs pass")
    began = now
print(f"  peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
"""


def make(root: Path, runs: int, records: int) -> None:
    """Runs of four configs, each with its log."""
    noise = random.Random(0)
    configs = [TrainingConfig(None, {"training.seed": seed}) for seed in range(4)]
    lines = []
    for step in range(1, records + 1):
        value = 1 / step**0.5 * (1 + noise.gauss(0, 0.05))
        lines.append(encode({
            "seq": step, "kind": "train", "time": 1.8e9 + step, "step": step, "epoch": step / 100, "loss": value,
            "loss_pose": value, "loss_temporal": value, "loss_action": value, "loss_physics": value,
            "loss_diffusion": value, "lr": 1e-3, "grad_norm": value, "sequences_per_second": 40.0,
            "frames_per_second": 4000.0, "rss_bytes": 9e8, "device_memory_bytes": None, "eta_seconds": 1.0,
            "total_steps": records,
        }))  # fmt: skip
        if step % 50 == 0:
            lines.append(
                encode(
                    {"seq": step, "kind": "val", "time": 1.0, "step": step, "loss": value, "loss_pose": value}
                )
            )
    log = b"".join(lines)
    for number in range(runs):
        run = create_run(configs[number % 4], root=root, path=root / f"run-{number:05d}")
        run.update_identity(launches=[{"pid": 2**22 + 1, "create_time": 0.0, "boot_id": "gone"}])
        run.metrics_path.write_bytes(log)
        run.exit_path.write_text(json.dumps({"code": 0, "reason": "", "launch": 1}))


def timed(title: str, command: list[str], environment: dict[str, str]) -> None:
    """Run a command, and say its CPU time and its wall time."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{title}: {cpu:.2f} CPU-s, {time.monotonic() - began:.2f} s")
    if command[1] == "-c":
        print(said, end="")


def main() -> None:
    """Make, list, tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--records", type=int, default=2000)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="stickgen-list-"))
    try:
        root = folder / "runs"
        make(root, arguments.runs, arguments.records)
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
        program = [sys.executable, "-m", "stickgen", "runs", "--runs", str(root), "list"]
        asked = [*program, "val.loss<1 optimizer=adamw", "--sort", "val.loss_pose", "--best"]
        print(f"{arguments.runs:,} runs of {arguments.records:,} training records each")
        time.sleep(SETTLED)  # what changed a moment ago is not kept
        timed("runs list, nothing in the cache", program, environment)
        timed("runs list, again", program, environment)
        timed(
            "a command that reads no run",
            [sys.executable, "-m", "stickgen", "config", "check", "quickstart"],
            environment,
        )
        timed("runs list with a filter and a sort, nothing in the cache", asked, environment)
        timed("the same again", asked, environment)
        timed(
            "two looks of one process, all in the cache",
            [sys.executable, "-c", LOOKS, str(root)],
            environment,
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
