"""The list of keys as a JSON Schema, so that editors with a YAML language server complete and check configs.

`configs/schema.json` is this, written by `stickgen config schema -o configs/schema.json`; the first line of each
shipped config points at it.
"""

from __future__ import annotations

from typing import Any

from stickgen.config.key import Key
from stickgen.config.schema import GROUPS, defaults, keys_of

_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 7) of a training config; units and ranges are in the descriptions too."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "stickgen training config",
        "description": "Keys that are left out take their defaults, those of medium.yaml.",
        "type": "object",
        "properties": {
            group.name: {
                "title": group.title,
                "description": group.help,
                "type": ["object", "null"],
                "properties": {key.name: _property(key) for key in keys_of(group.name)},
                "additionalProperties": False,
                "default": defaults()[group.name],
            }
            for group in GROUPS
        },
    }


def _property(key: Key) -> dict[str, Any]:
    unit = (f" Unit: {key.unit}." if key.unit else "") + (
        " It may change while a run trains." if key.live else ""
    )
    found: dict[str, Any] = {
        "title": key.comment,
        "description": f"{key.help}{unit} Allowed: {key.range_text()}.",
        "type": _TYPES[key.type],
        "default": key.default,
    }
    if key.choices:
        found["enum"] = list(key.choices)
    if key.minimum is not None:
        found["exclusiveMinimum" if key.above_minimum else "minimum"] = key.minimum
    if key.maximum is not None:
        found["maximum"] = key.maximum
    if key.steps:
        found["examples"] = list(key.steps)
    return found
