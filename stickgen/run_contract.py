"""What a run directory holds, in names: the one contract between the trainer, which writes it, and its readers.

It imports nothing of ours, so that both sides, and whatever must not write over a run, can share it. A name that
stands here never changes its meaning: runs of older versions are read by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class File:
    """Files and folders of a run directory."""

    IDENTITY: Final = "run.json"
    IDENTITY_COPY: Final = "run-copy.json"  # for the day when run.json is damaged
    IDENTITY_LOCK: Final = "run.json.lock"
    CONFIG: Final = "config.yaml"  # the exact bytes
    METRICS: Final = "metrics.jsonl"
    CURVES: Final = (
        "metrics.curves"  # what metrics.jsonl says, in levels to be drawn; made again if it is not right
    )
    EVENTS: Final = "events.jsonl"
    HEARTBEAT: Final = "heartbeat"
    LOG: Final = "train.log"
    EXIT: Final = "exit.json"
    EXIT_ROOM: Final = ".exit.room"  # disk space kept for exit.json
    RUN_LOCK: Final = "run.lock"
    LAUNCH_LOCK: Final = "launch.lock"
    TRACKER: Final = "tracker.json"  # how much of the metrics a tracker has
    LIVE: Final = "live.json"  # the keys that were changed while it trained, and from which step on
    LABELS: Final = "tags.json"  # tags and a note, by a person
    CHECKPOINTS: Final = "checkpoints"
    SAMPLES: Final = "samples"
    CONTROL: Final = "control"
    PROMPTS: Final = "prompts"  # sentences that are drawn beside the run's own sample
    TENSORBOARD: Final = "tensorboard"
    WANDB: Final = "wandb"


def sample_name(step: int, prompt: str = "") -> str:
    """The file of a sample of a step: the run's own, or that of a pinned sentence, by its id."""
    return f"step_{step:08d}{f'-{prompt}' if prompt else ''}.json"


MAX_CONFIG_BYTES: Final = 2**26  # of a config.yaml; a larger one is not read
FILES: Final = (
    File.IDENTITY, File.IDENTITY_LOCK, File.IDENTITY_COPY, File.CONFIG, File.METRICS, File.EVENTS, File.HEARTBEAT,
    File.LOG, File.EXIT, File.EXIT_ROOM, File.RUN_LOCK, File.LAUNCH_LOCK, File.TRACKER, File.LIVE, File.LABELS,
    File.CURVES,
)  # fmt: skip
WRITTEN_FOLDERS: Final = (File.CHECKPOINTS, File.SAMPLES, File.CONTROL)
FOLDERS: Final = (*WRITTEN_FOLDERS, File.PROMPTS, File.TENSORBOARD, File.WANDB)


class EventKind(StrEnum):
    """What an event tells of."""

    STARTED = "started"
    RESUMED = "resumed"
    INITIAL = "initial"  # the run starts from the weights of another
    CHANGED = "changed"  # a resumed run has other keys or data than before
    ALERT = "alert"  # something is wrong, and training goes on
    CONTROL = "control"  # a request was taken or refused
    LIVE = "live"  # keys were changed while it trains
    EPOCH = "epoch"  # validation has measured
    QUALITY = "quality"  # the motion was evaluated
    SAMPLE = "sample"
    CHECKPOINT = "checkpoint"
    ROLLBACK = "rollback"  # the run went back to an earlier checkpoint, by itself
    PROFILE = "profile"  # where the time went
    FINISHED = "finished"  # all steps are done
    EARLY = "early"  # a limit ended it before its last step
    PAUSED = "paused"  # somebody asked for a stop that frees the memory, to go on later
    STOPPED = "stopped"
    FAILED = "failed"


# how a launch ended
ENDINGS: Final = (
    EventKind.FINISHED, EventKind.EARLY, EventKind.PAUSED, EventKind.STOPPED, EventKind.FAILED,
)  # fmt: skip


class Phase(StrEnum):
    """What the trainer is doing, by its heartbeat."""

    STARTING = "starting"
    LOADING = "loading"
    COMPILING = "compiling"
    TRAINING = "training"
    VALIDATING = "validating"
    EVALUATING = "evaluating"
    SAMPLING = "sampling"
    SAVING = "saving"


STARTING_PHASES: Final = frozenset({Phase.STARTING, Phase.LOADING})
BEATS_ONCE: Final = frozenset(
    {Phase.SAVING, Phase.VALIDATING, Phase.SAMPLING}
)  # at its start, in midst of training

