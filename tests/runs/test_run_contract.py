"""The contract of the run directory stands in one file: no other spells its names, and what is written keeps it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stickgen.config.loading import TrainingConfig
from stickgen.record_log import RecordReader
from stickgen.run_contract import (
    BEATS_ONCE,
    FILES,
    FOLDERS,
    MEASURED,
    PROGRESS,
    QUIET_SECONDS,
    STAMPS,
    EventKind,
    Field,
    File,
    Phase,
    RecordKind,
    StepPart,
    Unit,
    Wish,
    unit_of,
)
from stickgen.runs.store import Run, create_run

CONTRACT = "stickgen/run_contract.py"


def values(names: type) -> set[str]:
    """The strings that a class of the contract names."""
    return {value for name, value in vars(names).items() if name.isupper()}


FIELDS = values(Field)
KINDS = {*EventKind, *RecordKind, *Phase, *Wish}
# Names that say by themselves that a run directory is meant; `config.yaml` and `samples` are words elsewhere.
FILE_NAMES = {name for name in FILES if name != File.CONFIG}
# Names of a record that no other thing in the code has.
OWN_FIELDS = {name for name in FIELDS if "_" in name} - {
    Field.TOTAL_STEPS,  # of an estimate and of `runs list --json` too
    Field.DISK_FREE_BYTES,  # of an estimate too
    Field.FRAMES_PER_SECOND,  # of a motion too
    Field.BOOT_ID,  # of a process in run.json too
    Field.ACTION_ACCURACY,  # a value of evaluation.best_by too
}
# What is asked of a run by name and is no record of a log: it is named here with its file.
OTHER_THINGS = {
    ("stickgen/train/loop.py", "lr"),  # torch's own name
    ("stickgen/train/loop.py", "path"),
    ("stickgen/train/loop.py", "step"),  # of trainer.json
    ("stickgen/export/card.py", "step"),  # of trainer.json, as in the next two
    ("stickgen/runs/identity.py", "step"),
    ("stickgen/runs/state.py", "total_steps"),  # of run.json
    ("stickgen/train/checkpoints/saver.py", "step"),
    ("stickgen/train/processes/killed.py", "boot_id"),  # of a process in run.json
    ("stickgen/mcp/diagnosing.py", "step"),  # of the document about a run, as in the next
    ("stickgen/mcp/diagnosing.py", "total_steps"),
    ("stickgen_tui/demo/player.py", "sample"),  # a piece of a recording
    ("stickgen_tui/panels/figure.py", "sample"),  # what a poll says has changed
    ("stickgen_tui/screens/monitor.py", "stop"),  # an action of the screen
    ("stickgen_tui/screens/monitor.py", "sample"),  # what a poll says has changed
    ("stickgen_tui/widgets/status_line.py", "starting"),  # words of a status
    ("stickgen_tui/widgets/status_line.py", "finished"),
    ("stickgen_tui/following/run_list.py", "total_steps"),  # of run.json
    ("stickgen_tui/following/run_follower.py", "total_steps"),  # of run.json
}


def sources(repo: Path) -> Iterator[tuple[str, ast.Module]]:
    """Every module of the packages but the contract: its path and its tree."""
    for package in ("stickgen", "stickgen_tui"):
        for path in sorted((repo / package).rglob("*.py")):
            name = path.relative_to(repo).as_posix()
            if name != CONTRACT:
                yield name, ast.parse(path.read_text())


READS_OR_WRITES = {
    "Field",
    "EventKind",
    "RecordKind",
    "Phase",
    "Wish",
    "RecordReader",
    "RecordWriter",
    "last_record",
}


def is_a_user(tree: ast.Module) -> bool:
    """Whether a module reads or writes records: it imports what does."""
    imported = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return any(alias.name in READS_OR_WRITES for node in imported for alias in node.names)


def literals(node: ast.AST | None) -> Iterator[ast.Constant]:
    """The strings that stand in an expression, also in a tuple or a set."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    elif isinstance(node, ast.Tuple | ast.Set | ast.List):
        for element in node.elts:
            yield from literals(element)


