"""Data workers do not hear what stops a trainer, end with it, and never make a stop wait."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stickgen.data.dataset import TRAIN, MotionDataset, open_dataset
from stickgen.runs.stops import FORWARDED
from stickgen.train.batches import WorkerBatches, load_batches
from stickgen.train.signals import Asked, StopWantedError


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
