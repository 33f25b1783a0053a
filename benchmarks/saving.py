"""How long a save holds training up: the copy in memory against writing, syncing and verifying it in place.

    python benchmarks/saving.py

Of each preset: the milliseconds that training stands still for `Saver.begin`, those of the whole save, and
how much longer the steps are (forward and backward of one clip) that run while the save is being written.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.model.normalise import Normaliser
from stickgen.runs.store import create_run
from stickgen.train.checkpoints.saver import Saver, size_bytes
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.reporting.journal import Journal

ROUNDS = 5


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(preset: str, root: Path) -> str:
    """One line of the table."""
    config = TrainingConfig(preset_path(preset))
    state = TrainState(config, Normaliser(config.model.embedding_dim), torch.device("cpu"))
    for parameter in state.model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    state.optimizer.step()
    saver = Saver(Journal(create_run(config, root=root, name=preset), 1), config.bytes)
    weight = torch.randn(1024, 1024, requires_grad=True)

    def step() -> None:
        (torch.randn(250, 1024) @ weight).relu().sum().backward()

    stall, whole, quiet, busy = [], [], [], []
    for _ in range(ROUNDS):
        quiet += [seconds(step) for _ in range(20)]
        state.step += 1
        began = time.perf_counter()
        stall.append(seconds(lambda: saver.begin(state)))
        while saver.busy:
            busy.append(seconds(step))
            saver.collect()
        whole.append(time.perf_counter() - began)
    saver.close()
    size = size_bytes(state.tensors()) / 2**20
    slower = statistics.median(busy) / statistics.median(quiet)
    return (
        f"{preset:8} {size:8.0f} {1000 * statistics.median(stall):10.0f} "
        f"{1000 * statistics.median(whole):10.0f} {slower:10.2f}"
    )


def main() -> None:
    """Print the table."""
    print(f"{'preset':8} {'MiB':>8} {'held up ms':>10} {'whole ms':>10} {'steps ×':>10}")
    with tempfile.TemporaryDirectory(dir=".") as folder:
        for preset in ("small", "medium", "large"):
            print(measure(preset, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
