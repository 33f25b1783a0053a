"""What a key of a config is: its type, range, unit, default and advice, and the check of a value.

A section of a config is a frozen dataclass whose fields are declared with `key`; the list of keys, the form, the
checks, `base.yaml`, the JSON Schema and the docs all derive from these declarations.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast

Value = bool | int | float | str
# Which set of defaults a config is read with. A run notes its set, so that a default that improves later does
# not change what an earlier run is; runs that note none have the first.
DEFAULTS = 5


@dataclass(frozen=True)
class Group:
    """A section of the file: a top-level mapping, in the order in which the form shows them."""

    name: str
    title: str
    help: str


@dataclass(frozen=True)
class Key:
    """One key. `minimum` and `maximum` are inclusive unless `above_minimum` is set."""

    path: str
    type: type
    default: Value
    comment: str  # a few words, as they stand behind the value in the file
    help: str  # what it does and when to change it, in whole sentences
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above_minimum: bool = False
    choices: tuple[str, ...] = ()
    steps: tuple[Value, ...] = ()  # the sensible values that a step key in the form moves along
    is_path: bool = False
    # its defaults before: the last set of defaults in which each counted, and its value, the oldest first
    earlier: tuple[tuple[int, Value], ...] = ()
    in_specification: bool = True  # False: a key of this engine that the user's guide does not have
    secret: bool = False  # not to be given away with a model, or to a tracker
    live: bool = (
        False  # may change while a run trains, between two steps: the trainer reads it anew at each step
    )

    @property
    def parts(self) -> tuple[str, ...]:
        """The path as a document takes it: a key of a file may have a dot in its name, one of the schema has none."""
        return tuple(self.path.split("."))

    def default_in(self, defaults: int) -> Value:
        """What leaving it out means in the set number `defaults`."""
        return next((value for last, value in self.earlier if defaults <= last), self.default)

    @property
    def group(self) -> str:
        return self.path.split(".", 1)[0]

    @property
    def name(self) -> str:
        return self.path.split(".", 1)[1]

    def range_text(self) -> str:
        """What is allowed, in words: `a whole number, 1 or more`."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.type is bool:
            return "true or false"
        if self.type is str:
            return "a path" if self.is_path else "text"
        words = "a whole number" if self.type is int else "a number"
        low, high = (None if limit is None else _written(limit) for limit in (self.minimum, self.maximum))
        if low is not None and low == high:
            return low
        if low is not None and high is not None:
            return f"{words} {'above' if self.above_minimum else 'from'} {low} to {high}"
        if low is not None:
            return f"{words} above {low}" if self.above_minimum else f"{words}, {low} or more"
        return words

    def check(self, value: object) -> Value:
        """`value` as this key's type, or ValueError with what is allowed instead.

        A whole number is accepted for a number (`1` for 1.0), and a number that is whole
        for a whole one (`2.0` for 2, as `1e4` arrives); nothing else is converted, and never text.
        """
        if self.type is bool:
            if not isinstance(value, bool):
                raise ValueError(f"must be {self.range_text()}")
            return value
        if self.type is str:
            if not isinstance(value, str) or (self.choices and value not in self.choices):
                raise ValueError(f"must be {self.range_text()}")
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"must be {self.range_text()}")
        if self.type is int and value != int(value):
            raise ValueError(f"must be {self.range_text()}")
        number = int(value) if self.type is int else float(value)
        too_low = self.minimum is not None and (
            number <= self.minimum if self.above_minimum else number < self.minimum
        )
        if too_low or (self.maximum is not None and number > self.maximum):
            raise ValueError(f"must be {self.range_text()}")
        return number


V = TypeVar("V", bool, int, float, str)
_TYPES: dict[str, type] = {"bool": bool, "int": int, "float": float, "str": str}


def key(default: V, comment: str, help: str, **declared: Any) -> V:
    """Declare a field of a `Section`: its default, a short comment for the file, what it does, and `Key`'s fields."""
    declared |= {"default": default, "comment": comment, "help": help}
    return cast(Any, dataclasses.field(default=default, metadata=declared))  # type: ignore[no-any-return]


class Section(Mapping[str, Any]):
    """A section of a config: values as attributes, and as a read-only mapping by name.

    Subclasses are frozen dataclasses with `eq=False`, so that a section equals a dict of the same values.
    """

    title: ClassVar[str]

    def __getitem__(self, name: str) -> Any:
        if name not in self.__dataclass_fields__:  # type: ignore[attr-defined]
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dataclass_fields__)  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self.__dataclass_fields__)  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash(tuple(self.items()))


def keys_declared(name: str, section: type[Section]) -> tuple[Key, ...]:
    """The keys of a section class, in the order of their declaration; `name` is the section's in a file."""
    fields = dataclasses.fields(cast(Any, section))
    return tuple(
        Key(f"{name}.{field.name}", _TYPES[cast(str, field.type)], **field.metadata) for field in fields
    )


def _written(limit: float) -> str:
    """A limit as a person writes it: `2,147,483,647`, `0.5`."""
    return f"{int(limit):,}" if limit == int(limit) else f"{limit:g}"
