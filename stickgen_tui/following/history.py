"""The curves of a run, folded from its metrics log, however long: the newest points first, then all of them in order."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from itertools import accumulate, islice
from operator import itemgetter, lt
from pathlib import Path
from typing import Any

from stickgen.foreign_files import open_regular
from stickgen.record_log import RecordReader, decode_lines, newest_records
from stickgen.run_contract import PROGRESS, STAMPS, Field, RecordKind
from stickgen_tui.following import history_cache
from stickgen_tui.following.series import Detail, Series

# What a record carries beside measurements.
_NOT_MEASURED = STAMPS | PROGRESS | {"crc32"}
_BESIDE = {RecordKind.VAL, RecordKind.QUALITY}  # kinds of records that stand beside those of training
CLOCKS = (Field.TIME, Field.EPOCH)  # what rises along with the step
_AT_ONCE_BYTES = 256 * 1024  # folded before the lock is let go, so that drawing never waits long
_PEEK_BYTES = 2**20  # of a long log's end, drawn before the rest is read
_MOST_IN_DETAIL = 20_000  # points that are read once more
_LONG_BYTES = 4 * 2**20  # a log of this length is read in the order: end, then all from the start


@dataclass
class Curves:
    """The series of a run by the name of their field, all over the training step."""

    train: dict[str, Series] = field(default_factory=dict)
    validation: dict[str, Series] = field(default_factory=dict)
    clocks: dict[str, Series] = field(
        default_factory=dict
    )  # of CLOCKS, from the records of training; never falling
    newest: dict[str, Any] = field(default_factory=dict)  # the last train record

    def all(self) -> list[Series]:
        """Every series there is."""
        return [series for part in (self.train, self.validation, self.clocks) for series in part.values()]

    def fold(self, records: Sequence[dict[str, Any]]) -> None:
        """Sort the measurements of many records into their series, column by column."""
        train = [record for record in records if record.get(Field.KIND) not in _BESIDE]
        if train:
            self._fold(train, self.train)
        if len(train) < len(records):
            self._fold([record for record in records if record.get(Field.KIND) in _BESIDE], self.validation)

    def _fold(self, records: list[dict[str, Any]], into: dict[str, Series]) -> None:
        columns = _columns(records)
        if columns is None:  # of several shapes
            for record in records:
                if type(record.get(Field.STEP)) is int:
                    self._fold_columns({name: (value,) for name, value in record.items()}, into)
        else:
            self._fold_columns(columns, into)
        if into is self.train:
            stepped = (record for record in reversed(records) if type(record.get(Field.STEP)) is int)
            self.newest = next(stepped, self.newest)

    def _fold_columns(self, columns: dict[str, tuple[Any, ...]], into: dict[str, Series]) -> None:
        xs = array("d", columns[Field.STEP])
        if not all(
            map(lt, xs, islice(xs, 1, None))
        ):  # a resumed run went back among these: up to there first
            back = next(at for at in range(1, len(xs)) if xs[at] <= xs[at - 1])
            self._fold_columns({name: values[:back] for name, values in columns.items()}, into)
            self._fold_columns({name: values[back:] for name, values in columns.items()}, into)
            return
        for name, values in columns.items():
            if name in _NOT_MEASURED and not (name in CLOCKS and into is self.train):
                continue
            try:
                own_xs, ys = xs, array("d", values)
            except (TypeError, OverflowError):
                own_xs, ys = _numbers(xs, values)
                if name in into:
                    into[name].not_finite += values.count(None)  # JSON has no NaN: the writer puts null
            if not ys:
                continue
            if name in CLOCKS:
                series = self.clocks.setdefault(name, Series())
                on = series.ys and xs[0] > series.xs[-1]
                before = series.ys[-1] if on else ys[0]
                ys = array("d", accumulate(ys, max, initial=before))[
                    1:
                ]  # a clock that is set back stands still
            else:
                series = into.setdefault(name, Series())
            series.extend(own_xs, ys, rising=True)


def _columns(records: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]] | None:
    """The values of records by name, None if they do not all have the same names, and a step."""
    names = tuple(records[0])
    if len(names) < 2 or Field.STEP not in names or set(map(len, records)) != {len(names)}:
        return None
    try:
        columns = dict(zip(names, zip(*map(itemgetter(*names), records), strict=True), strict=True))
    except KeyError:
        return None
    return columns if set(map(type, columns[Field.STEP])) == {int} else None


def _numbers(xs: array[float], values: tuple[Any, ...]) -> tuple[array[float], array[float]]:
    """Those values that are numbers, each with its x."""
    out = array("d"), array("d")
    if values.count(None) == len(values):
        return out
    for x, value in zip(xs, values, strict=True):
        if isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**1000):
            out[0].append(x)
            out[1].append(value)
    return out


@dataclass(frozen=True)
class Piece:
    """A stretch of the log, by its bytes and by the steps that its records are of."""

    start: int
    end: int
    first_step: float
    last_step: float


class History:
    """Reads the metrics log of a run into `curves`, which belong to whoever holds `lock`."""

    def __init__(self, path: Path, lock: threading.Lock, cache: Path | None = None) -> None:
        self.path = path
        self.curves = Curves()
        self.reader = RecordReader(path)
        self.behind = False  # whether there is more to read than was read
        self.progress: float | None = None  # while a long log is read: how much of it, 0 to 1
        self._lock = lock
        self._cache = cache
        self._begun = False
        self._begun_again = 0
        self._keep_all = False  # until the end is reached: a resumed run replaces old points
        self._cached_bytes = 0
        self._pieces: list[Piece] = []  # all that was read, in the order of the log
        self._peeked: dict[
            str, Any
        ] = {}  # the newest train record of the log's end, while what is before it is read

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
        self.progress = self.reader.offset / size if self.behind and size > _LONG_BYTES else None
        return found

    def _fold(self, records: list[dict[str, Any]], start: int) -> None:
        if self.reader.begun_again != self._begun_again:
            self._begun_again = self.reader.begun_again
            self.curves, self._pieces, start = Curves(), [], 0
        self.curves.fold(records)
        steps = [step for record in records if type(step := record.get(Field.STEP)) is int]
        if steps:
            self._pieces.append(Piece(start, self.reader.offset, min(steps), max(steps)))
        self.curves.newest = self._peeked or self.curves.newest
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
        if self._size() <= _LONG_BYTES:
            return False
        cached = history_cache.load(self._cache, self.reader) if self._cache is not None else None
        if cached is not None:
            with self._lock:
                self.curves = Curves(*cached[:4])
                self._pieces = [Piece(*numbers) for numbers in cached[4]]
            self._cached_bytes = self.reader.offset
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
        self.curves, self._pieces = Curves(), []
        self._peek()

    def _end_reached(self) -> bool:
        """All that is there is read. Whether that changes what is drawn."""
        every = self.curves.all()
        ahead = [series for series in every if series.ahead is not None]
        with self._lock:
            for series in ahead:
                series.ahead = None
            self._peeked = {}
            if self._keep_all:
                self._keep_all = False
                for series in every:
                    series.forget_old_points()
        grown = self.reader.offset - self._cached_bytes
        if self._cache is not None and grown > max(_LONG_BYTES, self.reader.offset // 20):
            self._cached_bytes = self.reader.offset
            curves = self.curves
            pieces = [astuple(piece) for piece in self._pieces]
            parts = (curves.train, curves.validation, curves.clocks, curves.newest, pieces)
            history_cache.save(self._cache, self.reader, parts)
        return bool(ahead)

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0
