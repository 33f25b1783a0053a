"""Shapes of the commands that look at the machine and plan runs."""

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

_SPEED = record(
    "what a short measurement reached",
    {
        "gflops_fp32": number("10⁹ floating-point operations a second"),
        "gflops_bf16": maybe(number("the same in bf16; null without it in hardware")),
        "gbytes_per_second": number("of memory"),
    },
)
_VERDICT = one_of("whether it fits into the memory", "fits", "tight", "does not fit")
_BASIS = one_of("what the prediction rests on", "arithmetic", "learned", "measured")


def _predicted(name: str, about: str, kind: Schema, *, unknown: bool = False) -> dict[str, Schema]:
    """A prediction and the two ends of the interval that nine of ten lie in."""
    if unknown:  # without the facts of a dataset
        return {
            name: maybe({**kind, "description": about}),
            f"{name}_low": optional({**kind, "description": "the low end"}),
            f"{name}_high": optional({**kind, "description": "the high end"}),
        }
    return {
        name: {**kind, "description": about},
        f"{name}_low": {**kind, "description": "the low end; nine of ten runs lie between both"},
        f"{name}_high": {**kind, "description": "the high end"},
    }


_ESTIMATE: dict[str, Schema] = {
    "parameters": count("of the model"),
    "effective_batch": count("clips of a step"),
    "device": text("cpu, cuda or mps"),
    "precision": text("fp32 or bf16"),
    "compiled": flag("whether torch.compile pays"),
    **_predicted("peak_memory_bytes", "the most that the run takes", count("")),
    "spare_memory_bytes": count(
        "part of the peak: the copy while saving, which is left out where memory is tight"
    ),
    "encoder_memory_bytes": count("part of the peak: the text encoder that evaluations load; 0 if none do"),
    "memory_basis": _BASIS,
    "memory_free_bytes": count("now"),
    "memory_total_bytes": count("of the device"),
    "verdict": _VERDICT,
    **_predicted("seconds_per_step", "of one step", number("")),
    "time_basis": _BASIS,
    "steps_per_epoch": maybe(count("null without facts of a dataset")),
    "total_steps": maybe(count("at most; null without facts of a dataset")),
    "final_schedule_share": maybe(number("of the learning rate's schedule, over where the launch ends")),
    "final_learning_rate": maybe(number("where the launch ends")),
    **_predicted("seconds_per_epoch", "of one epoch", number(""), unknown=True),
    **_predicted("seconds_total", "of the whole run", number(""), unknown=True),
    "checkpoint_bytes": count("of one checkpoint"),
    "disk_bytes": count("of all checkpoints that are kept"),
    "disk_free_bytes": maybe(count("where the runs lie")),
}
_FIT: dict[str, Schema] = {
    "edits": by_name(anything("the value"), "keys of the preset that change"),
    "batch_size": count("clips at a time"),
    "grad_accum_steps": count("of them a step"),
    **_ESTIMATE,
}
_ADVICE: dict[str, Schema] = {
    "goal": one_of("what it is for", "memory", "speed", "quality"),
    "edits": by_name(anything("the value"), "keys and their new values"),
    "was": by_name(anything("the value"), "keys and their present values"),
    "sentence": text("all of it in words"),
    "helps": flag("whether it serves the goal here"),
    "peak_memory_bytes_before": count("predicted"),
    "peak_memory_bytes_after": count("predicted"),
    "seconds_per_step_before": number("predicted"),
    "seconds_per_step_after": number("predicted"),
    "seconds_total_before": maybe(number("predicted; null without facts of a dataset")),
    "seconds_total_after": maybe(number("predicted; null without facts of a dataset")),
    "verdict_after": _VERDICT,
}

SHAPES: dict[str, Shape] = {
    "hardware": Shape(
        "stickgen hardware",
        "What this machine has.",
        {
            "ram_total_bytes": count("all of it"),
            "ram_available_bytes": count("to this process"),
            "ram_usable_bytes": count("all of it, or the control group's limit"),
            "cgroup_limit_bytes": maybe(count("the control group's limit")),
            "cores_logical": count("threads"),
            "cores_physical": count("cores"),
            "cores_usable": count("by affinity and the control group's quota"),
            "cpu_name": text("as the system names it"),
            "cpu_bf16": flag("in hardware"),
            "gpus": many(
                record(
                    "a CUDA device",
                    {
                        "index": count("from 0"),
                        "name": text("as the driver names it"),
                        "vram_total_bytes": count("all of it"),
                        "vram_free_bytes": count("at the last look"),
                        "bf16": flag("in hardware"),
                        "speed": maybe(_SPEED),
                    },
                ),
                "those that torch can use",
            ),
            "mps": flag("Apple Silicon's GPU"),
            "torch_version": maybe(text("null if torch did not answer")),
            "torch_error": maybe(text("why it did not")),
            "cpu_speed": maybe(_SPEED),
            "mps_speed": maybe(_SPEED),
        },
    ),
    "estimate": Shape("stickgen estimate", "Memory, time and disk that a config needs here.", _ESTIMATE),
    "recommend": Shape(
        "stickgen recommend",
        "The config for a machine.",
        {
            "tier": text("of the training guide"),
            "preset": text("the shipped config it starts from"),
            "config": text("its path"),
            "headroom_share": number("of the memory, kept free"),
            "memory_limit_bytes": count("the most a run may take"),
            "guide": record("the preset unchanged", _ESTIMATE),
            "recommended": record("the preset as it fits", _FIT),
            "largest": record("the largest model that fits", _FIT),
            "reasons": many(text("a sentence"), "why"),
            "written": maybe(text("the config that -o wrote")),
        },
    ),
    "advise": Shape(
        "stickgen advise",
        "Edits of a config, the best first; with --apply the one that was made.",
        {
            "advice": many(record("an edit", _ADVICE), "also those that would not help"),
            "applied": maybe(count("number of the edit that was written, from 1")),
        },
    ),
}
