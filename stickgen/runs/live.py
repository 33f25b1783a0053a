"""Keys that were changed while a run trained: what, and from which step on.

`config.yaml` keeps the bytes that the run started from. `live.json` holds the changes, as a schedule: a change counts
from the step after which it was taken, for every launch. What a step does follows from the step's number, so a run
that died and goes on from an earlier checkpoint makes each change again at its step, and becomes the run that it
would have been.

The file is replaced as a whole and is on disk before a change has any effect.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stickgen.atomic import write_text
from stickgen.config.comparing import means_the_same
from stickgen.config.loading import TrainingConfig
from stickgen.config.rules import broken_rules
from stickgen.config.schema import GROUPS, KEY_BY_PATH, KEYS, Value, keys_of
from stickgen.errors import StickgenError
from stickgen.foreign_files import MAX_JSON_BYTES, read_regular
from stickgen.run_contract import Field
from stickgen.text import clean
from stickgen.yaml_edit import format_value

if TYPE_CHECKING:
    from stickgen.runs.directory import RunDirectory

LIVE_KEYS = tuple(key for key in KEYS if key.live)


@dataclass(frozen=True)
class KeyChange:
    """A key, its value before and after, and what config.yaml said of it then."""

    path: str
    old: Value
    new: Value
    in_config: Value

    def __str__(self) -> str:
        return f"{self.path}: {shown(self.old)} → {shown(self.new)}"


@dataclass(frozen=True)
class LiveChange:
    """One request to set keys, as it was taken: it counts after `step` steps."""

    id: str
    step: int
    launch: int
    keys: tuple[KeyChange, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.keys))

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        changes = [spelled(key) for key in self.keys]
        return {Field.ID: self.id, Field.STEP: self.step, Field.LAUNCH: self.launch, Field.CHANGES: changes}


def shown(value: Value) -> str:
    """A value as a person reads it: a text as it is, all else as YAML has it."""
    return clean(value if isinstance(value, str) else format_value(value), single_line=True, limit=80)


# -- what is asked for


def check_changes(
    config: TrainingConfig,
    values: Mapping[str, object],
    *,
    step: int,
    steps_per_epoch: int,
    planned: TrainingConfig | None = None,
) -> tuple[KeyChange, ...]:
    """What `values` would change in the present `config`, with `step` steps done; asker and trainer ask it alike.

    `planned` is the config with the changes that come again after this step, if a launch goes on from before them.
    `steps_per_epoch` of 0: not known yet. `in_config` is left at the old value. Raises StickgenError for the first
    value that cannot be taken.
    """
    planned = planned or config
    found: dict[str, KeyChange] = {}
    for path, value in values.items():
        key = KEY_BY_PATH.get(path)
        if key is None:
            raise StickgenError(f"{clean(path, single_line=True, limit=80)}: unknown key")
        if not key.live:
            raise StickgenError(
                f"{path}: it cannot change while a run trains; what can: stickgen runs set --keys, and more when a "
                f"run is resumed: stickgen train --resume RUN --set {path}=…"
            )
        try:
            new = key.check(value)
        except ValueError as error:
            raise StickgenError(f"{path}: {clean(value, single_line=True, limit=80)} {error}") from error
        old = config.get(path)
        if not (means_the_same(old, new) and means_the_same(planned.get(path), new)):
            found[path] = KeyChange(path, old, new, old)
    if not found:
        already = ", ".join(f"{path} is {shown(config.get(path))}" for path in values)
        raise StickgenError(f"nothing would change: {already} already" if already else "no key is named")
    after = planned.changed({change.path: change.new for change in found.values()})
    for rule in broken_rules(after):
        if rule.severity == "error" and {rule.path, rule.related} & found.keys():
            raise StickgenError(f"{rule.path}: {rule.message}; {rule.fix}")
    if steps_per_epoch and "training.epochs" in found and after.training.epochs * steps_per_epoch < step:
        least = -(-step // steps_per_epoch)
        raise StickgenError(
            f"training.epochs: {step:,} steps are done, which is epoch {least}: use {least} or more; `runs stop` "
            "ends the run now"
        )
    return tuple(found.values())


def warnings_of(config: TrainingConfig, changes: Iterable[KeyChange]) -> list[str]:
    """What holds no more between keys if `changes` are made, and trains all the same."""
    values = {change.path: change.new for change in changes}
    before = {(rule.code, rule.path) for rule in broken_rules(config)}
    return [
        f"{rule.path}: {rule.message}; {rule.fix}"
        for rule in broken_rules(config.changed(values))
        if rule.severity == "warning" and (rule.code, rule.path) not in before
    ]


# -- what holds


def values_at(base: TrainingConfig, changes: Sequence[LiveChange], step: int | None) -> dict[str, Value]:
    """The values that differ from `base`, the config.yaml of now, after `step` steps (None: after all changes).

    A key that somebody has changed in config.yaml since is as config.yaml says: the newer word counts.
    """
    values: dict[str, Value] = {}
    for change in changes:
        if step is None or change.step <= step:
            values |= {key.path: key.new for key in change.keys if _holds(base, key)}
    return {path: value for path, value in values.items() if not means_the_same(value, base.get(path))}


def config_at(base: TrainingConfig, changes: Sequence[LiveChange], step: int | None = None) -> TrainingConfig:
    """`base` with the live changes that hold after `step` steps (None: all of them)."""
    values = values_at(base, changes, step)
    return base.changed(values) if values else base


def effective_config(run: RunDirectory) -> TrainingConfig:
    """The config of `run` as it trains now. Raises ConfigError, OSError, StickgenError if a file is damaged."""
    return config_at(run.config(), read_changes(run))


def effective_text(config: TrainingConfig) -> str:
    """Every key of `config` as the text of a config, for an editor of what holds now."""
    return "".join(
        f"{group.name}:\n"
        + "".join(f"  {key.name}: {format_value(config.get(key.path))}\n" for key in keys_of(group.name))
        for group in GROUPS
    )


def _holds(base: TrainingConfig, change: KeyChange) -> bool:
    return means_the_same(base.get(change.path), change.in_config)


# -- the file


def read_changes(run: RunDirectory) -> list[LiveChange]:
    """The live changes of `run`, the oldest first. Raises StickgenError if the file is there and damaged."""
    path = run.live_path
    try:
        content = json.loads(read_regular(path, MAX_JSON_BYTES))
        return [_change(entry) for entry in content[Field.CHANGES]]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StickgenError(f"{path}: it cannot be read ({error.strerror or error})") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StickgenError(
            f"{path}: it is damaged, and holds the keys that were changed while the run trained; remove it to go on "
            "with config.yaml alone"
        ) from error


def add_change(run: RunDirectory, change: LiveChange, base: TrainingConfig) -> list[LiveChange]:
    """Record `change`, durably; returns all changes. One whose id is there is not added again.

    Raises OSError if it cannot be written: then it has not happened.
    """
    known = read_changes(run)
    if change.id in {other.id for other in known}:
        return known
    keys = tuple(KeyChange(key.path, key.old, key.new, base.get(key.path)) for key in change.keys)
    changes = [*known, LiveChange(change.id, change.step, change.launch, keys)]
    _write(run, changes)
    return changes


def drop_changes_after(run: RunDirectory, step: int) -> list[LiveChange]:
    """Forget the changes that count only after more than `step` steps, for a run that goes back; returns those."""
    changes = read_changes(run)
    kept = [change for change in changes if change.step <= step]
    if len(kept) < len(changes):
        _write(run, kept)
    return [change for change in changes if change.step > step]


def drop_overruled(run: RunDirectory, base: TrainingConfig) -> list[LiveChange]:
    """Forget what a newer config.yaml overrules, so that it cannot come back; returns the changes that are left."""
    changes = read_changes(run)
    left = []
    for change in changes:
        keys = tuple(key for key in change.keys if _holds(base, key))
        left.append(LiveChange(change.id, change.step, change.launch, keys))
    if left != changes:
        _write(run, left)
    return left


def _write(run: RunDirectory, changes: Sequence[LiveChange]) -> None:
    entries = [
        {
            Field.ID: change.id, Field.STEP: change.step, Field.LAUNCH: change.launch,
            "keys": [{**spelled(key), "config": key.in_config} for key in change.keys],
        }
        for change in changes
    ]  # fmt: skip
    write_text(run.live_path, json.dumps({Field.CHANGES: entries}, indent=1), mode=0o600, follow=False)


def spelled(change: KeyChange) -> dict[str, Any]:
    """A change of a key as events and `--json` have it."""
    return {"key": change.path, "old": change.old, "new": change.new}


def _change(entry: Any) -> LiveChange:
    """Raises KeyError, TypeError, ValueError for what this version did not write."""
    keys = []
    for key in entry["keys"]:
        check = KEY_BY_PATH[key["key"]].check
        keys.append(KeyChange(key["key"], check(key["old"]), check(key["new"]), check(key["config"])))
    if type(entry[Field.STEP]) is not int or type(entry[Field.ID]) is not str:
        raise ValueError("no number of a step, or no id")
    return LiveChange(entry[Field.ID], entry[Field.STEP], int(entry[Field.LAUNCH]), tuple(keys))
