"""Trainers without the seconds that torch takes to load: forked from a server that has it loaded.

What runs is `run_training`, the process as the supervisor starts it, without the supervisor.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import time
import zlib
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

from stickgen.runs.store import Run

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(
    ["stickgen.train.loop", "stickgen.train.trainer_process", "stickgen.planner.budget", "torch._dynamo"]
)
SLOW_SECONDS = 1.5
STARTED: list[BaseProcess] = []


def start(run: Run, launch: int, *patches: str) -> BaseProcess:
    """Start a trainer of `run`; `patches` name functions below that are called in it first."""
    process = SERVER.Process(target=_train, args=(run.path, launch, patches), daemon=False)
    process.start()
    STARTED.append(process)
    return process


def end_all() -> None:
    """Kill what still runs of those that were started."""
    while STARTED:
        kill(STARTED.pop())


def kill(process: BaseProcess) -> None:
    """SIGKILL, and wait until it is gone; not with `join`, which waits for orphaned data workers as well."""
    assert process.pid is not None
    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.005)


def _train(path: Path, launch: int, patches: tuple[str, ...]) -> None:
    from stickgen.train.trainer_process import run_training

    multiprocessing.set_start_method("fork", force=True)  # for data workers: as where no server is
    log = os.open(path / "train.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    logging.basicConfig(level=logging.INFO)
    for name in patches:
        globals()[name](path)
    os._exit(run_training(path, launch))


def note_clips(path: Path) -> None:
    """Write a line a step, with a checksum of what it trained on, to clips.log."""
    from stickgen.train import loop

    step = loop.optimizer_step
    fd = os.open(path / "clips.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def noting(learner: Any, micro_batches: Any, **facts: Any) -> Any:
        digest = 0

        def seen() -> Iterator[Any]:
            nonlocal digest
            for batch in micro_batches:
                digest = zlib.crc32(batch.motion.numpy().tobytes() + batch.text.numpy().tobytes(), digest)
                yield batch

        result = step(learner, seen(), **facts)
        os.write(fd, f"{facts['step']} {digest:08x}\n".encode())
        return result

    loop.optimizer_step = noting  # type: ignore[assignment]


def clips_seen(run: Run) -> dict[int, set[str]]:
    """The checksums of each step; more than one where a step that was done again saw other clips."""
    seen: dict[int, set[str]] = {}
    for line in (run.path / "clips.log").read_text().splitlines():
        step, digest = line.split()
        seen.setdefault(int(step), set()).add(digest)
    return seen


def _slow(path: Path, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, but it says that it has begun by a file, and takes a while."""

    def slow(*args: Any, **facts: Any) -> Any:
        (path / name).touch()
        time.sleep(SLOW_SECONDS)
        return function(*args, **facts)

    return slow


def slow_step(path: Path) -> None:
    from stickgen.train.optim import step

    step.clip_losses = _slow(path, "slow", step.clip_losses)


def slow_validation(path: Path) -> None:
    from stickgen.train.measuring import validate

    validate.clip_losses = _slow(path, "slow", validate.clip_losses)


def slow_save(path: Path) -> None:
    from stickgen.train.checkpoints import checkpoint

    checkpoint._digest_and_sync = _slow(path, "slow", checkpoint._digest_and_sync)


def slow_data(path: Path) -> None:
    from stickgen.data.dataset import MotionDataset

    MotionDataset.__getitem__ = _slow(path, "slow", MotionDataset.__getitem__)  # type: ignore[method-assign]


def _room_for(most: int) -> None:
    from stickgen.train.optim import step

    losses = step.clip_losses

    def tight(model: Any, normaliser: Any, batch: Any, *args: Any) -> Any:
        if len(batch) > most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes.")
        return losses(model, normaliser, batch, *args)

    step.clip_losses = tight


def room_for_two(path: Path) -> None:
    """Memory for two clips at once."""
    _room_for(2)


def no_room(path: Path) -> None:
    """Memory for none."""
    _room_for(0)


def no_patience(path: Path) -> None:
    """The end of a run does not wait for space."""
    from stickgen.train.checkpoints import saver as saving

    saving.PATIENCE_SECONDS = saving.STOP_PATIENCE_SECONDS = 0.0


def two_stops_count_at_once(path: Path) -> None:
    """A second stop need not come later to mean: at once."""
    from stickgen.runs import stops

    stops.SAME_STOP_SECONDS = 0.0


def nan_at_step_3(path: Path) -> None:
    """One step whose loss is not finite."""
    from stickgen.train import loop

    step = loop.optimizer_step

    def poisoned(learner: Any, micro_batches: Any, **facts: Any) -> Any:
        def bad() -> Iterator[Any]:
            for batch in micro_batches:
                if facts["step"] == 3:
                    batch.motion[0, 0, 0] = float("nan")
                yield batch

        return step(learner, bad(), **facts)

    loop.optimizer_step = poisoned  # type: ignore[assignment]


def save_without_end(folder: Path) -> None:
    """Save and prune, step after step; the last step that is on disk for certain stands in `folder`/acknowledged."""
    import torch

    from stickgen.train.checkpoints.saver import write

    tensors = {stem: {"w": torch.zeros(256, 1024)} for stem in ("model", "ema", "optimizer")}
    last = folder / "acknowledged"
    checkpoints = folder / "checkpoints"
    for step in range(int(last.read_text()) + 1, 1_000_000):
        write(checkpoints, tensors, {"step": step, "best_step": None}, b"")
        temporary = folder / "acknowledged.new"
        temporary.write_text(str(step))
        temporary.replace(last)
