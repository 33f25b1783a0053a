"""A key that the schema does not have, as a key of free text: kept, shown and editable."""

from __future__ import annotations

from dataclasses import dataclass

from stickgen.config.schema import Key
from stickgen.yaml_edit import KeyPath, path_text


@dataclass(frozen=True)
class UnknownKey(Key):
    """A key that the schema does not have: kept as it is until a person changes it."""

    at: KeyPath = ()  # where it stands; `path` is for a person to read

    @property
    def parts(self) -> KeyPath:
        return self.at

    @property
    def group(self) -> str:
        return ""

    @property
    def name(self) -> str:
        return self.at[-1]


def unknown_key(path: KeyPath) -> UnknownKey:
    """A key that the schema does not have, as a key of free text."""
    return UnknownKey(
        path_text(path),
        str,
        "",
        "kept as it is",
        "This version does not know the key; it has no effect on a run.",
        at=path,
    )
