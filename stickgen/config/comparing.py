"""How two configs differ: in what they mean, a default being what a key means that is not there."""

from __future__ import annotations

from dataclasses import dataclass

from stickgen.config.schema import KEY_BY_PARTS, KEYS
from stickgen.yaml_edit import MISSING, Document, path_text


@dataclass(frozen=True)
class Difference:
    """A key that means something else; MISSING if it is not there and the schema has no default for it."""

    path: str
    here: object
    there: object


def differences(document: Document, other: Document) -> list[Difference]:
    """The keys that differ, in the order of the schema, then those that it does not know."""
    found = []
    for key in KEYS:
        here, there = (key.default if (v := d.get(key.path)) is MISSING else v for d in (document, other))
        if not means_the_same(here, there):
            found.append(Difference(key.path, here, there))
    mine, theirs = document.items(), other.items()
    for path in dict.fromkeys([*mine, *theirs]):
        here, there = mine.get(path, MISSING), theirs.get(path, MISSING)
        if path not in KEY_BY_PARTS and not means_the_same(here, there):
            found.append(Difference(path_text(path), here, there))
    return found


def means_the_same(one: object, other: object) -> bool:
    """1 and 1.0 do, 1 and true do not, nan and nan do."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other or (one != one and other != other)
