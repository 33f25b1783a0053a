"""Labels of each tenth of a second, as mocap6dataset gives them for CMU's exercises: a file of numbers for each clip."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from stickgen.errors import StickgenError
from stickgen.importing.decoding import decode
from stickgen.importing.format import Known, Segment, beside
from stickgen.importing.public_set import Describe, PublicSet
from stickgen.importing.sources import Found
from stickgen.text import clean

_MAX_RATE = 1000.0


@dataclass(frozen=True)
class _Key:
    """What the numbers mean: `names` from the number `first` on, `rate` of them a second, `counts` for each clip."""

    rate: float
    first: int
    names: tuple[str, ...]
    counts: Mapping[str, int | None]


def _is_table(file: Found) -> bool:
    return file.base.lower() == "labels.json" and b'"rate_hz"' in file.head()


def _describe(tables: Sequence[Found], files: Sequence[Found]) -> Describe:
    segments: dict[str, tuple[Segment, ...]] = {}
    for table in tables:
        key = _read_key(table)
        for clip, count in key.counts.items():
            numbers = beside(files, table, f"{clip}.txt")
            if numbers is not None:
                segments[clip.casefold()] = _segments(numbers, key, count)

    def describe(file: Found) -> Known | None:
        found = segments.get(file.stem.casefold())
        return Known(segments=found) if found and file.suffix != ".txt" else None

    return describe


def _read_key(table: Found) -> _Key:
    try:
        told = json.loads(decode(table.read()))
        counts = {str(clip): about.get("n_labels") for clip, about in told["clips"].items()}
        key = _Key(
            float(told["rate_hz"]), int(told.get("first_label_value", 0)), tuple(told["names"]), counts
        )
        if not 0 < key.rate <= _MAX_RATE or not all(isinstance(name, str) for name in key.names):
            raise ValueError
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        raise StickgenError(
            f"{table.name}: not a key to labels of frames (`rate_hz`, `first_label_value`, `names`, `clips`); get it again"
        ) from None
    return key


def _segments(numbers: Found, key: _Key, count: int | None) -> tuple[Segment, ...]:
    """The stretches of one label each. One that names none of the 64 actions stays, so that its frames have none."""
    labels: list[str] = []
    for line, text in enumerate(decode(numbers.read()).splitlines(), 1):
        for word in text.split():
            place = int(word) - key.first if re.fullmatch(r"\d{1,6}", word) else -1
            if not 0 <= place < len(key.names):
                said = clean(word, limit=20)
                raise StickgenError(
                    f"{numbers.name}:{line}: {said!r} is no label; they go from {key.first} to "
                    f"{key.first + len(key.names) - 1}"
                )
            labels.append(key.names[place])
    if count is not None and count != len(labels):
        raise StickgenError(f"{numbers.name}: {len(labels)} labels where {count} belong; get it again")
    found, at = [], 0
    for label, same in groupby(labels):
        begin, at = at, at + len(list(same))
        # JumpJack → jump jack
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).lower()
        found.append(Segment(begin / key.rate, at / key.rate, words))
    return tuple(found)


SET = PublicSet(
    name="Labels of frames",
    reads="`labels.json` with `14_06.txt` (mocap6dataset): a number for each tenth of a second labels the clip of that name "
    "stretch by stretch",
    is_table=_is_table,
    describe=_describe,
)
