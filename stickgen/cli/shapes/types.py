"""The types of what `--json` prints, each with what it means: JSON Schema in a few words of Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]  # a JSON Schema; OPTIONAL, our own mark, is taken out where it is used
OPTIONAL = "x-optional"


@dataclass(frozen=True)
class Shape:
    """One document that a command prints; `lines`: it is one of many, a line each.

    Within a version members may come, and none goes, changes its type or its meaning; whatever does that raises it.
    """

    command: str
    about: str
    members: dict[str, Schema]
    version: int = 1
    lines: bool = False


def _of(kind: str, about: str, **more: Any) -> Schema:
    return {"type": kind, "description": about, **more}


def text(about: str) -> Schema:
    """A string. Characters that are no Unicode, as of a file's name in another encoding, stand as `\\udcNN`."""
    return _of("string", about)


def one_of(about: str, *values: str) -> Schema:
    """One of these strings."""
    return _of("string", about, enum=list(values))


def count(about: str) -> Schema:
    """A whole number."""
    return _of("integer", about)


def number(about: str) -> Schema:
    """A number that is finite."""
    return _of("number", about)


def flag(about: str) -> Schema:
    """true or false."""
    return _of("boolean", about)


def anything(about: str) -> Schema:
    """A value of any type, as a config may hold it."""
    return {"description": about}


def maybe(schema: Schema) -> Schema:
    """That, or null."""
    if "type" not in schema:
        return schema
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    more = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, **more, "type": [*kinds, "null"]}


def optional(schema: Schema) -> Schema:
    """That, or no such member."""
    return {**schema, OPTIONAL: True}


def many(items: Schema, about: str) -> Schema:
    """A list of those."""
    return _of("array", about, items=items)


def by_name(values: Schema, about: str) -> Schema:
    """An object whose members are named by what they are about, each one of those."""
    return _of("object", about, additionalProperties=values)


def record(about: str, members: dict[str, Schema]) -> Schema:
    """An object with these members, and those of later versions."""
    required = [name for name, schema in members.items() if OPTIONAL not in schema]
    properties = {
        name: {k: v for k, v in schema.items() if k != OPTIONAL} for name, schema in members.items()
    }
    return _of("object", about, properties=properties, required=required)


def json_schema(name: str, shape: Shape) -> Schema:
    """The JSON Schema of a whole document."""
    members = {"schema": {"const": schema_name(name, shape), "description": "this shape"}, **shape.members}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **record(shape.about, members)}


def schema_name(name: str, shape: Shape) -> str:
    """What `schema` says in a document of this shape: `stickgen.runs.list/1`."""
    return f"stickgen.{name}/{shape.version}"
