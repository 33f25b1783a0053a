"""Runs that have ended are known from the cache, and never when a file says something else by now."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stickgen.catalogue import settled
from stickgen.catalogue.catalogue import Catalogue
from stickgen.catalogue.kept import Kept
from stickgen.catalogue.settled import SettledRuns
from stickgen.record_log import encode
from stickgen.runs.labels import change_tags
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run, Status


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three runs that have ended."""
    for number in range(3):
        folder = tmp_path / "runs" / f"run-{number}"
        (folder / "checkpoints").mkdir(parents=True)
        facts = {"created_unix": 1000.0 + number, "config_name": "a.yaml", "launches": [{"lost": True}]}
        (folder / "run.json").write_text(json.dumps(facts))
        (folder / "exit.json").write_text('{"code": 0, "reason": "all steps done"}')
        record = {"kind": "train", "step": 70 + number, "total_steps": 100, "loss": 0.25}
        (folder / "metrics.jsonl").write_bytes(encode(record))
        for name in ("heartbeat", "events.jsonl", "tags.json"):
            (folder / name).write_text("{}" if name != "events.jsonl" else "")
        for path in (*folder.iterdir(), folder):
            os.utime(path, (1000, 1000))
    return tmp_path / "runs"


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "cache.sqlite")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that were read."""
    names: list[str] = []
    read = settled.read

    def counted(run: Run) -> object:
        names.append(run.name)
        return read(run)

    monkeypatch.setattr(settled, "read", counted)
    return names


def look(root: Path, kept: Kept) -> dict[str, settled.Known]:
    """As a process looks that has just begun."""
    runs = SettledRuns(root, kept)
    there = [Run(path) for path in sorted(root.iterdir())]
    found = {run.name: runs.of(run) for run in there}
    runs.settle(there)
    return found


def test_what_is_known_is_what_was_read(root: Path, kept: Kept, read: list[str]) -> None:
    first = look(root, kept)
    assert len(read) == 3
    assert look(root, kept) == first and len(read) == 3
    one = first["run-1"]
    assert one.state.status is Status.FINISHED and one.state.reason == "all steps done"
    assert one.newest == {"step": 71, "total_steps": 100, "loss": 0.25}
    assert one.facts["config_name"] == "a.yaml" and one.created == 1001.0 and one.changed == 1000.0


def write_over(path: Path) -> None:
    path.write_bytes(path.read_bytes())


CHANGES: dict[str, Callable[[Path], object]] = {
    **{
        name: lambda folder, name=name: write_over(folder / name)  # type: ignore[misc]
        for name in ("run.json", "exit.json", "metrics.jsonl", "heartbeat", "events.jsonl", "tags.json")
    },
    "a new file": lambda folder: (folder / "live.json").write_text("{}"),
    "a checkpoint": lambda folder: (folder / "checkpoints" / "step_1").mkdir(),
    "a removed file": lambda folder: (folder / "exit.json").unlink(),
    "tags": lambda folder: change_tags(Run(folder), add=["new"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_run_is_read_again_when_anything_of_it_changed(
    root: Path, kept: Kept, read: list[str], change: str
) -> None:
    look(root, kept)
    read.clear()
    CHANGES[change](root / "run-1")
    again = look(root, kept)
    assert read == ["run-1"]
    assert again["run-1"] == replace(settled.read(Run(root / "run-1")), newest=again["run-1"].newest)


def test_a_run_that_goes_and_one_that_changed_this_moment_are_read_each_time(
    root: Path, kept: Kept, read: list[str]
) -> None:
    Run(root / "run-0").update_identity(launches=[describe_process(os.getpid())])
    write_over(root / "run-1" / "metrics.jsonl")
    for _ in range(2):
        read.clear()
        assert look(root, kept)["run-0"].state.alive
        assert read[:2] == ["run-0", "run-1"]


def test_a_removed_run_is_forgotten_and_one_in_its_place_is_another(
    root: Path, kept: Kept, read: list[str]
) -> None:
    look(root, kept)
    (root / "run-1").rename(root.parent / "gone")
    (root / "run-2").rename(root / "run-1")
    read.clear()
    assert look(root, kept)["run-1"].newest["step"] == 72
    assert read == ["run-1"] and set(kept.settled(root)) == {str(root / "run-0"), str(root / "run-1")}


def test_a_cache_that_is_damaged_or_words_that_it_cannot_hold_only_cost_time(
    root: Path, kept: Kept, tmp_path: Path
) -> None:
    (root / "run-2" / "exit.json").write_text('{"code": 1, "reason": "\\ud800"}')
    os.utime(root / "run-2" / "exit.json", (1000, 1000))
    found = look(root, kept)
    assert found["run-2"].state.status is Status.FAILED
    with sqlite3.connect(tmp_path / "cache.sqlite") as cache:
        cache.execute("UPDATE settled SET facts = X'5B5D' WHERE folder LIKE '%run-0'")
        cache.execute("UPDATE settled SET stamp = NULL WHERE folder LIKE '%run-1'")
    assert look(root, kept) == found


def test_the_list_is_in_the_same_order_with_and_without_the_cache(root: Path, kept: Kept) -> None:
    os.utime(root / "run-1" / "run.json", (1, 1))
    names = [entry.run.name for entry in Catalogue(root, kept=kept).look(figures=False, config=False)]
    again = Catalogue(root, kept=kept).look(figures=False, config=False)
    assert names == ["run-2", "run-1", "run-0"] == [entry.run.name for entry in again]
