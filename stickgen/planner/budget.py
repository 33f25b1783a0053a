"""Whether a run can be launched at all: what it would need of memory and disk, against what is free."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stickgen.hardware.machine import Machine
from stickgen.planner.estimate import Estimate, estimate
from stickgen.planner.measured.calibration import calibration_of

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.datasets.facts import DatasetFacts

GIB = 2**30
LEAST_CHECKPOINTS = 2  # the newest, and the one that is being written


@dataclass(frozen=True)
class Budget:
    """Sentences: what forbids a launch, and what a person should know before it."""

    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def check_budget(
    config: TrainingConfig,
    machine: Machine,
    facts: DatasetFacts | None,
    directory: Path,
    *,
    processes: int = 1,
) -> Budget:
    """Compare the prediction with what is free now, on the disk of `directory` for the checkpoints.

    Of several `processes` on a CPU each needs as much. Memory refuses only where even the lower end of the
    interval is too much, and not on a GPU, where the trainer halves its micro-batch by itself, nor where weights
    are sharded, which this counts as if they were whole; a disk that does not hold two checkpoints refuses.
    """
    directory = _there(directory)
    disk_free = free_disk_bytes(directory)
    answer = estimate(config, machine, facts, disk_free_bytes=disk_free, calibration=calibration_of(machine))
    refusals: list[str] = []
    warnings: list[str] = []
    on_cpu, sharded = answer.device == "cpu", config.device.sharding != "none"
    times = processes if on_cpu else 1
    if times * answer.needed_memory.high > answer.memory_free_bytes:
        hopeless = times * answer.needed_memory.low > answer.memory_free_bytes
        hopeless = hopeless and on_cpu and not (sharded and times > 1)
        (refusals if hopeless else warnings).append(_memory(answer, times))
    if not answer.disk_fits:
        hopeless = LEAST_CHECKPOINTS * answer.checkpoint_bytes > (disk_free or 0)
        (refusals if hopeless else warnings).append(_disk(answer, directory))
    return Budget(tuple(refusals), tuple(warnings))


def free_disk_bytes(directory: Path) -> int | None:
    """Free space where `directory` is, or will be made; None where nobody knows."""
    try:
        return shutil.disk_usage(_there(directory)).free
    except OSError:
        return None


def _there(directory: Path) -> Path:
    """`directory`, or the nearest one above it that exists."""
    directory = directory.absolute()
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return directory


def _memory(answer: Estimate, processes: int) -> str:
    peak = answer.needed_memory
    each = f" in each of {processes} processes" if processes > 1 else ""
    return (
        f"training would take about {peak.value / GIB:.1f} GiB of memory ({peak.low / GIB:.1f} to "
        f"{peak.high / GIB:.1f}){each}, and {answer.memory_free_bytes / GIB:.1f} GiB are free; use a smaller "
        "training.batch_size, or ask stickgen advise"
    )


def _disk(answer: Estimate, directory: Path) -> str:
    return (
        f"{directory}: the checkpoints take up to {answer.disk_bytes / GIB:.2f} GiB (each "
        f"{answer.checkpoint_bytes / GIB:.2f}), and {(answer.disk_free_bytes or 0) / GIB:.2f} GiB are free; make "
        "room, or choose another place with --runs"
    )
