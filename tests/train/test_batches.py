"""Data workers do not hear what stops a trainer, end with it, and never make a stop wait."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.data.dataset import MotionDataset, open_dataset
from stickgen.data.split import TRAIN
from stickgen.record_log import RecordReader
from stickgen.runs.stops import FORWARDED
from stickgen.runs.store import create_run
from stickgen.train import launch as launch_parts
from stickgen.train import loop
from stickgen.train.batching.batches import WorkerBatches, fitting_workers, load_batches
from stickgen.train.processes.signals import Asked, StopWantedError


@pytest.fixture
def asked() -> Iterator[Asked]:
    """One that listens; the handlers of before come back."""
    numbers = (*FORWARDED, signal.SIGHUP, signal.SIGCHLD)
    before = [signal.getsignal(number) for number in numbers]
    listening = Asked()
    listening.listen()
    yield listening
    WorkerBatches.end_workers()
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def workers() -> list[psutil.Process]:
    return [psutil.Process(process.pid) for process in multiprocessing.active_children()]


def test_a_worker_is_deaf_to_stops_and_a_stop_does_not_wait_for_it(asked: Asked, tiny_dataset: Path) -> None:
    dataset = MotionDataset(open_dataset(tiny_dataset), TRAIN, max_frames=100, val_fraction=0.0, seed=0)
    plan = [[clip] for clip in range(40)]
    batches = load_batches(dataset, plan, num_workers=2, asked=asked)
    assert next(batches).clips == (0,)
    there = workers()
    assert len(there) == 2
    for number in (*FORWARDED, signal.SIGHUP):
        for worker in there:
            worker.send_signal(number)
    assert [next(batches).clips for _ in range(9)] == [(clip,) for clip in range(1, 10)]
    for worker in there:
        worker.suspend()
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    with pytest.raises(StopWantedError):
        for _ in batches:
            pass
    assert asked.stop
    WorkerBatches.end_workers()
    assert psutil.wait_procs(there, timeout=20)[1] == []


def test_no_worker_is_started_where_shared_memory_is_too_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = SimpleNamespace(f_bavail=16, f_frsize=4096)  # the 64 KiB of a small container
    monkeypatch.setattr(os, "statvfs", lambda path: free)
    assert fitting_workers(2, 10_000) == 0
    assert fitting_workers(0, 10_000) == 0
    free.f_bavail = 10**6
    assert fitting_workers(2, 10_000) == 2
    assert fitting_workers(64, 10**8) == 0


def test_a_system_that_shares_memory_otherwise_gets_its_workers(tmp_path: Path) -> None:
    assert fitting_workers(3, 10_000, tmp_path / "none") == 3


def test_a_trainer_says_so_and_trains_without(
    tmp_path: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch_parts, "fitting_workers", lambda wanted, size: 0)
    values = {
        "model.embedding_dim": 16, "model.d_model": 16, "model.nhead": 2, "model.num_layers": 1,
        "device.num_workers": 2, "logging.sample_minutes": 0.0, "diffusion.sampling_steps": 1,
    }  # fmt: skip
    config = TrainingConfig(preset_path("quickstart"), values)
    run = create_run(config, root=tmp_path, data_path=str(tiny_dataset), max_steps=1)
    before = multiprocessing.active_children()
    assert loop.Trainer(run).train() == 0
    assert multiprocessing.active_children() == before
    (alert,) = [r["message"] for r in RecordReader(run.events_path).read_new() if r["event"] == "alert"]
    assert "is too small for 2 data workers" in alert
