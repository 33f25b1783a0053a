"""Shapes of the commands about runs and trained models."""

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
    optional,
    record,
    text,
)
from stickgen.runs.state import Status

_STATUS = one_of("how the run is", *Status)
_REASON = text("why, in words")
_STEP = count("steps that are done")
_TOTAL_STEPS = count("steps of the whole run; 0 before it is known")
_UNWRITTEN = count("records of the last launch that are not on disk")
_NAME = text("the run's name")
_DAMAGE = record(
    "lines that could not be read",
    {"file": text("the log"), "lines": count("how many"), "first_line": count("the first, from 1")},
)
_LOSS = record("records that never reached the disk", {"file": text("the log"), "records": count("how many")})
_EVENT = by_name({}, "one event as it stands in events.jsonl: event, time (s since 1970), step, message, …")

SHAPES: dict[str, Shape] = {
    "runs.list": Shape(
        "stickgen runs list",
        "Every run, those that are going first, then the newest first.",
        {
            "runs": many(
                record(
                    "a run",
                    {
                        "name": _NAME,
                        "status": _STATUS,
                        "reason": _REASON,
                        "step": _STEP,
                        "total_steps": _TOTAL_STEPS,
                        "unwritten_records": _UNWRITTEN,
                        "tags": many(text("a tag"), "that you gave it"),
                        "note": text("that you wrote to it"),
                        "values": optional(by_name(anything("its value"), "what --columns and --sort name")),
                    },
                ),
                "the runs",
            )
        },
    ),
    "runs.show": Shape(
        "stickgen runs show",
        "What a run is, how it is and what happened in it. All members of run.json are here too: name, config_name, "
        "data_path, parameters, device, precision, created, launches and more, where the run has them.",
        {
            "status": _STATUS,
            "reason": _REASON,
            "step": _STEP,
            "total_steps": _TOTAL_STEPS,
            "damaged_lines": many(_DAMAGE, "of its logs"),
            "lost_records": many(_LOSS, "of its logs"),
            "unwritten_records": _UNWRITTEN,
            "live_changes": many(
                by_name(
                    {},
                    "one as live.json has it: id, launch, step after which it counts, changes (key, old, new)",
                ),
                "keys that were changed while it trained",
            ),
            "waiting_requests": many(
                by_name(
                    {},
                    "one that the trainer has not answered: id, wish, values by key, asked_unix (s since 1970)",
                ),
                "in its inbox",
            ),
            "learned": maybe(
                flag("whether validation is below always predicting the mean pose; null if not measured")
            ),
            "health": many(
                record(
                    "what its records say",
                    {"sentence": text("in words"), "wrong": flag("whether it is not as it should be")},
                ),
                "losses, learning, gradients, overfitting, memory, and what the watchdog finds",
            ),
            "events": many(_EVENT, "all of them, the oldest first"),
        },
    ),
    "runs.watch": Shape(
        "stickgen runs watch, stickgen train",
        "News of a run as it comes. A line has one of these members.",
        {
            "event": optional(_EVENT),
            "metrics": optional(
                by_name({}, "one record as it stands in metrics.jsonl, units as run_contract.py says")
            ),
            "damaged": optional(_DAMAGE),
            "lost": optional(_LOSS),
            "unwritten": optional(_UNWRITTEN),
            "end": optional(
                record(
                    "the last line: how the run ended",
                    {
                        "name": _NAME,
                        "status": _STATUS,
                        "reason": _REASON,
                        "step": _STEP,
                        "total_steps": _TOTAL_STEPS,
                        "checkpoint": maybe(text("path of the newest one")),
                        "sample": maybe(text("path of the newest one")),
                        "gif": maybe(text("path of the newest one")),
                        "log": text("path"),
                        "resume": maybe(text("the command that goes on with it")),
                        "exit_code": count("of the command"),
                    },
                )
            ),
        },
        lines=True,
    ),
    "train": Shape(
        "stickgen train",
        "What was launched, or with --prepare made ready. Without --detach, lines of stickgen.runs.watch follow.",
        {
            "name": _NAME,
            "path": text("the run directory"),
            "launched": flag("false after --prepare"),
            "torchrun": optional(text("the command for each machine, after --prepare")),
        },
        lines=True,
    ),
    "runs.stop": Shape(
        "stickgen runs stop",
        "What the run was asked for.",
        {"name": _NAME, "asked": one_of("stop saves a checkpoint first", "stop", "kill")},
    ),
    "runs.save": Shape(
        "stickgen runs save",
        "What came of the request for a checkpoint.",
        {
            "name": _NAME,
            "id": text("of the request, as the run's events name it"),
            "saved": flag("false: refused, or not answered within --wait"),
            "checkpoint": maybe(text("its path")),
            "message": text("what the run said, or that it has not answered yet"),
        },
    ),
    "runs.pin": Shape(
        "stickgen runs pin",
        "The sentences that are pinned to a run, or the one that was pinned or removed.",
        {
            "name": _NAME,
            "did": one_of("what the command did", "listed", "pinned", "removed"),
            "prompts": many(
                record(
                    "a sentence",
                    {
                        "id": text("as --remove takes it"),
                        "text": text("the sentence"),
                        "seed": count("of its motion"),
                        "frames": count("of its motion"),
                    },
                ),
                "in the order in which they were pinned",
            ),
        },
    ),
    "runs.diff": Shape(
        "stickgen runs diff",
        "The keys in which runs differ, and their figures: of each a list with one value a run, in the order of `runs`.",
        {
            "runs": many(_NAME, "those that are compared"),
            "differ": by_name(many(anything("a value"), "one a run"), "by key"),
            "last": by_name(many(maybe(number("a value")), "one a run"), "by figure"),
            "best": by_name(many(maybe(number("a value")), "one a run"), "by figure"),
            "best_step": by_name(many(maybe(count("a step")), "one a run"), "by figure"),
        },
    ),
    "runs.labels": Shape(
        "stickgen runs tag, note",
        "Tags and note of a run, as they are now.",
        {"name": _NAME, "tags": many(text("a tag"), "that you gave it"), "note": text("empty: none")},
    ),
    "runs.fork": Shape(
        "stickgen runs fork",
        "The config that was written.",
        {
            "name": _NAME,
            "path": text("the config"),
            "changed": many(text("a key"), "those with another value than the run began with"),
        },
    ),
    "runs.prune": Shape(
        "stickgen runs prune",
        "The checkpoints that were removed.",
        {
            "runs": many(
                record(
                    "a run",
                    {"name": _NAME, "removed": count("checkpoints"), "kept": count("checkpoints")},
                ),
                "those that had too many",
            ),
            "freed_bytes": count("on disk"),
        },
    ),
    "runs.rm": Shape("stickgen runs rm", "What was removed.", {"name": _NAME, "path": text("where it was")}),
    "generate": Shape(
        "stickgen generate",
        "The files that were written.",
        {
            "step": count("of the weights"),
            "files": many(
                record("a file", {"path": text("of it"), "seconds": number("length of its longest motion")}),
                "those written now",
            ),
            "there_already": count("motions of --from that were drawn before, and were left as they are"),
        },
    ),
    "export": Shape(
        "stickgen export",
        "The folder that was written.",
        {
            "path": text("the folder"),
            "formats": many(text("its name"), "what is in it"),
            "step": count("of the weights"),
            "differences": by_name(number("largest"), "of each program, how far it is from the model"),
        },
    ),
    "evaluate": Shape(
        "stickgen evaluate",
        "Every figure of an evaluation (docs/evaluate.md explains them).",
        {
            "evaluator": text("digest of the judge"),
            "classifier": maybe(text("digest")),
            "dataset": record("that judges", {"path": text("of it"), "fingerprint": text("of its content")}),
            "frames": count("of a window"),
            "prompts": count("held-out texts"),
            "pool": maybe(count("texts that retrieval chooses among")),
            "repeats": by_name(count("how many"), "motions of each text, by model"),
            "figures": by_name(
                by_name(
                    record(
                        "a figure",
                        {
                            "value": maybe(number("of it")),
                            "low": maybe(number("end of the 95 % interval")),
                            "high": maybe(number("end of the 95 % interval")),
                        },
                    ),
                    "by figure",
                ),
                "by system: each model, real motion, and what bounds it",
            ),
            "contrast": by_name(
                many(
                    record(
                        "an axis",
                        {
                            "axis": text("its name"),
                            "right": count("motions that do what the text says"),
                            "of": count("motions"),
                            "low": number("end of the 95 % interval, a share"),
                            "high": number("end of the 95 % interval, a share"),
                            "chance": number("a share"),
                        },
                    ),
                    "by axis",
                ),
                "by model",
            ),
            "differences": many(
                record(
                    "a figure of two models",
                    {
                        "figure": text("its key"),
                        "difference": maybe(number("first less second")),
                        "p": number("how likely it is by chance"),
                        "better": maybe(text("the model")),
                    },
                ),
                "empty with one model",
            ),
            "copies": by_name(
                many(
                    record(
                        "a motion",
                        {
                            "text": text("of it"),
                            "clip": count("number"),
                            "distance": number("mean, of joints"),
                        },
                    ),
                    "motions that copy a training clip",
                ),
                "by model",
            ),
            "admission": by_name({}, "how each figure proved on damaged motion that it sees what it claims"),
        },
    ),
}
