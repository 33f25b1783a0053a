"""Which of many runs are to be looked at again: a second look at a thousand of them costs a few hundred stats.

Those that are going are due each time. The others are due when their folder changed: a launch writes run.json anew. A file
that was written over makes a run due, too, but is looked for less often. Those that are shown are seen to each time, the
rest in turn.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from stickgen.run_contract import File
from stickgen.runs.store import Run, has_settled, is_run

OTHERS_A_LOOK = 200
_WHOLE_A_LOOK = 10  # of those that are shown, whose files are looked at as well
# the folder, and what in it is written over; all else is replaced
_TOLD_BY = ("", f"/{File.HEARTBEAT}", f"/{File.METRICS}", f"/{File.EVENTS}")
_UNSEEN = 0, -2
_LISTING_SECONDS = 300.0  # the folder is listed anew when it changed, and at the latest after this
_MOST_UNMADE = 50  # folders that are no runs, and may become some, looked at each time

_Stamp = tuple[tuple[int, int], ...]  # ns since 1970 and bytes, a file each


class Rounds:
    """Goes its rounds through the runs of a folder. Used by one thread at a time."""

    def __init__(self, root: Path, listing: Callable[[], list[Run]]) -> None:
        """`listing` finds the runs below `root`, the newest first. It may raise StickgenError."""
        self.root = root.absolute()
        self.runs: list[Run] = []
        self._listing = listing
        self._listed = -1, -_LISTING_SECONDS  # ns since 1970 of the folder, and when
        self._unmade: list[str] = []
        self._restless: dict[Path, Run] = {}  # those that are going, and those not looked at yet
        self._stamps: dict[Path, _Stamp] = {}  # of the others, as they were when they were looked at
        self._turn = 0

    def list_again(self) -> bool:
        """List the runs, if the folder may have others now; whether it was listed."""
        try:
            changed = self.root.stat().st_mtime_ns
        except OSError:
            changed = -1
        now = time.monotonic()
        same = changed == self._listed[0] and now - self._listed[1] < _LISTING_SECONDS
        if same and not any(is_run(f"{self.root}/{name}") for name in self._unmade):
            return False
        known = {run.path: run for run in self.runs}
        self.runs = [known.get(run.path, run) for run in self._listing()]
        self._listed = (changed if has_settled(changed) else -2), now
        names = {run.name for run in self.runs}
        self._unmade = [name for name in self._names() if name not in names][:_MOST_UNMADE]
        self._stamps = {run.path: self._stamps[run.path] for run in self.runs if run.path in self._stamps}
        self._restless = {run.path: run for run in self.runs if run.path not in self._stamps}
        return True

    def due(self, shown: Iterable[Run]) -> list[Run]:
        """The runs to look at now, by `look_at`: of those that are not `shown` only some, in turn."""
        out = dict(self._restless)
        resting = [run for run in shown if run.path in self._stamps]
        for run in (*resting, *self._next(self.runs, OTHERS_A_LOOK)):
            stamp = self._stamps.get(run.path)
            if stamp is not None and stamp[0] != _told_by(str(run.path)):
                out[run.path] = run
        for run in self._next(resting, _WHOLE_A_LOOK):
            if self._stamps[run.path] != stamp_of(run.path):
                out[run.path] = run
        self._turn += 1
        return list(out.values())

    def _next(self, runs: list[Run], count: int) -> list[Run]:
        """The next so many of them, from the first again after the last."""
        start = self._turn % max(-(-len(runs) // count), 1) * count
        return runs[start : start + count]

    def look_at(self, run: Run, at_rest: Callable[[], bool]) -> None:
        """Have `at_rest` look at a run and say whether it will change no more until a file does."""
        stamp = stamp_of(run.path)  # before the look: what comes in between is then looked at again
        if at_rest() and stamp is not None and has_settled(max(changed for changed, _ in stamp)):
            self._stamps[run.path] = stamp
            self._restless.pop(run.path, None)
        else:
            self._stamps.pop(run.path, None)
            self._restless[run.path] = run

    def _names(self) -> list[str]:
        try:
            return os.listdir(self.root)  # noqa: PTH208 - names are all that is needed
        except OSError:
            return []


def stamp_of(path: Path) -> _Stamp | None:
    """When each file that tells how the run at `path` is was last changed, and its size; None if it cannot be seen."""
    stamp = tuple(_told_by(f"{path}{name}") for name in _TOLD_BY)
    return None if _UNSEEN in stamp else stamp


def _told_by(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path each costs more than the look
    except FileNotFoundError:
        return 0, -1
    except OSError:
        return _UNSEEN
    return status.st_mtime_ns, status.st_size
