"""How much memory a process holds, and held at its peak."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil


def children_of(process: psutil.Process) -> list[psutil.Process]:
    """Its children and theirs; none if it is gone."""
    try:
        found: list[psutil.Process] = process.children(recursive=True)
    except psutil.Error:
        return []
    return found


def tree_rss_bytes(process: psutil.Process) -> int:
    """Resident memory of `process` and its children now; 0 if it is gone. Shared pages count in each."""
    total = 0
    for one in (process, *children_of(process)):
        with contextlib.suppress(psutil.Error):
            total += one.memory_info().rss
    return total


def peak_rss_bytes(process: psutil.Process) -> int:
    """The most that `process` has held so far, and what its children hold now; 0 if it is gone.

    On Linux the kernel remembers the peak; elsewhere it is what is held now: ask often.
    """
    now = tree_rss_bytes(process)
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = 1024 * int(status.partition("VmHWM:")[2].split()[0])
        return now + max(peak - process.memory_info().rss, 0)
    except (OSError, ValueError, IndexError, psutil.Error):
        return now
