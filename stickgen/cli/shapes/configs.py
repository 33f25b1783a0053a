"""Shapes of `stickgen config`."""

from __future__ import annotations

from stickgen.cli.shapes.types import (
    Shape,
    anything,
    count,
    flag,
    many,
    maybe,
    one_of,
    optional,
    record,
    text,
)

_PLACE = {"line": count("from 1"), "column": count("from 1")}

SHAPES: dict[str, Shape] = {
    "config.check": Shape(
        "stickgen config check",
        "Everything that is wrong with a config. The exit code is 2 where an error is among it.",
        {
            "problems": many(
                record(
                    "a problem",
                    {
                        "code": text("SG101 and so on (docs/problems.md)"),
                        "severity": one_of("an error prevents training", "error", "warning", "info"),
                        "path": text("the key"),
                        **_PLACE,
                        "value": anything("that it has"),
                        "message": text("what is wrong"),
                        "fix": text("what to do"),
                        "edit": maybe(many(anything("key, value"), "the key and the value that fix it")),
                        "rename": maybe(text("the name that fixes a misspelt key")),
                        "parts": many(text("a part"), "the key, part by part"),
                    },
                ),
                "the gravest first, then by line",
            )
        },
    ),
    "config.show": Shape(
        "stickgen config show",
        "Every value in force: each key is a member by its path, such as training.epochs.",
        {
            "missing": many(text("a key"), "keys that the file leaves out, at their defaults"),
            "unknown": many(text("a key"), "keys that have no effect"),
        },
    ),
    "config.diff": Shape(
        "stickgen config diff",
        "The values in which two configs differ.",
        {
            "differences": many(
                record(
                    "a key",
                    {
                        "path": text("the key"),
                        "value": anything("of the config; null if it is not there"),
                        "other": anything("of the other one; null if it is not there"),
                    },
                ),
                "in the order of the config",
            )
        },
    ),
    "config.edit": Shape(
        "stickgen config set, unset, rename",
        "What was changed.",
        {
            "path": text("the file"),
            "written": flag("false with --dry-run"),
            "changes": many(
                record(
                    "a key",
                    {
                        "key": text("its path"),
                        "was": anything("its value before; null if it was not there"),
                        "is": anything("its value now; null if it was taken out"),
                        "also": optional(many(text("a key"), "keys that changed with it, through an anchor")),
                        "renamed_to": optional(text("its new name")),
                    },
                ),
                "in the order in which they were named",
            ),
        },
    ),
    "config.fmt-check": Shape(
        "stickgen config fmt-check",
        "What YAML readers read differently. The exit code is 2 if there is something and it was not fixed.",
        {
            "findings": many(
                record(
                    "a place",
                    {
                        "file": text("the config"),
                        **_PLACE,
                        "path": text("the key"),
                        "message": text("what is wrong"),
                        "written": text("what takes its place; empty: it goes"),
                        "start": count("first byte of it"),
                        "end": count("byte after it"),
                    },
                ),
                "in the order of the files",
            ),
            "fixed": flag("with --fix"),
        },
    ),
}
