"""The name of each action: where it works and what it does, as `home.edit` or `monitor.resume`.

The names follow from the bindings themselves, so that each screen's keys can be changed (`keys_file.py`) without a word
about it there.
"""

from __future__ import annotations

import dataclasses
import functools
import re

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode

_SUFFIX = re.compile(r"(Screen|Panel)$")


def name_of(owner: type[DOMNode], binding: Binding) -> str | None:
    """What the action of a class's binding is called; None for one without a word on it, which cannot be changed."""
    if binding.id is not None:
        return binding.id
    if not binding.description:
        return None
    place = "app" if issubclass(owner, App) else _slug(_SUFFIX.sub("", owner.__name__))
    _, _, action = binding.action.rpartition(".") if "(" not in binding.action else ("", "", "")
    return f"{place}.{action or _slug(binding.description)}"


def _slug(text: str) -> str:
    """`LaunchCard` → `launch_card`, `Dark / light` → `dark_light`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return "_".join(re.findall(r"[a-z0-9]+", words.lower()))


@functools.cache
def names_of(owner: type[DOMNode]) -> dict[tuple[str, str], str]:
    """The names of the bindings that our classes among `owner` and its bases make, by action and description."""
    found: dict[tuple[str, str], str] = {}
    for base in reversed(owner.__mro__):
        if base.__module__.startswith("stickgen_tui.") and issubclass(base, DOMNode):
            for binding in base.__dict__.get("BINDINGS", ()):
                name = name_of(base, binding) if isinstance(binding, Binding) else None
                if name is not None:
                    found[binding.action, binding.description] = name
    return found


def name_bindings(node: DOMNode) -> None:
    """Give the bindings of a widget or screen their names, by which Textual's keymap finds them."""
    names = names_of(type(node))
    if not names:
        return
    for key, bindings in node._bindings.key_to_bindings.items():
        node._bindings.key_to_bindings[key] = [
            dataclasses.replace(binding, id=names.get((binding.action, binding.description), binding.id))
            for binding in bindings
        ]
