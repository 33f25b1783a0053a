"""What a run may go on with: the data it learned from, and a config in which only some keys may change."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stickgen.config.comparing import means_the_same
from stickgen.config.loading import TrainingConfig
from stickgen.config.schema import KEY_BY_PATH, KEYS, Value
from stickgen.datasets.facts import DatasetFacts, dataset_digest, read_dataset_facts
from stickgen.datasets.file_checks import check_dataset_file
from stickgen.errors import StickgenError
from stickgen.runs.checkpoint_folders import step_of
from stickgen.runs.going_back import LAST, chosen_checkpoint
from stickgen.runs.live import read_changes, values_at
from stickgen.text import clean
from stickgen.yaml_edit import format_value

if TYPE_CHECKING:
    from stickgen.runs.store import Run

# What can change between two launches, beside live keys, and leaves weights, moments, clips and steps their meaning.
_CHANGEABLE = {
    "training.warmup_epochs", "training.weight_decay", "training.ema_decay",
    "training.activation_checkpointing", "training.compile", "model.dropout",
    "diffusion.sampling_steps", "diffusion.guidance_scale", "diffusion.contrast_scale",
    "diffusion.guidance_min_time", "diffusion.smoothing", "diffusion.cleanup",
    "diffusion.condition_dropout",
}  # fmt: skip
_CHANGEABLE_GROUPS = {"device", "logging", "data"}
_FIXED = {"data.max_frames"}
MOST_NAMED = 40  # sources and licences of a dataset that are kept by name
_BATCH = {"training.batch_size", "training.grad_accum_steps"}


@dataclass(frozen=True)
class Change:
    """A key that means something else than it did."""

    path: str
    old: Value
    new: Value

    def __str__(self) -> str:
        return f"{self.path}: {_shown(self.old)} → {_shown(self.new)}"


def _shown(value: Value) -> str:
    return clean(value if isinstance(value, str) else format_value(value), single_line=True, limit=80)


def changes(before: TrainingConfig, after: TrainingConfig) -> list[Change]:
    """The keys whose values differ, in the order of the schema."""
    pairs = [(key.path, before.get(key.path), after.get(key.path)) for key in KEYS]
    return [Change(path, old, new) for path, old, new in pairs if not means_the_same(old, new)]


def refuse_changes(run: Run, before: TrainingConfig, after: TrainingConfig) -> list[Change]:
    """The changes from `before` to `after`. Raises StickgenError for one that a run cannot make once it has begun."""
    found = changes(before, after)
    same_batch = before.effective_batch == after.effective_batch
    for change in found:
        fixed = change.path in _FIXED or not (
            KEY_BY_PATH[change.path].live
            or change.path in _CHANGEABLE
            or change.path.partition(".")[0] in _CHANGEABLE_GROUPS
        )
        if change.path in _BATCH and same_batch:
            continue
        if fixed:
            hint = "; batch_size and grad_accum_steps may change if their product stays" * (
                change.path in _BATCH
            )
            raise StickgenError(
                f"{change}: a run that has begun keeps it{hint}; begin a new run from its weights: "
                f"stickgen train --init-from {run.reference} --set {change.path}={_shown(change.new)}"
            )
    return found


@dataclass(frozen=True)
class Resumption:
    """What the next launch of a run goes on with."""

    config: bytes | None  # None: as it is
    facts: dict[str, Any]  # for run.json
    said: tuple[str, ...]  # for the person
    back_to_step: int | None = None  # None: from the newest checkpoint
    values: Mapping[str, Value] = field(
        default_factory=dict
    )  # to be set once it trains, against a live change

    @property
    def for_launch(self) -> dict[str, Any]:
        """What `launch` is to be told."""
        return {
            "config": self.config, "back_to_step": self.back_to_step, "values": self.values, **self.facts
        }  # fmt: skip


def prepare(
    run: Run,
    *,
    data_path: str | None = None,
    overrides: Mapping[str, Value] | None = None,
    force: bool = False,
    start: str = LAST,
) -> Resumption:
    """Look at config and dataset before a launch goes on with them; nothing is written.

    `start` is the checkpoint to go on from: `last`, `best`, or its step.

    Raises StickgenError where either is not what the run learned from, with what differs; `force` goes on with
    what is there, but not with a config whose changes would make weights or step count meaningless.
    """
    checkpoint = chosen_checkpoint(run, start)
    back_to = checkpoint.step if checkpoint is not None and start != LAST else None
    config, facts, said, values = _config(run, overrides or {}, force, back_to)
    place = Path(data_path).absolute() if data_path is not None else find_dataset(run)
    if place is None:
        raise StickgenError(
            f"{run.name}: its run.json names no dataset; name it: "
            f"stickgen train --resume {run.reference} --data-path FILE"
        )
    recorded = run.identity.get("data_path")
    if str(place) != recorded:
        facts["data_path"] = str(place)
        if data_path is None:
            said.append(f"the dataset is no longer at {recorded}; it goes on with {place}")
    check_dataset_file(place)  # here, before a launch that fails would stand for the state of the run
    if difference := dataset_difference(run, place, read_dataset_facts(place)):
        if not force:
            raise StickgenError(difference)
        facts["dataset_accepted"] = dataset_digest(place)
        said.append(f"{difference.partition('; ')[0]}; forced")
    if checkpoint is None and run.launches:
        said.insert(0, "it ended before its first checkpoint, so it starts again at step 0")
    return Resumption(config, facts, tuple(said), back_to, values)


def resume(
    run: Run, *, start: str = LAST, overrides: Mapping[str, Value] | None = None, force: bool = False
) -> tuple[str, ...]:
    """Launch a run that has begun, with its own config and data; returns what a person should know of it.

    `start` is the checkpoint to go on from: `last`, `best`, or its step. Raises StickgenError if it cannot go on.
    """
    from stickgen.runs.launch import launch

    found = prepare(run, start=start, overrides=overrides, force=force)
    checkpoint = chosen_checkpoint(run, start)
    launch(run, **found.for_launch)
    if checkpoint is None:
        return found.said
    return (f"it goes on from the checkpoint of step {checkpoint.step:,}", *found.said)


def _config(
    run: Run, overrides: Mapping[str, Value], force: bool, back_to_step: int | None
) -> tuple[bytes | None, dict[str, Any], list[str], dict[str, Value]]:
    from stickgen.yaml_edit import Document

    name = str(run.config_path)
    try:
        document = Document.parse(run.config_bytes, name)
    except OSError as error:
        raise StickgenError(f"{name}: it cannot be read ({error.strerror or error})") from error
    config = TrainingConfig.from_document(document)
    most = math.inf if back_to_step is None else back_to_step
    trained = trained_config(run, most)
    facts: dict[str, Any] = {}
    said: list[str] = []
    if config.digest != run.identity.get("config_digest", config.digest):
        by_hand = changes(trained, config) if trained is not None else []
        if by_hand and not force:
            raise StickgenError(
                f"{name}: it was changed since the run was launched ({'; '.join(map(str, by_hand))}); put it back, "
                "or go on with it by --force; keys are changed by --set"
            )
        facts["config_digest"] = config.digest
        what = "changed, but no value" if trained is not None else "changed before anything was trained"
        said.append(f"{name}: {'; '.join(map(str, by_hand)) or what}; taken as it is")
    if overrides:
        for path, value in overrides.items():
            document.set(path, value)
        config = TrainingConfig.from_document(document)
        facts["config_digest"] = config.digest
    if trained is not None:
        refuse_changes(run, trained, config)
    live, values = _live(run, config, overrides, most)
    return (config.bytes if overrides else None), facts, said + live, values


def _live(
    run: Run, config: TrainingConfig, overrides: Mapping[str, Value], most_steps: float
) -> tuple[list[str], dict[str, Value]]:
    """What becomes of live changes, in words, and which of the `overrides` have to be set against them once more.

    What a person says last counts: a value of --set, or of a config.yaml that was edited, overrules a live change.
    Of a key that --set gives the value which config.yaml has anyway, the file cannot tell that; the launch is asked.
    """
    changes = [change for change in read_changes(run) if change.step <= most_steps]
    holding = values_at(config, changes, None)
    once = {key.path: key.new for change in changes for key in change.keys}
    said = [
        f"{path} is {_shown(value)} by a live change (config.yaml: {_shown(config.get(path))})"
        for path, value in holding.items()
        if path not in overrides
    ]
    said += [
        f"config.yaml says {path} {_shown(config.get(path))}, which overrules the live change to {_shown(value)}"
        for path, value in once.items()
        if path not in holding and not means_the_same(value, config.get(path))
    ]
    return said, {path: value for path, value in overrides.items() if path in holding}


def trained_config(run: Run, most_steps: float = math.inf) -> TrainingConfig | None:
    """The config.yaml of the newest checkpoint of at most so many steps; None if there is none that can be read."""
    from stickgen.foreign_files import read_regular
    from stickgen.run_contract import MAX_CONFIG_BYTES

    for folder in reversed(run.checkpoints):
        if step_of(folder) > most_steps:
            continue
        try:
            return TrainingConfig.from_bytes(
                read_regular(folder / "config.yaml", MAX_CONFIG_BYTES), str(folder / "config.yaml")
            )
        except (OSError, StickgenError):
            continue
    return None


def find_dataset(run: Run) -> Path | None:
    """The run's dataset: where run.json says, or, when it is not there, at the same place relative to the run or
    to this folder. None where run.json names none."""
    identity = run.identity
    recorded = identity.get("data_path")
    if not isinstance(recorded, str) or not recorded:
        return None
    return moved(run, Path(recorded))


def moved(run: Run, recorded: Path) -> Path:
    """`recorded`, or where it lies now if the project that it and the run belong to was moved."""
    if recorded.exists() or not recorded.is_absolute():
        return recorded
    identity = run.identity
    for was, now in ((identity.get("run_path"), run.path), (identity.get("cwd"), Path.cwd())):
        if isinstance(was, str) and was and Path(was).is_absolute():
            candidate = Path(os.path.normpath(now / os.path.relpath(recorded, was)))
            if candidate.exists():
                return candidate
    return recorded


def record_of(facts: DatasetFacts, digest: str) -> dict[str, Any]:
    """What run.json and the checkpoints keep of a dataset: no path, but whose it is and what it holds."""
    found = {**asdict(facts), "digest": digest}
    del found["doubts"]  # of its launch, and in words that may change
    for name in ("sources", "licences"):
        found[name] = _some([clean(text, single_line=True, limit=200) for text in found[name]])
    return found


def _some(texts: list[str]) -> list[str]:
    """A list that stays small in a checkpoint's JSON."""
    more = len(texts) - MOST_NAMED
    return texts if more <= 0 else [*texts[:MOST_NAMED], f"and {more} more"]


