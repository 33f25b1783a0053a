"""Where the time of a run goes, by part of a step: always measured, for the monitor; exactly with `--profile`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from stickgen.run_contract import StepPart

T = TypeVar("T")
_ON_DEVICE = {StepPart.FORWARD, StepPart.BACKWARD, StepPart.OPTIMIZER, StepPart.AVERAGE}

_MOST_PENDING = 1024  # timings that the device still owes


class Profile:
    """Seconds by part.

    On a GPU the device is timed by events in its stream, which cost nothing and are read when the device is through
    with them. If `exact`, each part waits for the device instead, so that no two parts overlap, at some cost.
    """

    def __init__(self, device: torch.device, *, exact: bool = False) -> None:
        self.device, self.exact = device, exact
        self.seconds: dict[str, float] = {}
        self.first = 0
        self.began = time.perf_counter()
        self._pending: list[tuple[str, torch.cuda.Event, torch.cuda.Event]] = []
        self._taken: dict[str, float] = {}
        self._taken_at = self.began

    def start(self, step: int) -> None:
        """Start counting, after `step` optimizer steps."""
        self.seconds.clear()
        self._pending.clear()
        self._taken.clear()
        self.first = step
        self.began = self._taken_at = time.perf_counter()

    def take(self) -> tuple[float, dict[str, float]]:
        """The seconds that passed since the last call, or the start, and how many of them each part took."""
        self._settle()
        now = time.perf_counter()
        passed, self._taken_at = now - self._taken_at, now
        parts = {name: seconds - self._taken.get(name, 0.0) for name, seconds in self.seconds.items()}
        self._taken = dict(self.seconds)
        return passed, parts

    def report(self, step: int, gflop: float) -> str:
        """A sentence with the share of each part, largest first, and the speed of the matrix products.

        `step` is the last step taken, `gflop` the matrix products of one step.
        """
        self._settle()
        steps = step - self.first
        whole = time.perf_counter() - self.began
        parts = {**self.seconds, "the rest": max(whole - sum(self.seconds.values()), 0.0)}
        shares = ", ".join(
            f"{name} {seconds / whole:.1%} ({seconds:.2f} s)"
            for name, seconds in sorted(parts.items(), key=lambda part: -part[1])
        )
        computing = self.seconds.get(StepPart.FORWARD, 0.0) + self.seconds.get(StepPart.BACKWARD, 0.0)
        rate = steps * gflop / computing if computing else 0.0
        return (
            f"{steps} steps in {whole:.1f} s: {shares}; "
            f"matrix products at {rate:,.0f} GFLOP/s over forward and backward"
        )

    @contextmanager
    def part(self, name: StepPart) -> Iterator[None]:
        """Count the time inside the block as `name`."""
        if self.device.type == "cuda" and not self.exact and name in _ON_DEVICE:
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            start.record()
            yield
            end.record()
            self._pending.append((name, start, end))
            if len(self._pending) >= _MOST_PENDING:  # records may lie thousands of steps apart
                self._settle()
            return
        began = time.perf_counter()
        yield
        if self.device.type == "cuda" and self.exact:
            torch.cuda.synchronize(self.device)
        self._add(name, time.perf_counter() - began)

    def timed(self, name: StepPart, items: Iterator[T]) -> Iterator[T]:
        """`items`, with each wait for the next one counted as `name`."""
        while True:
            with self.part(name):
                item = next(items, None)
            if item is None:
                return
            yield item

    def _add(self, name: str, seconds: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def _settle(self) -> None:
        """Count what the device has been timed at."""
        for name, start, end in self._pending:
            end.synchronize()
            self._add(name, start.elapsed_time(end) / 1000)
        self._pending.clear()
