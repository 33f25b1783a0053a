"""Where the time of a run goes, by part of the step, for `stickgen train --profile`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

T = TypeVar("T")


class Profile:
    """Seconds by part. On a GPU each part waits for the device, or it would measure only the asking."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.seconds: dict[str, float] = {}
        self.began = time.perf_counter()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what happens inside as `name`."""
        began = time.perf_counter()
        yield
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def timed(self, name: str, items: Iterator[T]) -> Iterator[T]:
        """`items`, each wait for the next one counted as `name`."""
        while True:
            with self.part(name):
                item = next(items, None)
            if item is None:
                return
            yield item


class _NoProfile(Profile):
    """Counts nothing and costs nothing."""

    def __init__(self) -> None:
        self.seconds = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Nothing but what happens inside."""
        yield

    def timed(self, name: str, items: Iterator[T]) -> Iterator[T]:
        """`items`."""
        return items


NO_PROFILE: Profile = _NoProfile()
