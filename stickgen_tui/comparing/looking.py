"""The runs of the folder, looked at again and again at a cost that does not grow with their number.

The first look is at all of them, in pieces, so that the newest are on screen at once. After that at those that are going,
those that are on screen, and some of the others in turn; of a run that has ended, whose files did not change, a look is a
few stats.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path

from stickgen.catalogue.catalogue import Catalogue
from stickgen.catalogue.entry import Entry
from stickgen.run_contract import File
from stickgen.runs.store import Run, list_runs

_PIECE = 50  # runs looked at before they are shown, the first time
_OTHERS_A_LOOK = 20  # runs that are not on screen, looked at each time
_LISTING_SECONDS = 30.0  # the folder is listed anew when it changed, and at the latest after this
_STAMPED = (File.IDENTITY, File.EXIT, File.HEARTBEAT, File.METRICS, File.LABELS, File.CONFIG, File.LIVE)


class RunLooker:
    """Entries of all runs, the newest first. Used by one worker at a time."""

    def __init__(self, root: Path | None) -> None:
        self.catalogue = Catalogue(root)
        self.entries: list[Entry] = []
        self._stamps: dict[Path, tuple[int, ...]] = {}
        self._runs: list[Run] = []
        self._listed_at: tuple[int, float] = (-1, -_LISTING_SECONDS)
        self._turn = 0

    def look(self, shown: Collection[Path] = ()) -> Iterator[list[Entry]]:
        """What is known after each piece of the look; the last one is all of it. `shown` are the runs on screen.

        Raises StickgenError if the folder cannot be read.
        """
        self._list()
        known = {entry.run.path: entry for entry in self.entries}
        others = [run.path for run in self._runs if run.path not in shown]
        start = self._turn % max(len(others), 1)
        self._turn = start + _OTHERS_A_LOOK
        due = {*shown, *(others + others)[start : start + _OTHERS_A_LOOK]}
        found: list[Entry] = []
        new = 0
        for run in self._runs:
            entry = known.get(run.path)
            if entry is None or entry.state.alive or (run.path in due and self._changed(run)):
                new += entry is None
                self._stamps[run.path] = _stamps(run)
                entry = self.catalogue.entry(run)
            found.append(entry)
            if entry.run.path not in known and new % _PIECE == 0 and len(found) < len(self._runs):
                self.entries = [*found, *(known[r.path] for r in self._runs[len(found) :] if r.path in known)]
                yield self.entries
        self.entries = found
        self.catalogue.settle()
        yield found

    def look_at(self, run: Run) -> None:
        """Look at one run now, because something was done to it."""
        entry = self.catalogue.entry(run)
        self.entries = [entry if known.run.path == run.path else known for known in self.entries]

    def _changed(self, run: Run) -> bool:
        return self._stamps.get(run.path) != _stamps(run)

    def _list(self) -> None:
        try:
            stamp = self.catalogue.root.stat().st_mtime_ns
        except OSError:
            stamp = -1
        now = time.monotonic()
        if stamp != self._listed_at[0] or now - self._listed_at[1] > _LISTING_SECONDS:
            self._runs, self._listed_at = list_runs(self.catalogue.root), (stamp, now)
            self.catalogue.forget_others(self._runs)


def _stamps(run: Run) -> tuple[int, ...]:
    """What changes when something of the run does."""
    out = []
    for name in _STAMPED:
        try:
            out.append((run.path / name).lstat().st_mtime_ns)
        except OSError:
            out.append(-1)
    return tuple(out)
