"""Many runs: those that are going come first, what is not shown is counted, and a look costs no more for them.

What another process does to a run shows within a few looks: it starts one, it goes on with one, one ends, one is killed,
one is removed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stickgen.catalogue import settled
from stickgen.run_contract import Phase
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run
from stickgen_tui.following import rounds
from stickgen_tui.following.run_list import Listing, RunCatalogue

RUNS, SHOWN = 60, 20
FEW = 6  # looks, one a second: so long what happens to any of the runs of `many` may take to show


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(rounds, "OTHERS_A_LOOK", 10)
    root = tmp_path / "runs"
    for number in range(RUNS):
        folder = root / f"run-{number:03d}"
        folder.mkdir(parents=True)
        facts = {"created_unix": 1000.0 + number, "created": "x", "launches": []}
        (folder / "run.json").write_text(json.dumps(facts))
        (folder / "events.jsonl").write_text("")
        for path in (*folder.iterdir(), folder):
            os.utime(path, (1000, 1000))
    os.utime(root, (1000, 1000))
    return root


@pytest.fixture
def trainer() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is there."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that were read."""
    names: list[str] = []
    read = settled.read

    def note(run: Run) -> settled.Known:
        names.append(run.name)
        return read(run)

    monkeypatch.setattr(settled, "read", note)
    return names


def shows(catalogue: RunCatalogue, root: Path, holds: Callable[[Listing], bool]) -> bool:
    """Whether a look of the next few finds it."""
    return any(holds(catalogue.look(root, SHOWN)) for _ in range(FEW))


def test_a_run_that_is_going_is_first_however_old_it_is_and_the_rest_is_counted(many: Path) -> None:
    Run(many / "run-003").update_identity(launches=[describe_process(os.getpid())])
    found = RunCatalogue().look(many, SHOWN)
    assert [run.name for run, _ in found.rows[:3]] == ["run-003", "run-059", "run-058"]
    assert len(found.rows) == SHOWN and found.hidden == RUNS - SHOWN


def test_all_that_are_going_are_shown(many: Path) -> None:
    for number in range(30):
        Run(many / f"run-{number:03d}").update_identity(launches=[describe_process(os.getpid())])
    found = RunCatalogue().look(many, SHOWN)
    assert len(found.rows) == 30 and all(summary.alive for _, summary in found.rows)


def test_at_rest_nothing_is_read_few_files_are_seen_to_and_the_listing_is_the_same(
    many: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue, seen = RunCatalogue(), []
    first = catalogue.look(many, SHOWN)
    read.clear()
    stat = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **options: (seen.append(path), stat(path, **options))[1])
    for _ in range(2 * FEW):
        seen.clear()
        assert catalogue.look(many, SHOWN) is first
        assert len(seen) <= SHOWN + 10 + 4 * 10 + 1
    assert not read


def test_another_start_of_the_app_reads_none_of_those_that_had_ended(many: Path, read: list[str]) -> None:
    rows = [summary for _, summary in RunCatalogue().look(many, SHOWN).rows]
    read.clear()
    (many / "run-045" / "exit.json").write_text('{"code": 0, "reason": "all steps done"}')
    again = [summary for _, summary in RunCatalogue().look(many, SHOWN).rows]
    assert read == ["run-045"]
    assert [row for row in again if row.name != "run-045"] == [row for row in rows if row.name != "run-045"]


@pytest.mark.parametrize("name", ["run-059", "run-007"], ids=["shown", "not shown"])
def test_a_run_that_goes_on_and_one_that_is_killed_show(
    many: Path, name: str, trainer: subprocess.Popen[bytes]
) -> None:
    catalogue, run = RunCatalogue(), Run(many / name)
    catalogue.look(many, SHOWN)
    run.update_identity(launches=[describe_process(trainer.pid)])
    assert shows(catalogue, many, lambda found: found.rows[0][0].name == name and found.rows[0][1].alive)
    trainer.kill()
    trainer.wait()
    assert not any(summary.alive for _, summary in catalogue.look(many, SHOWN).rows)


def test_a_run_that_ends_shows_how(many: Path) -> None:
    catalogue, run = RunCatalogue(), Run(many / "run-030")
    run.update_identity(launches=[describe_process(os.getpid())])
    assert catalogue.look(many, SHOWN).rows[0][1].alive
    (run.path / "exit.json").write_text('{"code": 0, "reason": "all steps done"}')
    run.update_identity(launches=[describe_process(os.getpid()) | {"pid": 2**22 + 1}])
    assert not any(summary.alive for _, summary in catalogue.look(many, SHOWN).rows)


def test_what_is_written_over_in_a_run_that_has_ended_is_seen(many: Path, read: list[str]) -> None:
    catalogue = RunCatalogue()
    catalogue.look(many, SHOWN)
    read.clear()
    (many / "run-059" / "events.jsonl").write_text("\n")  # written over: the folder does not change
    (many / "run-058" / "exit.json").write_text('{"code": 0, "reason": "all steps done"}')
    Run(many / "run-057").beat(Phase.TRAINING, 7, 10)
    for _ in range(FEW):
        found = {run.name: summary for run, summary in catalogue.look(many, SHOWN).rows}
    assert set(read) == {"run-059", "run-058", "run-057"}
    assert found["run-058"].status == "finished" and found["run-057"].step == 7


def test_a_run_whose_files_changed_this_moment_is_not_taken_for_known(many: Path) -> None:
    catalogue, run = RunCatalogue(), Run(many / "run-059")
    run.beat(Phase.TRAINING, 7, 10)
    catalogue.look(many, SHOWN)
    kept = [(path, path.stat()) for path in (run.path / "heartbeat", run.path)]
    run.beat(Phase.TRAINING, 8, 10)
    for path, status in kept:  # a clock that ticks once in some milliseconds
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert catalogue.look(many, SHOWN).rows[0][1].step == 8


def test_a_new_run_and_a_removed_one_are_seen_at_once(many: Path) -> None:
    catalogue = RunCatalogue()
    catalogue.look(many, SHOWN)
    (many / "new").mkdir()
    found = catalogue.look(many, SHOWN)  # made, and not a run yet
    assert len(found.rows) + found.hidden == RUNS
    os.utime(many, ns=(10**9, 10**9))  # however coarse the clock of the folder is
    catalogue.look(many, SHOWN)
    Run(many / "new").update_identity(created_unix=9e9)
    assert catalogue.look(many, SHOWN).rows[0][0].name == "new"
    shutil.rmtree(many / "new")
    assert catalogue.look(many, SHOWN).rows[0][0].name == "run-059"
