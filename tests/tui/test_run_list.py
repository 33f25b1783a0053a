"""Many runs: those that are going come first, what is not shown is counted, and a look costs no more for them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stickgen.run_contract import Phase
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run
from stickgen_tui.following import run_list
from stickgen_tui.following.run_list import MOST_SHOWN, RunCatalogue


@pytest.fixture
def many(tmp_path: Path) -> Path:
    for number in range(200):
        folder = tmp_path / f"run-{number:03d}"
        folder.mkdir()
        Run(folder).update_identity(created_unix=1000.0 + number, created="x", launches=[])
    return tmp_path


def test_a_run_that_is_going_is_first_however_old_it_is_and_the_rest_is_counted(many: Path) -> None:
    Run(many / "run-003").update_identity(launches=[describe_process(os.getpid())])
    found = RunCatalogue().look(many)
    assert [run.name for run, _ in found.rows[:3]] == ["run-003", "run-199", "run-198"]
    assert len(found.rows) == MOST_SHOWN and found.hidden == 200 - MOST_SHOWN


def test_all_that_are_going_are_shown(many: Path) -> None:
    for number in range(60):
        Run(many / f"run-{number:03d}").update_identity(launches=[describe_process(os.getpid())])
    found = RunCatalogue().look(many)
    assert len(found.rows) == 60 and all(summary.alive for _, summary in found.rows)


def test_a_look_costs_no_more_with_more_runs_and_still_finds_a_resumed_one(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue, looked = RunCatalogue(), []
    catalogue.look(many)
    look_at = run_list.summary_of
    monkeypatch.setattr(run_list, "summary_of", lambda run: (looked.append(run.name), look_at(run))[1])
    for _ in range(5):
        looked.clear()
        catalogue.look(many)
        assert len(looked) <= 100
    Run(many / "run-007").update_identity(launches=[describe_process(os.getpid())])
    assert any(catalogue.look(many).rows[0][0].name == "run-007" for _ in range(4))


def test_a_run_that_has_ended_is_read_again_only_when_its_files_changed(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in many.iterdir():
        (folder / "events.jsonl").write_text("")
        for path in (*folder.iterdir(), folder):
            os.utime(path, (1000, 1000))
    catalogue, looked = RunCatalogue(), []
    rows = catalogue.look(many).rows
    look_at = run_list.summary_of
    monkeypatch.setattr(run_list, "summary_of", lambda run: (looked.append(run.name), look_at(run))[1])
    for _ in range(5):
        assert catalogue.look(many).rows == rows
    assert not looked
    (many / "run-199" / "events.jsonl").write_text("\n")  # written over: the folder does not change
    (many / "run-198" / "exit.json").write_text('{"code": 0, "reason": "all steps done"}')
    Run(many / "run-197").beat(Phase.TRAINING, 7, 10)
    found = {run.name: summary for run, summary in catalogue.look(many).rows}
    assert looked == ["run-199", "run-198", "run-197"]
    assert found["run-198"].status == "finished" and found["run-197"].step == 7


def test_a_run_whose_files_changed_this_moment_is_not_taken_for_known(many: Path) -> None:
    catalogue, run = RunCatalogue(), Run(many / "run-199")
    run.beat(Phase.TRAINING, 7, 10)
    catalogue.look(many)
    kept = [(path, path.stat()) for path in (run.path / "heartbeat", run.path)]
    run.beat(Phase.TRAINING, 8, 10)
    for path, status in kept:  # a clock that ticks once in some milliseconds
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert catalogue.look(many).rows[0][1].step == 8


def test_a_new_run_and_a_removed_one_are_seen_at_once(many: Path) -> None:
    catalogue = RunCatalogue()
    catalogue.look(many)
    (many / "new").mkdir()
    Run(many / "new").update_identity(created_unix=9e9)
    os.utime(many, ns=(1, 1))  # however coarse the clock of the folder is
    assert catalogue.look(many).rows[0][0].name == "new"