# How many seconds a phase may go without a heartbeat. Training and evaluating beat all the time and are measured by
# the length of a step instead; the others beat once, at their start.
QUIET_SECONDS: Final[Mapping[str, float]] = {
    Phase.STARTING: 300.0,
    Phase.LOADING: 1800.0,
    Phase.COMPILING: 1800.0,
    Phase.VALIDATING: 1800.0,
    Phase.SAMPLING: 900.0,
    Phase.SAVING: 900.0,
}
FIRST_STEP_SECONDS: Final = 1800.0  # the first step has no median yet, and may compile
LEAST_QUIET_SECONDS: Final = 60.0
QUIET_STEPS: Final = 10


def quiet_limit_seconds(phase: str, median_step_seconds: float | None) -> float:
    """How long `phase` may go without a heartbeat before the run counts as stalled."""
    if phase in QUIET_SECONDS:
        return QUIET_SECONDS[phase]
    if median_step_seconds is None:
        return FIRST_STEP_SECONDS
    return max(LEAST_QUIET_SECONDS, QUIET_STEPS * median_step_seconds)


class RecordKind(StrEnum):
    """What a record of the metrics log measured."""

    TRAIN = "train"  # a step
    VAL = "val"  # the held-out clips
    QUALITY = "quality"  # drawn motion


class StepPart(StrEnum):
    """What the time of training goes into, in the order of a step; what is left of it is the loop's own."""

    DATA = "data"  # waiting for clips
    FORWARD = "forward"
    BACKWARD = "backward"
    OPTIMIZER = "optimizer"
    AVERAGE = "average"  # of the weights
    CHECKPOINT = "checkpoint"
    VALIDATION = "validation"
    SAMPLE = "sample"
    EVALUATION = "evaluation"


BETWEEN_STEPS: Final = (StepPart.CHECKPOINT, StepPart.VALIDATION, StepPart.SAMPLE, StepPart.EVALUATION)


class Wish(StrEnum):
    """What a request in the run's inbox asks for."""

    STOP = "stop"
    PAUSE = "pause"
    SAVE = "save"
    SAMPLE = "sample"
    SET = "set"  # other values of keys; alone of all, it holds for the launches to come too


class Field:
    """Members of the records of both logs and of the heartbeat. Numbers that are not finite are null."""

    SEQ: Final = "seq"  # the number of the record in its log, from 1
    TIME: Final = "time"  # s since 1970
    STEP: Final = "step"
    TOTAL_STEPS: Final = "total_steps"  # of the whole run
    # -- events
    EVENT: Final = "event"  # an EventKind
    MESSAGE: Final = "message"
    LAUNCH: Final = "launch"  # the number of the launch, from 1
    PATH: Final = "path"  # of what was written, within its folder
    ID: Final = "id"  # of a request
    APPLIED: Final = "applied"  # whether it was
    WISH: Final = "wish"  # a Wish
    VALUES: Final = "values"  # of a request to set keys: by path
    CHANGES: Final = "changes"  # of a live change: what changed, each with `key`, `old` and `new`
    RULE: Final = "rule"  # of the watchdog, that found it
    SUGGEST: Final = "suggest"  # the edits that may help: values by key
    FROM_STEP: Final = "from_step"  # that a run went back from; `step` is where it is now
    # -- heartbeat, and where a record of training says it too
    PHASE: Final = "phase"
    MEDIAN_STEP_SECONDS: Final = "median_step_seconds"
    BOOT_SECONDS: Final = "boot_seconds"
    BOOT_ID: Final = "boot_id"
    UNWRITTEN: Final = (
        "unwritten"  # records of this launch that are not on disk: they wait for space, or are lost
    )
    # -- metrics
    KIND: Final = "kind"  # a RecordKind
    EPOCH: Final = "epoch"  # with its fraction
    ETA_SECONDS: Final = "eta_seconds"
    ETA_ERROR_SECONDS: Final = "eta_error_seconds"  # the end may come that much sooner or later
    SECONDS_COVERED: Final = "seconds_covered"  # the last records' time; SECONDS_BY_PART are of it
    SECONDS_BY_PART: Final = "seconds_by_part"  # in the order of StepPart; new parts come last
    LOSS: Final = "loss"
    LOSS_POSE: Final = "loss_pose"
    LOSS_TEMPORAL: Final = "loss_temporal"
    LOSS_ACTION: Final = "loss_action"
    LOSS_PHYSICS: Final = "loss_physics"
    LOSS_DIFFUSION: Final = "loss_diffusion"
    LR: Final = "lr"
    SCHEDULE_SHARE: Final = "schedule_share"  # of the learning rate's schedule, over after this step: 0 to 1
    GRAD_NORM: Final = "grad_norm"
    SEQUENCES_PER_SECOND: Final = "sequences_per_second"
    FRAMES_PER_SECOND: Final = "frames_per_second"
    RSS_BYTES: Final = "rss_bytes"  # of the trainer and its children
    DEVICE_MEMORY_BYTES: Final = "device_memory_bytes"  # the peak; null without CUDA
    RAM_FREE_BYTES: Final = "ram_free_bytes"  # that the trainer may still take, by the machine and its limits
    DISK_FREE_BYTES: Final = "disk_free_bytes"  # where the run lies
    MEAN_POSE_LOSS: Final = "mean_pose_loss"  # the pose loss of always predicting the mean pose
    ACTION_ACCURACY: Final = "action_accuracy"
    QUALITY_ACTION_ACCURACY: Final = "quality_action_accuracy"
    QUALITY_CONTRAST: Final = "quality_contrast"
    QUALITY_SKATE_RATIO: Final = "quality_skate_ratio"
    QUALITY_SKATE_RATIO_REAL: Final = "quality_skate_ratio_real"


