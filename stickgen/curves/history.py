"""The curves of a run, folded from its metrics log, however long: the newest points first, then all of them in order."""

from __future__ import annotations

import threading
import time
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from stickgen.curves import cache as kept
from stickgen.curves.folding import Curves
from stickgen.curves.lengths import has_grown_much, is_long
from stickgen.curves.series import Detail, Series
from stickgen.foreign_files import open_regular
from stickgen.record_log import RecordReader, decode_lines, newest_records, whole_numbers
from stickgen.run_contract import Field

_AT_ONCE_BYTES = 512 * 1024  # folded before the lock is let go, so that drawing never waits long
_PEEK_BYTES = 2**20  # of a long log's end, drawn before the rest is read
_MOST_IN_DETAIL = 20_000  # points that are read once more


@dataclass(frozen=True)
class Piece:
    """A stretch of the log, by its bytes and by the steps that its records are of."""

    start: int
    end: int
    first_step: float
    last_step: float


class History:
    """Reads the metrics log of a run into `curves`, which belong to whoever holds `lock`."""

    def __init__(
        self, path: Path, lock: threading.Lock, cache: Path | None = None, beside: Path | None = None
    ) -> None:
        """`cache` is the file in which it keeps what it folded, `beside` one that somebody else may keep."""
        self.path = path
        self.curves = Curves()
        self.reader = RecordReader(path)
        self.behind = False  # whether there is more to read than was read
        self.progress: float | None = None  # while a long log is read: how much of it, 0 to 1
        self._lock = lock
        self._cache = cache
        self._beside = beside
        self._begun = False
        self._begun_again = 0
        self._keep_all = False  # until the end is reached: a resumed run replaces old points
        self.kept_bytes = 0  # of the log, whose curves are in a file
        self._pieces: list[Piece] = []  # all that was read, in the order of the log
        # the newest train record of the log's end, while what is before it is read, and of what was read
        self._peeked: dict[str, Any] = {}
        self._newest: dict[str, Any] = {}

    def read(self, seconds: float, closed: threading.Event) -> bool:
        """Fold what is new, for about so long, and a long log's end first. Whether there was anything."""
        began = time.monotonic()
        self.behind = False
        found = not self._begun and self._begin()
        while not closed.is_set() and not (found and self.behind):
            start = self.reader.offset
            records = self.reader.read_new(_AT_ONCE_BYTES)
            if not records:
                found |= self._end_reached()
                break
            found = True
            with self._lock:
                self._fold(records, start)
            self.behind = time.monotonic() - began > seconds
        size = self._size()
        self.progress = self.reader.offset / size if self.behind and is_long(size) else None
        return found

    def _fold(self, records: list[dict[str, Any]], start: int) -> None:
        if self.reader.begun_again != self._begun_again:
            self._begun_again = self.reader.begun_again
            self.curves, self._pieces, start = Curves(), [], 0
            self.kept_bytes, self._peeked, self._newest = 0, {}, {}
        self.curves.newest = self._newest
        self.curves.fold(records)
        self._newest = self.curves.newest
        steps = whole_numbers(records, Field.STEP)
        if steps:
            self._pieces.append(Piece(start, self.reader.offset, min(steps), max(steps)))
        self.curves.newest = self._peeked or self._newest
        every = self.curves.all()
        if any(series.cut_too_deep for series in every):
            self._read_again()
        elif not self._keep_all:
            for series in every:
                series.forget_old_points()

    def needs_detail(self, low_step: float, high_step: float) -> bool:
        """Whether old points between these steps are to be seen so closely that groups of them are too coarse."""
        counts = [series.coarse_between(low_step, high_step) for series in self.curves.train.values()]
        return 0 < max(counts, default=0) <= _MOST_IN_DETAIL

    def read_detail(self, low_step: float, high_step: float) -> None:
        """Read the records around these steps once more, and draw every one of them. Takes the lock only at its end."""
        width = high_step - low_step
        low_step, high_step = low_step - width / 2, high_step + width / 2
        with self._lock:
            pieces = [p for p in self._pieces if p.first_step <= high_step and p.last_step >= low_step]
        there = Curves()
        try:
            with open_regular(self.path) as file:
                for piece in pieces:
                    file.seek(piece.start)
                    lines = file.read(piece.end - piece.start).split(b"\n")
                    there.fold(decode_lines([line for line in lines if line]))
        except OSError:
            return
        with self._lock:
            for name in ("train", "validation", "clocks"):
                found = getattr(there, name)
                for own_name, series in getattr(self.curves, name).items():
                    points = found.get(own_name)
                    series.detail = None if points is None else Detail(low_step, high_step, points)

    def _begin(self) -> bool:
        """Take what the cache has, or else the log's end if it is long. Whether there is something to see."""
        self._begun = True
        if not is_long(self._size()):
            return False
        places = [place for place in (self._beside, self._cache) if place is not None]
        for place in sorted(
            places, key=kept.kept_bytes, reverse=True
        ):  # the one that leaves the least to read
            cached = kept.load(place, self.reader)
            if cached is None:
                continue
            with self._lock:
                self.curves = Curves(*cached[:4])
                self._newest = self.curves.newest
                self._pieces = [Piece(*numbers) for numbers in cached[4]]
            self.kept_bytes = self.reader.offset
            self.behind = self._size() - self.reader.offset > _PEEK_BYTES
            return True
        with self._lock:
            self._peek()
        self.behind = True
        return True

    def _peek(self) -> None:
        ends = Curves()
        ends.fold(newest_records(self.path, _PEEK_BYTES))
        self.curves.newest = self._peeked = ends.newest
        for name in ("train", "validation", "clocks"):
            own = getattr(self.curves, name)
            for field_name, series in getattr(ends, name).items():
                own.setdefault(field_name, Series()).ahead = series

    def _read_again(self) -> None:
        """Points were replaced that are only known by groups: read all from the start, and keep each until its end."""
        self._keep_all = True
        self.reader = RecordReader(self.path)
        self._begun_again = 0
        self.curves, self._pieces, self._newest = Curves(), [], {}
        self._peek()

    def _end_reached(self) -> bool:
        """All that is there is read. Whether that changes what is drawn."""
        every = self.curves.all()
        ahead = [series for series in every if series.ahead is not None]
        with self._lock:
            for series in ahead:
                series.ahead = None
            self._peeked = {}
            self.curves.newest = self._newest
            if self._keep_all:
                self._keep_all = False
                for series in every:
                    series.forget_old_points()
        if has_grown_much(self.reader.offset, self.kept_bytes):
            self.keep()
        return bool(ahead)

    def keep(self) -> None:
        """Write what was folded so far into the file for it, if it is of a long log and more than is there."""
        if self._cache is None or self.reader.offset <= self.kept_bytes or not is_long(self.reader.offset):
            return
        self.kept_bytes = self.reader.offset
        curves, pieces = self.curves, [astuple(piece) for piece in self._pieces]
        parts = (curves.train, curves.validation, curves.clocks, curves.newest, pieces)
        kept.save(self._cache, self.reader, parts)

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0
