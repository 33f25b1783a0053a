"""Records of the metrics log, folded into a series for each field: many at a time, column by column."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, compress, groupby, islice
from operator import itemgetter, le, lt
from typing import Any

from stickgen.curves.series import Series
from stickgen.run_contract import PROGRESS, STAMPS, Field, RecordKind

# What a record carries beside measurements.
_NOT_MEASURED = STAMPS | PROGRESS | {"crc32"}
_BESIDE = (RecordKind.VAL, RecordKind.QUALITY)  # kinds of records that stand beside those of training
CLOCKS = (Field.TIME, Field.EPOCH)  # what rises along with the step

Columns = dict[str, tuple[Any, ...]]  # values by name, one of each record


@dataclass
class Curves:
    """The series of a run by the name of their field, all over the training step.

    What they hold does not depend on how the records were cut into pieces to be folded.
    """

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
        """Sort the measurements of many records into their series."""
        train = [record for record in records if record.get(Field.KIND) not in _BESIDE]
        self._fold(train, self.train)
        if len(train) < len(records):
            self._fold([record for record in records if record.get(Field.KIND) in _BESIDE], self.validation)
        stepped = (record for record in reversed(train) if type(record.get(Field.STEP)) is int)
        self.newest = next(stepped, self.newest)

    def _fold(self, records: list[dict[str, Any]], into: dict[str, Series]) -> None:
        columns = _columns(records)
        if columns is not None:
            self._fold_columns(columns, into)
            return
        stepped = [record for record in records if type(record.get(Field.STEP)) is int]
        for _, alike in groupby(stepped, key=tuple):  # of several shapes: stretch by stretch
            self._fold_columns(_columns(list(alike)) or {}, into)

    def _fold_columns(self, columns: Columns, into: dict[str, Series]) -> None:
        """Add the columns, stretch by stretch in which the steps rise: a resumed run went back."""
        xs = array("d", columns.pop(Field.STEP))
        if all(map(lt, xs, islice(xs, 1, None))):
            for name, values in columns.items():
                self._extend(name, xs, values, into)
            return
        starts = [0, *(at for at in range(1, len(xs)) if xs[at] <= xs[at - 1])]
        for start, end in zip(starts, [*starts[1:], len(xs)], strict=True):
            for name, values in columns.items():
                self._extend(name, xs[start:end], values[start:end], into)

    def _extend(self, name: str, xs: array[float], values: tuple[Any, ...], into: dict[str, Series]) -> None:
        """Add the values at these rising steps to the series of that name."""
        if name in CLOCKS:
            if into is not self.train:
                return
            into = self.clocks
        series = into.get(name)
        try:
            ys = array("d", values)
            nulls = 0
        except (TypeError, OverflowError):
            begun = series is not None and bool(series.xs or series.first or series.not_finite)
            xs, ys, nulls = _numbers(xs, values, begun=begun)
        if not (ys or nulls):
            return
        if series is None:
            series = into[name] = Series()
        series.not_finite += nulls
        if into is self.clocks:
            numbers = len(ys)
            xs, ys = _finite(xs, ys)
            series.not_finite += numbers - len(ys)
        if not ys:
            return
        if into is self.clocks:
            before = series.ys[-1] if series.ys and xs[0] > series.xs[-1] else ys[0]
            if ys[0] < before or not all(map(le, ys, islice(ys, 1, None))):
                ys = array("d", accumulate(ys, max, initial=before))[1:]  # one that is set back stands still
        series.extend(xs, ys, rising=True)


def _columns(records: Sequence[dict[str, Any]]) -> Columns | None:
    """The steps and what was measured at them, None if the records do not all have the same names, and a step."""
    if not records or Field.STEP not in (names := records[0]) or set(map(len, records)) != {len(names)}:
        return None
    wanted = [Field.STEP, *(name for name in names if name in CLOCKS or name not in _NOT_MEASURED)]
    if len(wanted) == 1:
        wanted.append(Field.STEP)  # so that there are columns to be cut from each record
    try:
        columns = dict(zip(wanted, zip(*map(itemgetter(*wanted), records), strict=True), strict=True))
    except KeyError:
        return None
    return columns if set(map(type, columns[Field.STEP])) == {int} else None


def _numbers(
    xs: array[float], values: tuple[Any, ...], *, begun: bool
) -> tuple[array[float], array[float], int]:
    """Those values that are numbers, each with its x, and how many are null, as the writer puts what is not finite.

    Before the first number of a series (`begun`: there was one), null says that there is no such thing.
    """
    nulls = values.count(None)
    if nulls == len(values):
        return array("d"), array("d"), nulls if begun else 0
    numbers = [
        isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**1000) for value in values
    ]
    own = array("d", compress(xs, numbers)), array("d", compress(values, numbers))
    if not begun and True in numbers:
        nulls = values[numbers.index(True) :].count(None)
    return *own, nulls if begun or True in numbers else 0


def _finite(xs: array[float], ys: array[float]) -> tuple[array[float], array[float]]:
    """Those of the points whose y is finite."""
    if math.isfinite(sum(ys)):
        return xs, ys
    known = list(map(math.isfinite, ys))
    return array("d", compress(xs, known)), array("d", compress(ys, known))
