"""Where the time of a run goes, by part of a step, for `stickgen train --profile`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

T = TypeVar("T")


class Profile:
    """Seconds by part. On a GPU, each part waits for the device; otherwise only the launch of kernels is timed."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.seconds: dict[str, float] = {}
        self.first = 0
        self.began = time.perf_counter()

    def start(self, step: int) -> None:
        """Start counting, after `step` optimizer steps."""
        self.seconds.clear()
        self.first = step
        self.began = time.perf_counter()

    def report(self, step: int, gflop: float) -> str:
        """A sentence with the share of each part, largest first, and the speed of the matrix products.

        `step` is the last step taken, `gflop` the matrix products of one step.
        """
        steps = step - self.first
        whole = time.perf_counter() - self.began
        parts = {**self.seconds, "the rest": max(whole - sum(self.seconds.values()), 0.0)}
        shares = ", ".join(
            f"{name} {seconds / whole:.1%} ({seconds:.2f} s)"
            for name, seconds in sorted(parts.items(), key=lambda part: -part[1])
        )
        computing = self.seconds.get("forward", 0.0) + self.seconds.get("backward", 0.0)
        rate = steps * gflop / computing if computing else 0.0
        return (
            f"{steps} steps in {whole:.1f} s: {shares}; "
            f"matrix products at {rate:,.0f} GFLOP/s over forward and backward"
        )

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time inside the block as `name`."""
        began = time.perf_counter()
        yield
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def timed(self, name: str, items: Iterator[T]) -> Iterator[T]:
        """`items`, with each wait for the next one counted as `name`."""
        while True:
            with self.part(name):
                item = next(items, None)
            if item is None:
                return
            yield item


class _NoProfile(Profile):
    """Counts nothing and costs nothing."""

    def __init__(self) -> None:
        super().__init__(torch.device("cpu"))

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Nothing but the block itself."""
        yield

    def timed(self, name: str, items: Iterator[T]) -> Iterator[T]:
        """`items`, unchanged."""
        return items


NO_PROFILE: Profile = _NoProfile()
