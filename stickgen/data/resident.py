"""Memory of a mapped file is given back: pages that were read count as the process's own until somebody asks for it.

The kernel keeps them for as long as memory is free, so that a run over a large dataset would seem to eat the
machine, and in a container with a limit it would. What is given back stays in the page cache.
"""

from __future__ import annotations

import ctypes
import mmap
from pathlib import Path

from torch import Tensor

MOST_BYTES = 64 * 2**20  # that may be mapped before all is given back
# How much the kernel maps around a read is its own affair: 64 KiB, or where the page cache has large folios
# (ext4 since Linux 6.16) up to 2 MiB, a hundred times a clip. So it is asked after each so many bytes.
LOOK_BYTES = 2**20


class Resident:
    """Counts what is read of tensors that are mapped from one file, and gives the pages back now and then.

    Only pages that the kernel says are mapped from `path` are ever given back: anywhere else that would lose
    what they hold. Where it cannot be asked, nothing is.
    """

    def __init__(self, path: Path | None = None, tensors: tuple[Tensor, ...] = ()) -> None:
        there = mappings(path) if path is not None else []
        self._ranges = [pages for tensor in tensors if (pages := _pages(tensor, there))]
        self._read = 0  # bytes since the last look
        self._others = 0  # mapped bytes that are not of the dataset, mostly torch itself

    def read(self, size: int) -> None:
        """`size` bytes at one place were read."""
        self._read += size
        if self._read > LOOK_BYTES:
            self.look()

    def look(self) -> None:
        """Give the pages back if they have become many."""
        self._read = 0
        if self._ranges and _mapped_bytes() - self._others > MOST_BYTES:
            self.give_back()

    def give_back(self) -> None:
        """Give all pages back; who reads them again gets them from the page cache, or the disk."""
        if not self._ranges:
            return
        libc = ctypes.CDLL(None)
        for start, length in self._ranges:
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), mmap.MADV_DONTNEED)
        self._others = _mapped_bytes()


def _mapped_bytes() -> int:
    """What this process holds of mapped files and of shared memory."""
    return int(Path("/proc/self/statm").read_text().split()[2]) * mmap.PAGESIZE


def mappings(path: Path) -> list[tuple[int, int, int]]:
    """Addresses, start and end, at which `path` is mapped into this process, and where in the file each begins."""
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
    """Start and length of the whole pages inside of `tensor`, if it is mapped from beginning to end."""
    start, end = tensor.data_ptr(), tensor.data_ptr() + tensor.nbytes
    first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
    last = end // mmap.PAGESIZE * mmap.PAGESIZE
    if last <= first or not any(low <= start and end <= high for low, high, _ in there):
        return None
    return first, last - first
