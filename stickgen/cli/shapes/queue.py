"""Shapes of `stickgen queue`."""

from __future__ import annotations

from stickgen.cli.shapes.types import (
    Schema,
    Shape,
    anything,
    by_name,
    count,
    flag,
    many,
    maybe,
    number,
    one_of,
    optional,
    record,
    text,
)

_JOB: dict[str, Schema] = {
    "id": count("its number"),
    "status": text("waiting, held, running, or how it ended"),
    "reason": text("why, in words"),
    "step": maybe(count("steps of its run that are done")),
    "total_steps": maybe(count("steps of its whole run")),
    "name": maybe(text("that its run gets; empty: two words")),
    "config_name": maybe(text("the config that was frozen")),
    "data_path": maybe(text("the dataset")),
    "run": maybe(text("its run directory; empty before it is made")),
    "created_unix": maybe(number("when it was added, s since 1970")),
    "max_steps": maybe(count("of each launch")),
    "nproc": maybe(count("processes that share each step")),
    "gpus": maybe(many(text("a device"), "that it was given")),
    "search": maybe(text("the grid or the random search that it is of")),
    "values": maybe(by_name(anything("the value"), "keys that the search gave it")),
}
_LEFT = maybe(number("that it still takes; null if that is not known"))

SHAPES: dict[str, Shape] = {
    "queue.list": Shape(
        "stickgen queue list",
        "The jobs: what runs, what is to come in its order, what is over.",
        {
            "paused": flag("whether nothing is started"),
            "worker": flag("whether a worker is at work"),
            "beside": many(
                record("a run", {"run": text("its directory"), "name": text("its name")}),
                "trainings on this machine that are not of the queue",
            ),
            "jobs": many(
                record(
                    "a job",
                    {
                        **_JOB,
                        "seconds_left": optional(_LEFT),
                        "ends_in_seconds": optional(maybe(number("with those before it"))),
                    },
                ),
                "in their order",
            ),
        },
    ),
    "queue.show": Shape("stickgen queue show", "A job.", {**_JOB, "seconds_left": _LEFT}),
    "queue.results": Shape(
        "stickgen queue results",
        "The jobs of a search, the best first.",
        {
            "figure": record(
                "what they are sorted by",
                {
                    "kind": maybe(text("of the records; null: any")),
                    "name": text("its field"),
                    "how": text("best, last or smoothed"),
                },
            ),
            "rows": many(
                record(
                    "a job",
                    {
                        "id": count("its number"),
                        "status": text("as in queue list"),
                        "run": text("its run directory; empty before it is made"),
                        "values": by_name(anything("the value"), "keys that the search gave it"),
                        "figure": maybe(number("null if it was not measured")),
                        "step": maybe(count("at which it was")),
                    },
                ),
                "the best first",
            ),
        },
    ),
    "queue.moved": Shape(
        "stickgen queue move",
        "A job that got another turn.",
        {"id": count("its number"), "turn": count("which of those to come it is, from 1")},
    ),
    "queue.changed": Shape(
        "stickgen queue rm, hold, release",
        "The jobs that were changed.",
        {
            "changed": many(count("a number"), "each once, in the order in which they were named"),
            "done": one_of("what became of them", "removed", "held", "waits for its turn"),
        },
    ),
    "queue.state": Shape(
        "stickgen queue pause, resume, start, stop",
        "How the queue is now.",
        {
            "paused": flag("whether nothing is started"),
            "worker": flag("whether a worker is at work"),
            "pid": maybe(count("the worker's process; null if none is at work")),
            "log": text("the worker's log"),
        },
    ),
    "queue.installed": Shape(
        "stickgen queue install",
        "What lets a worker start with the system.",
        {
            "kind": one_of("what starts it", "systemd", "cron"),
            "place": text("where it is, or would be, written"),
            "text": text("what is there, or would be"),
            "written": flag("false if exactly this was there already, and with --print"),
        },
    ),
    "queue.uninstalled": Shape(
        "stickgen queue uninstall",
        "What was removed.",
        {"removed": many(text("a file, or the line of the crontab"), "empty if nothing was installed")},
    ),
    "queue.submitted": Shape(
        "stickgen queue submit",
        "The run that was handed to Slurm.",
        {
            "run": maybe(text("its directory; null with --print")),
            "slurm_job": maybe(text("Slurm's number; null with --print")),
            "script": text("the batch script"),
        },
    ),
    "queue.added": Shape(
        "stickgen queue add, grid, random, stickgen train --queue",
        "The jobs that were added.",
        {"added": many(count("a number"), "in their order")},
    ),
}
