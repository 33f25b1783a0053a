"""Shapes of the commands that steer a run."""

from __future__ import annotations

from stickgen.cli.shapes.types import (
    Shape,
    anything,
    by_name,
    count,
    flag,
    many,
    maybe,
    number,
    one_of,
    record,
    text,
)
from stickgen.runs.state import Status

_NAME = text("the run's name")
_ID = text("of the request, as the run's events name it")

SHAPES: dict[str, Shape] = {
    "runs.pause": Shape(
        "stickgen runs pause",
        "What the run was asked for, and how it is after --wait.",
        {
            "name": _NAME,
            "asked": one_of("what for", "pause"),
            "status": one_of("how the run is", *Status),
            "reason": text("why, in words"),
            "step": count("steps that are done"),
        },
    ),
    "runs.resume": Shape(
        "stickgen runs resume",
        "What was launched.",
        {
            "name": _NAME,
            "launch": count("its number, from 1"),
            "said": many(text("a sentence"), "what is to be known of it"),
        },
    ),
    "runs.checkpoints": Shape(
        "stickgen runs resume --list",
        "The checkpoints that a run can go on from.",
        {
            "name": _NAME,
            "checkpoints": many(
                record(
                    "a checkpoint",
                    {
                        "step": count("of its weights"),
                        "saved_unix": anything("when, s since 1970; null if that is not known"),
                        "val_loss": maybe(number("validation loss; null if it was not measured")),
                        "best": flag("whether it is kept as the best"),
                        "path": text("its folder"),
                    },
                ),
                "those that are there",
            ),
        },
    ),
    "runs.set": Shape(
        "stickgen runs set",
        "What came of a change of keys.",
        {
            "name": _NAME,
            "id": _ID,
            "applied": maybe(flag("null: not answered within --wait")),
            "step": maybe(count("after which it counts")),
            "message": maybe(text("what the run said")),
            "changes": many(
                record(
                    "a key",
                    {
                        "key": text("its path"),
                        "old": anything("its value before"),
                        "new": anything("asked for"),
                    },
                ),
                "all or none of them count",
            ),
        },
    ),
    "runs.keys": Shape(
        "stickgen runs set --keys",
        "The keys that can change while a run trains.",
        {
            "name": _NAME,
            "keys": by_name(
                record("a key", {"value": anything("in force"), "config": anything("as config.yaml has it")}),
                "by path",
            ),
        },
    ),
    "runs.sample": Shape(
        "stickgen runs sample",
        "What came of the request for a sample.",
        {
            "name": _NAME,
            "id": _ID,
            "drawn": maybe(flag("null: not answered within --wait")),
            "sample": maybe(text("path of its file")),
        },
    ),
}
