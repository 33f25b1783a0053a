"""Read what `--json` printed, and hold it against its shape: no member that is not documented, none that is missing."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from stickgen.cli.shapes import SHAPES, Schema, json_schema, schema_name

BY_SCHEMA = {schema_name(name, shape): json_schema(name, shape) for name, shape in SHAPES.items()}
OPEN = {"stickgen.runs.show/1", "stickgen.config.show/1"}  # members of run.json, the keys of a config


def document(text: str) -> dict[str, Any]:
    """The one document of a command. Raises what is wrong with it."""
    return checked(json.loads(text, parse_constant=_no_constant))


def documents(text: str) -> list[dict[str, Any]]:
    """The documents of a command that prints one a line."""
    return [document(line) for line in text.splitlines()]


def checked(found: dict[str, Any]) -> dict[str, Any]:
    """The same, if it has the shape that it names."""
    schema = BY_SCHEMA[found["schema"]]
    Draft202012Validator(schema if found["schema"] in OPEN else _closed(schema)).validate(found)
    return found


def _closed(schema: Schema) -> Schema:
    """The schema where no member may come that it does not name."""
    closed: Schema = {}
    for name, value in schema.items():
        if name == "properties":
            closed[name] = {member: _closed(below) for member, below in value.items()}
            closed["additionalProperties"] = False
        else:
            closed[name] = _closed(value) if isinstance(value, dict) else value
    return closed


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