class Unit(StrEnum):
    """What a measured number counts. A share is from 0 to 1."""

    NONE = ""
    BYTES = "B"
    SECONDS = "s"
    PER_SECOND = "1/s"
    SHARE = "share"


# Of each kind of record, what it measures, apart from STAMPS. A term of the loss or a contrast may be missing.
STAMPS: Final = frozenset({Field.SEQ, Field.KIND, Field.TIME, Field.STEP})
_LOSSES: Final[Mapping[str, Unit]] = {
    Field.LOSS: Unit.NONE,
    Field.LOSS_POSE: Unit.NONE,
    Field.LOSS_TEMPORAL: Unit.NONE,
    Field.LOSS_ACTION: Unit.NONE,
    Field.LOSS_PHYSICS: Unit.NONE,
    Field.LOSS_DIFFUSION: Unit.NONE,
}
MEASURED: Final[Mapping[RecordKind, Mapping[str, Unit]]] = {
    RecordKind.TRAIN: {
        **_LOSSES,
        Field.LR: Unit.NONE,
        Field.GRAD_NORM: Unit.NONE,
        Field.SEQUENCES_PER_SECOND: Unit.PER_SECOND,
        Field.FRAMES_PER_SECOND: Unit.PER_SECOND,
        Field.RSS_BYTES: Unit.BYTES,
        Field.DEVICE_MEMORY_BYTES: Unit.BYTES,
        Field.RAM_FREE_BYTES: Unit.BYTES,
        Field.DISK_FREE_BYTES: Unit.BYTES,
    },
    RecordKind.VAL: {**_LOSSES, Field.MEAN_POSE_LOSS: Unit.NONE, Field.ACTION_ACCURACY: Unit.SHARE},
    RecordKind.QUALITY: {
        Field.QUALITY_ACTION_ACCURACY: Unit.SHARE,
        Field.QUALITY_CONTRAST: Unit.SHARE,
        Field.QUALITY_SKATE_RATIO: Unit.SHARE,
        Field.QUALITY_SKATE_RATIO_REAL: Unit.SHARE,
    },
}
# What tells where the run is and where its time goes, and is no curve.
PROGRESS: Final = frozenset(
    {
        Field.EPOCH, Field.TOTAL_STEPS, Field.ETA_SECONDS, Field.ETA_ERROR_SECONDS, Field.SECONDS_COVERED,
        Field.SECONDS_BY_PART, Field.MEDIAN_STEP_SECONDS, Field.SCHEDULE_SHARE,
    }
)  # fmt: skip


def loss_field(term: str) -> str:
    """The field of a term of the objective: `total` → `loss`, `pose` → `loss_pose`."""
    return Field.LOSS if term == "total" else f"{Field.LOSS}_{term}"


def contrast_field(axis: str) -> str:
    """The field of what the motion obeys of one axis of contrast: `hand` → `quality_contrast_hand`."""
    return f"{Field.QUALITY_CONTRAST}_{axis}"


def unit_of(field: str) -> Unit:
    """What the numbers of a metrics field count; NONE of one that this version does not know."""
    return next((units[field] for units in MEASURED.values() if field in units), Unit.NONE)


_MORE_IS_BETTER: Final = (
    Field.ACTION_ACCURACY, Field.QUALITY_ACTION_ACCURACY, Field.QUALITY_CONTRAST, Field.SEQUENCES_PER_SECOND,
    Field.FRAMES_PER_SECOND,
)  # fmt: skip


def higher_is_better(field: str) -> bool:
    """Whether a larger number of a metrics field is the better one: of shares that are right, and of speed."""
    return field in _MORE_IS_BETTER or field.startswith(contrast_field(""))


# Of run.json, what of going back to an older checkpoint is still to do, as its step; and what was done, in words.
GOING_BACK: Final = "going_back_to_step"
WENT_BACK: Final = "went_back"
# Of run.json, what one launch was asked for and the next one is not. All else is the identity of the run, or what
# holds for the launches to come.
# `max_steps` counts from where the launch begins, `last_step` from the start of the run.
LAUNCH_OPTIONS: Final = frozenset({"max_steps", "last_step", "profile"})
