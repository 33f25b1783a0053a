"""What a run can be asked for by name: facts of it, keys of its config, figures of its metrics.

A figure may be followed by which of its values is meant: `val.loss` is the last one, `val.loss.best`,
`val.loss.smoothed` and `val.loss.smoothed_best` are the others. A key of the config may be called by its last part
alone, if no other key, fact or figure is called so.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from stickgen.catalogue.entry import FACTS
from stickgen.catalogue.figures import VIEWS, split_view
from stickgen.config.schema import KEY_BY_PATH, KEYS
from stickgen.config.suggesting import nearest
from stickgen.errors import StickgenError
from stickgen.run_contract import MEASURED, RecordKind, contrast_field
from stickgen.text import clean
from stickgen.yaml_edit import path_of, path_text

_ALIASES = {"tags": "tag", "notes": "note", "total_steps": "steps"}
_KNOWN_FIGURES = frozenset(
    f"{RecordKind.VAL}.{name}" if kind is RecordKind.VAL else name
    for kind, units in MEASURED.items()
    for name in units
)


def is_figure(name: str) -> bool:
    """Whether a full name is that of a figure, and neither of a fact nor of a key."""
    return name not in FACTS and name not in KEY_BY_PATH


def resolver(logged: Callable[[], Iterable[str]]) -> Callable[[str], str]:
    """What turns a name as it was typed into the full one, and raises StickgenError if nothing is called so.

    `logged` gives the figures that the runs have; it is asked only about a name that this version does not know.
    """

    def resolve(typed: str) -> str:
        name = _ALIASES.get(typed.lower(), typed)
        if name in FACTS or name in KEY_BY_PATH:
            return name
        figure, best, smoothed = split_view(name)
        figure = figure.removeprefix(f"{RecordKind.TRAIN}.").removeprefix(f"{RecordKind.QUALITY}.")
        if _is_known_figure(figure) or figure in logged():
            return figure + next((end for end, view in VIEWS.items() if view == (best, smoothed)), "")
        keys = [key.path for key in KEYS if key.name == name]
        if len(keys) == 1:
            return keys[0]
        raise StickgenError(_unknown(typed, keys, logged()))

    return resolve


def _is_known_figure(name: str) -> bool:
    return name in _KNOWN_FIGURES or name.startswith(contrast_field(""))


def _unknown(typed: str, keys: list[str], logged: Iterable[str]) -> str:
    shown = clean(typed, single_line=True, limit=60)
    if keys:
        return f"{shown} is a name of several keys: {', '.join(keys)}"
    known = [*FACTS, *_KNOWN_FIGURES, *logged]
    alike = difflib.get_close_matches(typed, known, n=1, cutoff=0.7)
    near = nearest(path_of(typed)) if not alike else None
    if near is not None and path_text(near.parts) in KEY_BY_PATH:
        alike = [path_text(near.parts)]
    return f"{shown} is no fact, key or figure of a run" + (f"; did you mean {alike[0]}?" if alike else "")
