"""Values as a person reads and types them, and which of them two texts of a config differ in."""

from __future__ import annotations

from decimal import Decimal

from stickgen.config.checking import Problem
from stickgen.config.schema import KEY_BY_PATH
from stickgen.yaml_edit import MISSING, Document, KeyPath, same_value


def changed_values(before: Document, after: Document) -> list[tuple[KeyPath, object, object]]:
    """(path, value before, value after) of every single value that differs; MISSING if there is none."""
    old, new = before.items(), after.items()
    found: list[tuple[KeyPath, object, object]] = []
    for path in [*new, *(path for path in old if path not in new)]:
        one, other = old.get(path, MISSING), new.get(path, MISSING)
        if not same_value(one, other):
            found.append((path, one, other))
    return found


def fix_text(problem: Problem, ending: str = "") -> str:
    """`set nhead to 4`: what fixes a problem, "" if that is not known; `ending` is that of the verb."""
    if problem.edit is not None:
        path, value = problem.edit
        return f"set{ending} {KEY_BY_PATH[path].name} to {value_text(value)}"
    if problem.rename is not None:
        return f"rename{ending} {problem.parts[-1]} to {problem.rename}"
    return ""


def shown_value(value: object) -> str:
    """A value in a list of changes, where it may also be absent."""
    return "not there" if value is MISSING else value_text(value)


def value_text(value: object) -> str:
    """A value as it is shown and typed: `true`, `0.0003`, text without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, float):
        text = repr(value)
        return f"{Decimal(text):f}" if "e-" in text and abs(value) >= 1e-9 else text
    return str(value)
