"""The schema for editors is that of the keys, and the shipped configs point at it and satisfy it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from stickgen.config.json_schema import json_schema
from stickgen.config.presets import preset_names, preset_path
from stickgen.config.schema import KEYS


def test_the_shipped_schema_is_up_to_date(repo: Path) -> None:
    """If not: stickgen config schema -o configs/schema.json"""
    assert json.loads((repo / "configs/schema.json").read_text()) == json_schema()


def test_every_key_is_in_it_with_its_default_and_advice() -> None:
    groups = json_schema()["properties"]
    for key in KEYS:
        found = groups[key.group]["properties"][key.name]
        assert found["default"] == key.default
        assert key.help in found["description"]
        assert not faults(found, key.default)
        for step in key.steps:
            assert not faults(found, step)


@pytest.mark.parametrize("name", preset_names())
def test_shipped_configs_point_at_it_and_satisfy_it(name: str) -> None:
    path = preset_path(name)
    marker, _, rest = path.read_text().partition("\n")
    assert marker.startswith("# yaml-language-server: $schema=")
    assert (path.parent / marker.partition("=")[2]).resolve() == preset_path("base").parent / "schema.json"
    assert not faults(json_schema(), yaml.safe_load(rest))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("model: {nhead: 0}", "minimum"), ("model: {nhead: x}", "type"), ("training: {learning_rate: 0}", "exclusive"),
        ("device: {type: tpu}", "enum"), ("training: {batch_sise: 2}", "batch_sise"), ("model: 3", "type"),
        ("training: {epochs: 1e4}", "type"), ("mine: {x: 1}", None), ("model:", None), ("model: {dropout: 0}", None),
    ],
)  # fmt: skip
def test_what_an_editor_would_mark(text: str, fault: str | None) -> None:
    found = faults(json_schema(), yaml.safe_load(text))
    assert (fault is None and not found) or (fault is not None and fault in " ".join(found))


def faults(schema: dict[str, Any], value: Any) -> list[str]:
    """What breaks the schema, by the words of JSON Schema that ours uses."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    python: dict[str, type | tuple[type, ...]] = {
        "object": dict,
        "null": type(None),
        "boolean": bool,
        "integer": int,
        "number": (int, float),
        "string": str,
    }
    if not any(
        isinstance(value, python[t]) and (t == "boolean" or not isinstance(value, bool)) for t in types
    ):
        return ["type"]
    found = []
    if isinstance(value, dict):
        for name, item in value.items():
            if name in schema["properties"]:
                found += faults(schema["properties"][name], item)
            elif schema.get("additionalProperties") is False:
                found.append(f"additional {name}")
    if "enum" in schema and value not in schema["enum"]:
        found.append("enum")
    if "minimum" in schema and value < schema["minimum"]:
        found.append("minimum")
    if "maximum" in schema and value > schema["maximum"]:
        found.append("maximum")
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        found.append("exclusive")
    return found
