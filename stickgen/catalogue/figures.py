"""What a metrics log says of each figure: the last value, the best, and both of them smoothed.

The log is read once, in pieces, and folded into a few numbers a figure; what is appended later is folded on top. A
figure of a training record is called by its field (`loss`, `lr`), one of a validation `val.` and its field
(`val.loss_pose`), one of an evaluation by its field again (`quality_contrast`).

Smoothed means the running mean of the newest records of the figure: 50 of training, 5 of validation and evaluation. A
run that was resumed from an older checkpoint goes back in steps: what it had recorded beyond no longer counts. The mean
then begins again with what is left of its records.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from operator import itemgetter, lt, neg, sub
from typing import Any

from stickgen.run_contract import PROGRESS, STAMPS, Field, RecordKind, Unit, higher_is_better, unit_of

_NOT_MEASURED = STAMPS | PROGRESS | {"crc32"}
_BARE = (None, RecordKind.TRAIN, RecordKind.QUALITY)  # kinds whose fields stand without their kind
_MOST_BESTS = 1024  # steps at which a figure became the best so far; of more, half are forgotten, evenly
VAL = f"{RecordKind.VAL}."
# what may stand behind a figure: whether its best value is meant, and whether it is smoothed
VIEWS = {".best": (True, False), ".smoothed": (False, True), ".smoothed_best": (True, True)}


@dataclass(frozen=True)
class Figure:
    """A figure at the end of the log. nan: the value was not finite. Steps are those of the training."""

    last: float
    last_step: int
    best: float
    best_step: int
    smoothed: float
    smoothed_best: float
    smoothed_best_step: int

    def value(self, *, best: bool = False, smoothed: bool = False) -> float:
        """The one of its four values that is asked for."""
        if best:
            return self.smoothed_best if smoothed else self.best
        return self.smoothed if smoothed else self.last

    @classmethod
    def from_json(cls, kept: Mapping[str, float | None]) -> Figure:
        """Of its own members; null is nan. Raises TypeError or ValueError if they are not that."""
        found = {name: math.nan if value is None else float(value) for name, value in kept.items()}
        steps = {name: int(value) for name, value in found.items() if name.endswith("_step")}
        return cls(**{**found, **steps})  # type: ignore[arg-type]


@dataclass
class Fold:
    """One figure, folded. `bests` are the steps at which it became the best so far, with its values there."""

    window: int
    downward: bool  # whether less is better
    kept: int = 0  # how many of `recent`; 0 for as many as the window
    at: int = -1  # the newest step
    last: float = math.nan
    recent: list[tuple[int, float]] = field(default_factory=list)  # the newest finite ones
    not_finite: list[int] = field(default_factory=list)  # the newest steps at which it was not
    bests: list[tuple[int, float]] = field(default_factory=list)
    smoothed_bests: list[tuple[int, float]] = field(default_factory=list)

    def extend(self, steps: Sequence[int], values: Sequence[float]) -> None:
        """Add values whose steps rise, and are behind those before."""
        if not steps:
            return
        self.at, self.last = steps[-1], values[-1]
        if not all(map(math.isfinite, values)):
            pairs = [(step, value) for step, value in zip(steps, values, strict=True) if math.isfinite(value)]
            finite = {step for step, _ in pairs}
            self.not_finite = [*self.not_finite, *(step for step in steps if step not in finite)][
                -self.window :
            ]
            if not pairs:
                return
            steps, values = [step for step, _ in pairs], [value for _, value in pairs]
        self._note_bests(self.bests, steps, values)
        before = self.recent[-self.window :]
        all_steps = [*(step for step, _ in before), *steps]
        all_values = [*(value for _, value in before), *values]
        first = max(len(before) - self.window + 1, 0)  # the first window with something new in it
        if len(all_values) - self.window >= first:
            sums = list(accumulate(all_values, initial=0.0))
            means = [
                total / self.window
                for total in map(sub, sums[first + self.window :], sums[first : len(sums) - self.window])
            ]
            self._note_bests(self.smoothed_bests, all_steps[first + self.window - 1 :], means)
        newest = zip(steps, values, strict=True)
        self.recent = [*self.recent, *newest][-(self.kept or self.window) :]

    def _note_bests(
        self, bests: list[tuple[int, float]], steps: Sequence[int], values: Sequence[float]
    ) -> None:
        keys = values if self.downward else list(map(neg, values))
        sign = 1 if self.downward else -1
        best = sign * bests[-1][1] if bests else math.inf
        if min(keys) >= best:
            return
        for step, key in zip(steps, keys, strict=True):
            if key < best:
                best = key
                bests.append((step, sign * key))
        if len(bests) > _MOST_BESTS:
            bests[:] = _spread(bests)

    def cut(self, step: int) -> None:
        """Forget what was recorded at `step` and beyond it."""
        for kept in (self.recent, self.bests, self.smoothed_bests):
            while kept and kept[-1][0] >= step:
                kept.pop()
        while self.not_finite and self.not_finite[-1] >= step:
            self.not_finite.pop()
        if self.at >= step:
            self.at, self.last = self.recent[-1] if self.recent else (-1, math.nan)
            if self.not_finite and self.not_finite[-1] > self.at:
                self.at, self.last = self.not_finite[-1], math.nan

    def figure(self) -> Figure | None:
        """What it comes to; None if nothing was measured."""
        if self.at < 0:
            return None
        best_step, best = self.bests[-1] if self.bests else (self.at, math.nan)
        newest = [value for _, value in self.recent[-self.window :]]
        mean = math.fsum(newest) / len(newest) if newest else math.nan
        smoothed_step, smoothed = self.smoothed_bests[-1] if self.smoothed_bests else (self.at, mean)
        return Figure(self.last, self.at, best, best_step, mean, smoothed, smoothed_step)


class Figures:
    """All figures of a log, folded record by record."""

    def __init__(self) -> None:
        self._folds: dict[str, Fold] = {}
        self._top = -1  # the newest step of all kinds
        self._top_of: dict[str, int] = {}

    def add(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Fold records in the order in which they stand in the log."""
        start = 0
        for at, record in enumerate(records):
            step, kind = record.get(Field.STEP), str(record.get(Field.KIND, RecordKind.TRAIN))
            if type(step) is not int:
                continue
            if step < self._top or step <= self._top_of.get(kind, -1):
                self._fold(records[start:at])
                start = at
                self._go_back(kind, step)
            self._top = self._top_of[kind] = step
        self._fold(records[start:])

    def _go_back(self, kind: str, step: int) -> None:
        """A resumed run is at `step` again: of the other kinds, what was measured at this very step still holds."""
        for name, fold in self._folds.items():
            fold.cut(step if _kind_of(name) == kind else step + 1)
        self._top_of = {
            other: min(top, step - 1 if other == kind else step) for other, top in self._top_of.items()
        }

    def _fold(self, records: Sequence[Mapping[str, Any]]) -> None:
        by_kind: dict[str | None, list[Mapping[str, Any]]] = {}
        for record in records:
            if type(record.get(Field.STEP)) is int:
                by_kind.setdefault(record.get(Field.KIND), []).append(record)
        for kind, of_kind in by_kind.items():
            prefix = "" if kind in _BARE else f"{kind}."
            for name, (steps, values) in _columns(of_kind).items():
                fold = self._folds.get(prefix + name)
                if fold is None:
                    fold = self._folds[prefix + name] = _fold_of(kind, name)
                if all(map(lt, steps, islice(steps, 1, None))):
                    fold.extend(steps, values)
                else:  # two records of a step in a row
                    for step, value in zip(steps, values, strict=True):
                        fold.cut(step)
                        fold.extend([step], [value])

    def summary(self) -> dict[str, Figure]:
        """Each figure by its name."""
        found = {name: fold.figure() for name, fold in self._folds.items()}
        return {name: figure for name, figure in found.items() if figure is not None}

    # -- kept between two looks

    def to_json(self) -> dict[str, Any]:
        """All that is needed to go on from here."""
        return {
            "top": self._top,
            "top_of": self._top_of,
            "folds": {name: vars(fold) for name, fold in self._folds.items()},
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Figures:
        """What `to_json` gave. Raises ValueError, TypeError or KeyError if it is not that."""
        figures = cls()
        figures._top, figures._top_of = int(kept["top"]), dict(kept["top_of"])
        for name, fold in kept["folds"].items():
            pairs = {
                part: [(int(step), float(value)) for step, value in fold[part]]
                for part in ("recent", "bests", "smoothed_bests")
            }
            last = math.nan if fold["last"] is None else float(fold["last"])
            figures._folds[name] = Fold(
                int(fold["window"]),
                bool(fold["downward"]),
                int(fold["kept"]),
                int(fold["at"]),
                last,
                not_finite=[int(step) for step in fold["not_finite"]],
                **pairs,
            )
        return figures


def _columns(records: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Sequence[int], Sequence[float]]]:
    """What was measured, by name: the steps and the values. JSON has no nan: null stands for it."""
    names = tuple(records[0])
    if len(names) > 1 and all(len(record) == len(names) for record in records):
        try:
            found = zip(*map(itemgetter(*names), records), strict=True)
        except KeyError:  # of different shapes
            pass
        else:
            columns = dict(zip(names, found, strict=True))
            steps = columns[Field.STEP]
            return {
                name: column
                for name, values in columns.items()
                if name not in _NOT_MEASURED and (column := _numbers(name, steps, values))[0]
            }
    names = tuple(dict.fromkeys(name for record in records for name in record if name not in _NOT_MEASURED))
    out = {}
    for name in names:
        having = [record for record in records if name in record]
        out[name] = _numbers(name, [r[Field.STEP] for r in having], [r[name] for r in having])
    return {name: column for name, column in out.items() if column[0]}


