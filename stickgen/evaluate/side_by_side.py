"""Trains several small networks at once, each on one of torch's threads: layers this small cannot use two.

All of them share the cores, so none waits idle for the last one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Training:
    """A training that takes `steps` steps, one at each look at `taken`."""

    steps: int
    taken: Iterator[int]


def train_side_by_side(trainings: Sequence[Training], progress: Callable[[int, int], None]) -> None:
    """Take all steps of all trainings. `progress` gets the steps that were taken, and of how many.

    What `progress` raises ends them all. At most one of them may draw from torch's own generator.
    """
    threads, ended = torch.get_num_threads(), threading.Event()
    done, total = [0] * len(trainings), sum(training.steps for training in trainings)

    def train(number: int) -> None:
        for _ in trainings[number].taken:
            done[number] += 1
            if ended.is_set():
                return

    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(max(len(trainings), 1)) as pool:
            try:
                running = [pool.submit(train, number) for number in range(len(trainings))]
                while wait(running, timeout=0.2).not_done:
                    progress(sum(done), total)
                progress(sum(done), total)
                for one in running:
                    one.result()
            finally:
                ended.set()
    finally:
        torch.set_num_threads(threads)
