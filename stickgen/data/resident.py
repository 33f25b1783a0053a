"""Gives back the memory of a mapped file: pages that were read count as the process's own until memory runs short.

The kernel keeps them as long as memory is free, so a run over a large dataset would seem to use up the machine, and
in a container with a limit it would. Pages that are given back stay in the page cache.
"""

from __future__ import annotations

import ctypes
import mmap
from pathlib import Path

from torch import Tensor

MOST_BYTES = 64 * 2**20  # bytes that may be mapped before all are given back
# The kernel decides how much it maps around a read: 64 KiB or, if the page cache has large folios (ext4 since Linux
# 6.16), up to 2 MiB, a hundred times a clip. So it is asked every time this many bytes were read.
LOOK_BYTES = 2**20


class Resident:
    """Counts what is read of tensors that are mapped from one file, and gives their pages back now and then.

    Only pages that the kernel reports as mapped from `path` are given back: anywhere else that would lose their
    content. If the kernel cannot be asked, nothing is given back.
    """

    def __init__(self, path: Path | None = None, tensors: tuple[Tensor, ...] = ()) -> None:
        there = mappings(path) if path is not None else []
        self._ranges = [pages for tensor in tensors if (pages := _pages(tensor, there))]
        self._read = 0  # bytes read since the last look
        self._others = 0  # mapped bytes that do not belong to the dataset, mostly torch itself

    def read(self, size: int) -> None:
        """Count `size` bytes that were read at one place."""
        self._read += size
        if self._read > LOOK_BYTES:
            self.look()

    def look(self) -> None:
        """Give the pages back if there are many."""
        self._read = 0
        if self._ranges and _mapped_bytes() - self._others > MOST_BYTES:
            self.give_back()

    def give_back(self) -> None:
        """Give all pages back. Reading them again takes them from the page cache, or the disk."""
        if not self._ranges:
            return
        libc = ctypes.CDLL(None)
        for start, length in self._ranges:
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), mmap.MADV_DONTNEED)
        self._others = _mapped_bytes()


def _mapped_bytes() -> int:
    """Resident bytes of mapped files and shared memory."""
    return int(Path("/proc/self/statm").read_text().split()[2]) * mmap.PAGESIZE


def mappings(path: Path) -> list[tuple[int, int, int]]:
    """Start and end addresses at which `path` is mapped into this process, and the file offset of each."""
    try:
        wanted, lines = str(path.resolve()), Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5] == wanted:
            start, end = (int(address, 16) for address in fields[0].split("-"))
            found.append((start, end, int(fields[2], 16)))
    return found


def _pages(tensor: Tensor, there: list[tuple[int, int, int]]) -> tuple[int, int] | None:
    """Start and length of the whole pages inside `tensor`, if all of it is mapped."""
    start, end = tensor.data_ptr(), tensor.data_ptr() + tensor.nbytes
    first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
    last = end // mmap.PAGESIZE * mmap.PAGESIZE
    if last <= first or not any(low <= start and end <= high for low, high, _ in there):
        return None
    return first, last - first
