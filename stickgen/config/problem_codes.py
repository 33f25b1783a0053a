"""A stable code for each kind of problem of a config, with its cause and its fix; docs/problems.md is made of these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The code of a kind of problem. A code is never used for another kind, whatever becomes of its wording."""

    MISSPELT_KEY = "SG101"
    UNKNOWN_KEY = "SG102"
    NOT_A_SECTION = "SG103"
    NOT_A_VALUE = "SG104"
    NOT_ALLOWED = "SG105"
    READS_DIFFERENTLY = "SG106"
    HEADS = "SG201"
    NO_SUCH_DEVICE = "SG202"
    PIN_MEMORY = "SG203"
    SLOW_BF16 = "SG204"
    TOO_MANY_WORKERS = "SG205"
    WORKERS_ON_CPU = "SG206"
    SHARDING = "SG207"
    EMBEDDING_WIDTH = "SG208"
    FEW_CLIPS = "SG209"
    LONG_WARMUP = "SG210"
    NO_CHECKPOINT = "SG211"
    EFFECTIVE_BATCH = "SG212"
    REFUSED = "SG301"
    OVER_BUDGET = "SG302"
    TIGHT = "SG303"
    DATASET_DOUBT = "SG304"
    NEEDS_WEIGHTS = "SG305"


@dataclass(frozen=True)
class Explanation:
    """Why a problem arises, and what to do about it."""

    title: str
    cause: str
    fix: str


EXPLANATIONS: dict[Code, Explanation] = {
    Code.MISSPELT_KEY: Explanation(
        "A misspelt key",
        "The file has a key that stickgen does not know, and it looks like one that it does. Its value would have no effect.",
        "Rename it: `stickgen config rename FILE OLD NEW`, or f in the editor.",
    ),
    Code.UNKNOWN_KEY: Explanation(
        "An unknown key",
        "The file has a key that stickgen does not know and that resembles none. It is kept, and has no effect.",
        "Keep it if another program reads it; otherwise delete it.",
    ),
    Code.NOT_A_SECTION: Explanation(
        "A value where a section belongs",
        "A section such as `training:` holds a single value or a list instead of keys.",
        "Write the keys of the section below it, indented.",
    ),
    Code.NOT_A_VALUE: Explanation(
        "A list or a section where a value belongs",
        "A key that takes one value has a list or further keys below it, often after a slip of the indentation.",
        "Write one value behind the key.",
    ),
    Code.NOT_ALLOWED: Explanation(
        "A value that the key does not take",
        "The value is of another type, outside the key's limits, or none of its choices; numbers in quotes are text.",
        "Use a value that the message or [the list of keys](configuration.md) allows.",
    ),
    Code.READS_DIFFERENTLY: Explanation(
        "A value that other programs read differently",
        "YAML 1.1 and 1.2 disagree about some plain values: `1e-4`, `on`, `017`, `12:30`.",
        "Write the value as the message says; `stickgen config fmt-check --fix FILE` does it for the whole file.",
    ),
    Code.HEADS: Explanation(
        "Attention heads that do not fit",
        "`model.d_model` must split into `model.nhead` heads of an even width, because rotary positions turn pairs.",
        "Use one of the values of `model.nhead` that the message lists.",
    ),
    Code.NO_SUCH_DEVICE: Explanation(
        "A device that this machine does not have",
        "`device.type` asks for a GPU that is not there.",
        "Use `auto`, or launch the run on a machine that has one.",
    ),
    Code.PIN_MEMORY: Explanation(
        "Pinned memory without CUDA",
        "`device.pin_memory` speeds up copies to a CUDA GPU alone.",
        "Set it to false.",
    ),
    Code.SLOW_BF16: Explanation(
        "bf16 without hardware for it",
        "The device has to emulate bf16: it takes less memory, and more time than fp32.",
        "Use `device.precision: auto`, unless memory is what runs out.",
    ),
    Code.TOO_MANY_WORKERS: Explanation(
        "More data workers than cores",
        "The workers wait for one another.",
        "Use as many as the message says.",
    ),
    Code.WORKERS_ON_CPU: Explanation(
        "Data workers beside training on the CPU",
        "They take cores from the training; the trainer prepares batches faster than it needs them.",
        "Use 0.",
    ),
    Code.SHARDING: Explanation(
        "A setting that does not go with sharding",
        "`device.sharding: fsdp` excludes adapters, Muon and compiled blocks.",
        "Change that key, or set `device.sharding: none`.",
    ),
    Code.EMBEDDING_WIDTH: Explanation(
        "Text embeddings of another width",
        "The dataset was embedded by an encoder of another width than `model.embedding_dim`.",
        "Set `model.embedding_dim` to the width that the message names, or embed the dataset again.",
    ),
    Code.FEW_CLIPS: Explanation(
        "An epoch shorter than a step",
        "The dataset has fewer clips than `training.batch_size` × `training.grad_accum_steps`.",
        "Accumulate fewer batches, or use a smaller batch.",
    ),
    Code.LONG_WARMUP: Explanation(
        "A warm-up as long as the training",
        "The learning rate would never reach its peak.",
        "Use a tenth of `training.epochs` or less.",
    ),
    Code.NO_CHECKPOINT: Explanation(
        "No checkpoint before the end",
        "`logging.save_interval` is longer than the training and `logging.save_minutes` is 0, so a crash costs all of it.",
        "Save more often.",
    ),
    Code.EFFECTIVE_BATCH: Explanation(
        "Another effective batch than the presets'",
        "The presets' learning rates suit an effective batch of 64.",
        "Keep 64 by changing `training.grad_accum_steps`, or change the learning rate with it.",
    ),
    Code.REFUSED: Explanation(
        "A launch that cannot work here",
        "The dataset is missing, damaged or not embedded, or a package is not installed.",
        "Do what the message says. `--force` does not help.",
    ),
    Code.OVER_BUDGET: Explanation(
        "Not enough memory or disk",
        "Even the lower end of the prediction does not fit into what is free.",
        "Ask `stickgen advise`, free some, or launch anyway with `--force`.",
    ),
    Code.TIGHT: Explanation(
        "Memory or disk may not suffice",
        "The upper end of the prediction does not fit into what is free.",
        "Watch the first minutes, or ask `stickgen advise`.",
    ),
    Code.DATASET_DOUBT: Explanation(
        "Something in the dataset looks wrong",
        "Clips are in another unit, upside down, still, torn or there twice.",
        "Look at the clip that the message names, and fix or drop such clips.",
    ),
    Code.NEEDS_WEIGHTS: Explanation(
        "Adapters without weights",
        "`lora.enabled` trains beside the weights of another run.",
        "Launch it with `--init-from RUN`.",
    ),
}
