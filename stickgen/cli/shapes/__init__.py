"""Every shape that `--json` prints, by name. What is documented, printed and tested comes from here (docs/json.md)."""

from __future__ import annotations

from stickgen.cli.shapes import configs, datasets, planning, queue, runs, steering
from stickgen.cli.shapes.types import Schema, Shape, count, json_schema, schema_name, text

__all__ = ["SHAPES", "Schema", "Shape", "json_schema", "schema_name"]

SHAPES: dict[str, Shape] = {
    **runs.SHAPES,
    **steering.SHAPES,
    **queue.SHAPES,
    **planning.SHAPES,
    **configs.SHAPES,
    **datasets.SHAPES,
    "error": Shape(
        "any, with --json",
        "Why a command did not do it. It takes the place of what the command prints; stderr has the sentence too.",
        {
            "error": text("what is wrong, where, and what to do, in a sentence"),
            "exit_code": count("that of the command"),
        },
    ),
}
