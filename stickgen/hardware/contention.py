"""Whether a process had the cores to itself. If others used them, its measured speed means nothing.

Linux counts for each thread how long it ran and how long it was ready and waited for a core
(`/proc/PID/task/TID/schedstat`, proc(5)). Elsewhere the load average has to do.
"""

from __future__ import annotations

import os
from pathlib import Path

MOST_WAITING = 0.15  # of the time that threads ran or waited
_LEAST_SECONDS = 0.5  # of running, before the share means anything


class Contention:
    """Watches one process from its creation on."""

    def __init__(self, pid: int | None = None, cores: float | None = None) -> None:
        """Watch `pid`, by default this process. `cores` are those it may use, needed if only the load average is known."""
        self._pid = os.getpid() if pid is None else pid
        self._cores = cores or float(os.cpu_count() or 1)
        self._before = _ran_and_waited(self._pid)

    @property
    def waiting(self) -> float | None:
        """The share of time that threads waited for a core, of the time they ran or waited; None if unknown."""
        now = _ran_and_waited(self._pid)
        if now is None or self._before is None:
            return None
        # a thread that ended takes its share with it
        ran, waited = max(now[0] - self._before[0], 0.0), max(now[1] - self._before[1], 0.0)
        return waited / (ran + waited) if ran + waited >= _LEAST_SECONDS else 0.0

    @property
    def contended(self) -> bool:
        """Whether other processes took so much of the cores that times measured here mean nothing."""
        share = self.waiting
        if share is not None:
            return share > MOST_WAITING
        try:
            return os.getloadavg()[0] > 1.5 * self._cores
        except OSError:
            return False


def _ran_and_waited(pid: int) -> tuple[float, float] | None:
    """Return the seconds that a process's threads ran and waited for a core; None if the system does not count them."""
    ran = waited = 0
    found = False
    try:
        for thread in os.scandir(f"/proc/{pid}/task"):
            try:
                numbers = Path(thread.path, "schedstat").read_bytes().split()
                ran, waited = ran + int(numbers[0]), waited + int(numbers[1])
                found = True
            except (OSError, ValueError, IndexError):
                continue  # it has just ended
    except OSError:
        return None
    return (ran / 1e9, waited / 1e9) if found and ran else None
