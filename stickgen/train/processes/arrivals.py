"""How often each process of a group has come to where it waits for the others, so that the keeper sees who is late."""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path

_COUNT = struct.Struct("=Q")
FILE = "arrivals"  # beside the file through which the ranks meet


class Arrivals:
    """A number for each of `size` processes, in a file that all of them map. Each writes its own.

    Raises OSError if the file can be neither made nor mapped.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._size = size
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(file, size * _COUNT.size)
            self._map = mmap.mmap(file, size * _COUNT.size)
        finally:
            os.close(file)

    def arrive(self, rank: int) -> None:
        """Count that process `rank` waits for the others now."""
        at = rank * _COUNT.size
        _COUNT.pack_into(self._map, at, _COUNT.unpack_from(self._map, at)[0] + 1)

    def counts(self) -> tuple[int, ...]:
        """How often each process has arrived."""
        return tuple(_COUNT.unpack_from(self._map, rank * _COUNT.size)[0] for rank in range(self._size))

    def late(self) -> list[int]:
        """The processes that the others wait for; none while all have arrived alike."""
        counts = self.counts()
        return [rank for rank, count in enumerate(counts) if count < max(counts)]
