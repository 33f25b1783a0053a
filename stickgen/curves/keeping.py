"""The curves of a run, kept beside its metrics log while it trains, so that whoever opens a long one reads little of it.

The supervisor does it (runs/supervisor.py), and reads the log as any reader does: the trainer spends nothing on it, and
what is kept can say nothing but what is in the log. It is only a cache: where it is behind, torn, or of another log,
its readers see that and read the log itself.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from pathlib import Path

from stickgen.curves.lengths import has_grown_much, is_long

_PAUSE_SECONDS = 20.0  # between two looks at how long the log is
_LEAST_FREE_BYTES = 2**29  # of the disk, whose last space is for checkpoints
_READ_SECONDS = 1.0
_LOWEST = 19  # the priority of what can wait


class Keeper:
    """Keeps the curves of `log` in the file `place`, in a thread of its own from `start` to `stop`."""

    def __init__(self, log: Path, place: Path) -> None:
        self.log, self.place = log, place
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._kept_bytes = 0  # of the log

    def start(self) -> None:
        """Look after the log from now on, when nothing else wants the processor."""
        with contextlib.suppress(OSError):
            for left in self.place.parent.glob(
                f".{self.place.name}.*.tmp"
            ):  # by one that was killed as it wrote
                left.unlink()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End that, within a moment."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
        self._closed.clear()

    def keep(self, *, to_the_end: bool = False) -> None:
        """Keep the curves again if the log has grown much, or with `to_the_end` if it has grown at all."""
        try:
            size = self.log.stat().st_size
            if not is_long(size) or shutil.disk_usage(self.place.parent).free < _LEAST_FREE_BYTES:
                return
        except OSError:
            return
        if not has_grown_much(size, self._kept_bytes) and not (to_the_end and size > self._kept_bytes):
            return
        from stickgen.curves.history import History  # only here: most logs are short

        history = History(self.log, threading.Lock(), self.place)
        while (history.read(_READ_SECONDS, self._closed) or history.behind) and not self._closed.is_set():
            pass
        if to_the_end:
            history.keep()
        self._kept_bytes = history.kept_bytes

    def _follow(self) -> None:
        if sys.platform == "linux":  # elsewhere it would be the priority of the whole process
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
        while not self._closed.wait(_PAUSE_SECONDS):
            self.keep()