def dataset_difference(run: Run, path: Path, facts: DatasetFacts | None) -> str | None:
    """In which way the dataset at `path` is not the one that the run learned from; None if it is, or nobody knows."""
    identity = run.identity
    recorded = identity.get("dataset")
    if not isinstance(recorded, dict):  # a run of an older version
        known = identity.get("dataset_fingerprint")
        if facts is None or not isinstance(known, str) or known == facts.fingerprint:
            return None
        recorded = {"fingerprint": known}
    else:
        digest = dataset_digest(path)
        if digest in {recorded.get("digest"), identity.get("dataset_accepted")}:
            return None
    there = asdict(facts) if facts is not None else {}
    told = {
        "clips": "clips", "frames": "frames", "texts": "texts", "clips_val": "clips held out",
        "embedding_dim": "width of the embeddings", "encoder": "encoder",
    }  # fmt: skip
    words = [
        f"{word} {clean(recorded[name], single_line=True, limit=60)} → {clean(there[name], single_line=True, limit=60)}"
        for name, word in told.items()
        if name in recorded and name in there and recorded[name] != there[name]
    ]
    if not words:
        same = there.get("fingerprint") == recorded.get("fingerprint")
        words = ["its embeddings, labels or split" if same and there else "its motion or its texts"]
    return (
        f"{path}: not the data that {run.name} learned from, it differs in {', '.join(words)}; name the right "
        f"dataset with --data-path, or go on with this one by --force"
    )
