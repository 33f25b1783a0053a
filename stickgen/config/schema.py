"""Every key of a training config, once: the form, the validation, `--set`, `base.yaml` and the docs come from it.

The keys of a section are declared in `keys/<section>.py`. The defaults are those of `configs/medium.yaml`; a key that
a file leaves out takes its default, and the loader names it.
"""

from __future__ import annotations

from stickgen.config.key import Group, Key, Value, keys_declared
from stickgen.config.settings import SECTIONS

__all__ = [
    "GROUPS",
    "KEYS",
    "KEY_BY_PARTS",
    "KEY_BY_PATH",
    "Group",
    "Key",
    "Value",
    "defaults",
    "is_truth",
    "keys_of",
]

GROUPS: tuple[Group, ...] = tuple(
    Group(name, section.title, section.__doc__ or "") for name, section in SECTIONS.items()
)

KEYS: tuple[Key, ...] = tuple(
    key for name, section in SECTIONS.items() for key in keys_declared(name, section)
)

KEY_BY_PATH: dict[str, Key] = {key.path: key for key in KEYS}

KEY_BY_PARTS: dict[tuple[str, ...], Key] = {key.parts: key for key in KEYS}


def keys_of(group: str) -> tuple[Key, ...]:
    """The keys of a group, in file order."""
    return tuple(key for key in KEYS if key.group == group)


def is_truth(parts: tuple[str, ...]) -> bool:
    """Whether a path names a key that is true or false."""
    key = KEY_BY_PARTS.get(parts)
    return key is not None and key.type is bool


def defaults() -> dict[str, dict[str, Value]]:
    """A complete config as nested dicts, all keys at their defaults."""
    return {group.name: {key.name: key.default for key in keys_of(group.name)} for group in GROUPS}
