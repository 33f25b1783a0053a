"""The keys that a person gives to actions in one file, `keys.yaml`, and all actions as such a file."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, _character_to_key

import stickgen_tui
from stickgen.errors import StickgenError
from stickgen.folders import config_path
from stickgen.text import clean
from stickgen.yaml_edit import Document
from stickgen_tui.app import StickgenApp
from stickgen_tui.keymap import name_of

_MODIFIERS = {"ctrl", "alt", "shift", "super", "hyper", "meta"}
_ROOMS = ("screens", "panels", "widgets")


@dataclass(frozen=True)
class Action:
    """Something a key does. `keys` are its usual ones, as Textual names them."""

    name: str
    keys: tuple[str, ...]
    about: str
    owner: str  # the class that binds them: no two of its actions may share a key

    @property
    def place(self) -> str:
        """Where it works: `home` of `home.edit`."""
        return self.name.partition(".")[0]


def keys_path() -> Path:
    """The file, which need not be there."""
    return config_path("keys.yaml")


# -- all of them


def every_action() -> list[Action]:
    """All actions, the app's first. This loads every screen."""
    found: dict[str, Action] = {}
    for owner in _owners():
        for binding in owner.__dict__.get("BINDINGS", ()):
            name = name_of(owner, binding) if isinstance(binding, Binding) else None
            if name is None:
                continue
            keys = tuple(_long(key) for key in binding.key.split(","))
            before = found.get(name)
            if before is not None:  # the same action from a second line of keys
                more = tuple(key for key in keys if key not in before.keys)
                found[name] = replace(before, keys=(*before.keys, *more))
            else:
                found[name] = Action(name, keys, binding.tooltip or binding.description, owner.__name__)
    return sorted(found.values(), key=lambda action: (action.place != "app", action.place))


def _owners() -> Iterator[type[DOMNode]]:
    """The classes of this package that bind keys."""
    yield StickgenApp
    for room in _ROOMS:
        package = importlib.import_module(f"{stickgen_tui.__name__}.{room}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for thing in vars(importlib.import_module(module.name)).values():
                if isinstance(thing, type) and thing.__module__ == module.name and issubclass(thing, DOMNode):
                    yield thing


def as_file() -> str:
    """All actions with their keys, as a file to start from."""
    lines = [
        f"# The keys of stickgen-tui. Save it as {keys_path()}",
        "# A line an action: several keys are separated by commas. What is left out keeps its usual keys.",
    ]
    place = ""
    for action in every_action():
        if action.place != place:
            place = action.place
            lines.append("")
        lines.append(f"{f'{action.name}: {_written(action.keys)}':<44}  # {clean(action.about)}")
    return "\n".join(lines) + "\n"


def _written(keys: Sequence[str]) -> str:
    text = ",".join(keys)
    return f'"{text}"' if text.lower() in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"} or text.isdigit() else text  # fmt: skip


# -- a person's file


def read_keymap(path: Path | None = None) -> dict[str, str]:
    """The keys that the file gives to actions, without those that are as usual; {} if there is no file.

    Raises StickgenError with file and line for what is no action, no key, or a key that has two actions at one place.
    """
    path = keys_path() if path is None else path
    if not path.exists():
        return {}
    document = Document.open(path)
    actions = {action.name: action for action in every_action()}
    given: dict[str, tuple[str, ...]] = {}
    lines: dict[str, int] = {}
    for parts, value in document.items().items():
        position = document.position(parts)
        where = f"{path}:{position[0]}" if position else str(path)
        name = ".".join(parts)
        if name not in actions:
            close = difflib.get_close_matches(name, actions, 1)
            instead = f"did you mean {close[0]}?" if close else "stickgen-tui --keys lists them"
            raise StickgenError(f"{where}: there is no action {name}; {instead}")
        if name in given:
            raise StickgenError(
                f"{where}: {name} has its keys on line {lines[name]} already; keep one of them"
            )
        keys = tuple(key.strip() for key in str("" if value is None else value).split(",") if key.strip())
        if not keys:
            raise StickgenError(f"{where}: {name} has no key; write one, or take the line out")
        for key in keys:
            if not _is_key(key):
                raise StickgenError(
                    f"{where}: {key} is no key; keys are a letter, f1 to f24, names as enter, space or "
                    "question_mark, and these after ctrl+, alt+ or shift+"
                )
        given[name], lines[name] = tuple(_long(key) for key in keys), position[0] if position else 0
    _refuse_conflicts(path, actions, given, lines)
    return {name: ",".join(keys) for name, keys in given.items() if set(keys) != set(actions[name].keys)}


def _refuse_conflicts(
    path: Path, actions: dict[str, Action], given: dict[str, tuple[str, ...]], lines: dict[str, int]
) -> None:
    """Two actions of one place, or of a place and the app, must not share a key if the file gave it to one of them."""
    by_owner: dict[str, dict[str, str]] = {}
    for action in actions.values():  # the app's come first
        taken = by_owner.setdefault(action.owner, {})
        for key in given.get(action.name, action.keys):
            other = taken.get(key) or by_owner[StickgenApp.__name__].get(key)
            changed = [
                name
                for name in (action.name, other)
                if name is not None and name in given and set(given[name]) != set(actions[name].keys)
            ]
            if other is not None and other != action.name and changed:
                line = max(lines[name] for name in changed)
                raise StickgenError(
                    f"{path}:{line}: {key} is the key of {other} and of {action.name}; give one of them another"
                )
            taken[key] = action.name


def _long(key: str) -> str:
    """`?` → `question_mark`, `ctrl+/` → `ctrl+slash`."""
    *modifiers, last = key.strip().split("+") if key.strip() != "+" else ["+"]
    return "+".join([*modifiers, _character_to_key(last) if len(last) == 1 else last])


def _is_key(key: str) -> bool:
    *modifiers, last = _long(key).split("+")
    if not all(modifier in _MODIFIERS for modifier in modifiers):
        return False
    return len(last) == 1 or last in _NAMED or _is_character(last)


_NAMED = {key.value for key in Keys} | set(KEY_NAME_REPLACEMENTS.values())


def _is_character(name: str) -> bool:
    """Whether it is a character by its Unicode name, as `question_mark`."""
    for spelled in (name.replace("_", " "), name.replace("_", "-")):
        try:
            unicodedata.lookup(spelled.upper())
        except KeyError:
            continue
        return True
    return False
