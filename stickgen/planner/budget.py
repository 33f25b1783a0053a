"""Whether a run can be launched: the memory and disk it needs, compared with what is free."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stickgen.hardware.machine import Machine
from stickgen.planner.estimate import Estimate, estimate
from stickgen.planner.measured.calibration import calibration_of
from stickgen.quantities import byte_text

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.datasets.facts import DatasetFacts

LEAST_CHECKPOINTS = 2  # the newest and the one being written


@dataclass(frozen=True)
class Budget:
    """Sentences: why a launch is refused, and what a person should know before it."""

    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    estimate: Estimate | None = None  # what they are based on


def check_budget(
    config: TrainingConfig,
    machine: Machine,
    facts: DatasetFacts | None,
    directory: Path,
    *,
    processes: int = 1,
) -> Budget:
    """Compare the prediction with the memory that is free now, and with the disk of `directory`.

    On a CPU each of several `processes` needs the full amount. A launch is refused if even the lower end of the
    memory interval does not fit, or if the disk cannot hold two checkpoints. Memory is only a warning on a GPU, where
    the trainer halves its micro-batch by itself, and with sharded weights, which are counted here as if whole.
    """
    directory = _there(directory)
    disk_free = free_disk_bytes(directory)
    answer = estimate(config, machine, facts, disk_free_bytes=disk_free, calibration=calibration_of(machine))
    refusals: list[str] = []
    warnings: list[str] = []
    on_cpu, sharded = answer.device == "cpu", config.device.sharding != "none"
    times = processes if on_cpu else 1
    # a total of 0: a GPU that is not there, or that nobody has looked for yet, has no memory to compare with
    elsewhere = (times - 1) * answer.encoder_bytes  # only the first process evaluates
    if answer.memory_total_bytes and times * answer.needed_memory.high - elsewhere > answer.memory_free_bytes:
        hopeless = times * answer.needed_memory.low - elsewhere > answer.memory_free_bytes
        hopeless = hopeless and on_cpu and not (sharded and times > 1)
        (refusals if hopeless else warnings).append(_memory(answer, times))
    if not answer.disk_fits:
        hopeless = LEAST_CHECKPOINTS * answer.checkpoint_bytes > (disk_free or 0)
        (refusals if hopeless else warnings).append(_disk(answer, directory))
    return Budget(tuple(refusals), tuple(warnings), answer)


def free_disk_bytes(directory: Path) -> int | None:
    """Return the free space where `directory` is or will be created; None if unknown."""
    try:
        return shutil.disk_usage(_there(directory)).free
    except OSError:
        return None


def _there(directory: Path) -> Path:
    """Return `directory` or its nearest parent that exists."""
    directory = directory.absolute()
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return directory


def _memory(answer: Estimate, processes: int) -> str:
    peak = answer.needed_memory
    each = f" in each of {processes} processes" if processes > 1 else ""
    encoder = (
        f", {byte_text(answer.encoder_bytes)} of it for the text encoder that evaluations load"
        if answer.encoder_bytes
        else ""
    )
    off = ", set evaluation.every_minutes to 0" if answer.encoder_bytes else ""
    return (
        f"training needs about {byte_text(peak.value)} of memory ({byte_text(peak.low)} to "
        f"{byte_text(peak.high)}){each}{encoder}, but {byte_text(answer.memory_free_bytes)} are free; lower "
        f"training.batch_size{off}, or run stickgen advise"
    )


def _disk(answer: Estimate, directory: Path) -> str:
    return (
        f"{directory}: checkpoints need up to {byte_text(answer.disk_bytes)} ({byte_text(answer.checkpoint_bytes)} "
        f"each), but {byte_text(answer.disk_free_bytes or 0)} are free; free some space, or choose another "
        "folder with --runs"
    )
