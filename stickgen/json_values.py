"""Any value as one that JSON can say, so that every parser takes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass


def json_value(value: object) -> object:
    """`value` with null for numbers that are not finite, lists for tuples, objects for dataclasses, else its text.

    A half of a character, as of a file's name in another encoding, stands as `\\udcNN`.
    """
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_readable(name): json_value(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return json_value(asdict(value))
    return _readable(value)


def _readable(value: object) -> str:
    return str(value).encode("utf-8", "backslashreplace").decode()