def suspects(tree: ast.Module) -> Iterator[tuple[set[str], ast.Constant]]:
    """The strings by which a record is looked up, or with which its kind is compared or told."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(slice=key):
                yield from ((FIELDS, found) for found in literals(key))
            case ast.Call(func=ast.Attribute(attr="get"), args=[key, *_]):
                yield from ((FIELDS, found) for found in literals(key))
            case ast.Compare(comparators=sides):
                yield from ((KINDS, found) for side in (node.left, *sides) for found in literals(side))
            case ast.Call(func=ast.Attribute(attr="event" | "phase" | "beat" | "_say"), args=[kind, *_]):
                yield from ((KINDS, found) for found in literals(kind))
            case ast.Call(keywords=keywords):
                for keyword in keywords:
                    if keyword.arg in {"event", "kind", "phase"}:
                        yield from ((KINDS, found) for found in literals(keyword.value))


def test_no_event_kind_phase_or_field_is_spelled_elsewhere(repo: Path) -> None:
    found = [
        f"{name}:{literal.lineno}: {literal.value!r}"
        for name, tree in sources(repo)
        if is_a_user(tree)
        for forbidden, literal in suspects(tree)
        if literal.value in forbidden and (name, literal.value) not in OTHER_THINGS
    ]
    assert not found, "use stickgen/run_contract.py:\n" + "\n".join(found)


def test_no_file_name_and_no_name_of_a_measurement_is_spelled_elsewhere(repo: Path) -> None:
    found = [
        f"{name}:{node.lineno}: {node.value!r}"
        for name, tree in sources(repo)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in FILE_NAMES | OWN_FIELDS
    ]
    assert not found, "use stickgen/run_contract.py:\n" + "\n".join(found)


def test_the_search_finds_what_it_is_for() -> None:
    """Every way in which a record was spelled before."""
    text = (
        'record["step"]\nrecord.get("event")\nkind == "train"\nphase in {"saving"}\n'
        'journal.event("alert", "x")\nlast_record(path, kind="val")\n'
    )
    found = [literal.value for forbidden, literal in suspects(ast.parse(text)) if literal.value in forbidden]
    assert sorted(map(str, found)) == sorted(["step", "event", "train", "saving", "alert", "val"])


def test_each_phase_has_a_limit_or_beats_all_the_time() -> None:
    """A phase that beats once, and has no limit of its own, would count as stalled after a minute."""
    assert set(QUIET_SECONDS) == set(Phase) - {Phase.TRAINING, Phase.EVALUATING}
    assert set(QUIET_SECONDS) >= BEATS_ONCE


def test_what_is_a_stamp_or_progress_is_no_measurement() -> None:
    assert not {name for units in MEASURED.values() for name in units} & (STAMPS | PROGRESS)
    assert {name for units in MEASURED.values() for name in units} <= FIELDS
    assert unit_of(Field.RSS_BYTES) is Unit.BYTES and unit_of("of_a_later_version") is Unit.NONE


def test_the_log_keeps_the_contract(tmp_path: Path) -> None:
    """What the trainer's own journal writes has the fields that the contract gives to its kind, and no others."""
    journal_module = pytest.importorskip("stickgen.train.reporting.journal")
    step_module = pytest.importorskip("stickgen.train.optim.step")
    run = create_run(TrainingConfig(), root=tmp_path)
    journal = journal_module.Journal(run, 1)
    losses = {"total": 1.0, "pose": 0.5, "temporal": 0.1, "action": 0.1, "physics": 0.1, "diffusion": 0.2}
    result = step_module.StepResult(losses=losses, grad_norm=1.0, clips=4, frames=100, skipped=False)
    journal.train_record(result, 1e-3, 0.5, 0.6, dict.fromkeys(StepPart, 0.05))
    journal.validation_record(dict.fromkeys(MEASURED[RecordKind.VAL], 0.5))
    journal.quality_record(dict.fromkeys(MEASURED[RecordKind.QUALITY], 0.5))
    train, val, quality = RecordReader(run.metrics_path).read_new()
    for record, kind in ((train, RecordKind.TRAIN), (val, RecordKind.VAL), (quality, RecordKind.QUALITY)):
        assert record[Field.KIND] == kind and set(record) >= STAMPS
        assert set(record) - STAMPS - PROGRESS - {"crc32"} == set(MEASURED[kind])
    assert set(train) >= PROGRESS
    for event in RecordReader(run.events_path).read_new():
        assert event[Field.EVENT] in set(EventKind) and event[Field.LAUNCH] == 1


def test_a_run_holds_what_the_contract_names(tmp_path: Path) -> None:
    run = create_run(TrainingConfig(), root=tmp_path)
    run.beat(Phase.LOADING, 0, 10)
    assert {path.name for path in run.path.iterdir()} <= {*FILES, *FOLDERS}
    assert run.heartbeat()[Field.PHASE] == Phase.LOADING


def test_a_run_of_an_older_version_reads_as_before(tmp_path: Path) -> None:
    """The names as they have always been on disk, spelled out."""
    run = Run(tmp_path / "old")
    run.path.mkdir()
    old: dict[str, Any] = {
        "name": "old",
        "created": "2026-01-01",
        "created_unix": 1.0,
        "launches": [{"pid": 1}],
    }
    (run.path / "run.json").write_text(json.dumps(old))
    (run.path / "heartbeat").write_text(json.dumps({"phase": "saving", "step": 7, "total_steps": 9}))
    (run.path / "exit.json").write_text(json.dumps({"code": 0, "reason": "trained", "launch": 1}))
    state = run.state()
    assert (state.status, state.reason, state.step, state.total_steps) == ("early", "trained", 7, 9)
    assert (state.phase, run.identity["name"]) == (Phase.SAVING, "old")
    (run.path / "heartbeat").write_text(json.dumps({"phase": "saving", "step": 9, "total_steps": 9}))
    assert run.state().status == "finished"