def _numbers(name: str, steps: Sequence[int], values: Sequence[Any]) -> tuple[Sequence[int], Sequence[float]]:
    """Those values that are numbers, and those that are not finite; memory that a device does not have is neither."""
    kinds = set(map(type, values))
    if kinds <= {int, float}:
        return steps, values
    no_number = Unit.BYTES is unit_of(name)
    pairs = [
        (step, math.nan if value is None else value)
        for step, value in zip(steps, values, strict=True)
        if type(value) in (int, float) or (value is None and not no_number)
    ]
    return [step for step, _ in pairs], [value for _, value in pairs]


def _fold_of(kind: str | None, name: str) -> Fold:
    """An empty fold; of the rarer kinds it keeps more, because a resume may go back behind many of them."""
    often = kind in (None, RecordKind.TRAIN)
    return Fold(50 if often else 5, not higher_is_better(name), 0 if often else 2000)


def _spread(bests: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The last of them, and such before it as are far enough apart that half of the most remain at most."""
    gap = 2 * (bests[-1][0] - bests[0][0]) / _MOST_BESTS
    kept = [bests[-1]]
    for pair in reversed(bests[:-1]):
        if kept[-1][0] - pair[0] > gap:
            kept.append(pair)
    return kept[::-1]


def split_view(name: str) -> tuple[str, bool, bool]:
    """`val.loss.best` → (`val.loss`, best, not smoothed)."""
    for ending, (best, smoothed) in VIEWS.items():
        if name.endswith(ending):
            return name.removesuffix(ending), best, smoothed
    return name, False, False


def _kind_of(name: str) -> str:
    kind, dot, _ = name.partition(".")
    if dot:
        return kind
    return RecordKind.QUALITY if name.startswith(RecordKind.QUALITY) else RecordKind.TRAIN
