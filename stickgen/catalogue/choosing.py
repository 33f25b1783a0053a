"""Which runs, and in which order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from stickgen.catalogue.entry import FACTS, Entry
from stickgen.catalogue.figures import VAL, split_view
from stickgen.catalogue.query import Query
from stickgen.config.schema import KEY_BY_PATH
from stickgen.run_contract import higher_is_better

LATEST_FIRST = ("created",)  # what is sorted downward unless asked otherwise


def is_figure(name: str) -> bool:
    """Whether a full name is that of a figure, and neither of a fact nor of a key."""
    return name not in FACTS and name not in KEY_BY_PATH


def needs(names: Iterable[str]) -> tuple[bool, bool]:
    """Whether figures, and whether configs, must be read to know these fields."""
    asked = set(names)
    return any(is_figure(name) for name in asked), any(name in KEY_BY_PATH for name in asked)


def chosen(
    entries: Iterable[Entry],
    query: Query,
    sort: str = "",
    *,
    best: bool = False,
    smoothed: bool = False,
    reverse: bool = False,
) -> list[Entry]:
    """The entries that pass the filter, in the order asked for: those that are going first without one."""
    passed = [entry for entry in entries if query.holds(entry.value)]
    if sort:
        return ordered(passed, sort, best=best, smoothed=smoothed, reverse=reverse)
    return sorted(passed, key=lambda entry: not entry.state.alive)


def ordered(
    entries: Sequence[Entry], name: str, *, best: bool = False, smoothed: bool = False, reverse: bool = False
) -> list[Entry]:
    """The entries by one field: the better figure first, the later moment, else the smaller number or text.

    What a run does not have, or is not finite, comes last either way. Equal ones keep their order.
    """
    downward = reverse != (
        name in LATEST_FIRST or (is_figure(name) and higher_is_better(split_view(name)[0].removeprefix(VAL)))
    )
    numbers: list[tuple[float, Entry]] = []
    texts: list[tuple[str, Entry]] = []
    without: list[Entry] = []
    for entry in entries:
        value = entry.value(name, best=best, smoothed=smoothed)
        if isinstance(value, tuple):
            value = " ".join(value)
        if isinstance(value, str) and value:
            texts.append((value.casefold(), entry))
        elif isinstance(value, int | float) and math.isfinite(value):
            numbers.append((float(value), entry))
        else:
            without.append(entry)
    numbers.sort(key=lambda pair: pair[0], reverse=downward)
    texts.sort(key=lambda pair: pair[0], reverse=downward)
    return [*(entry for _, entry in numbers), *(entry for _, entry in texts), *without]
