"""`stickgen queue` from a shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fake_training import AddJob, Trainings
from shapes_of import document

from stickgen.cli import root
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.queue.store import Queue


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """No test here starts a process; the queues that a worker was started for."""
    started: list[Path] = []

    def start(where: Path) -> bool:
        started.append(where)
        return len(started) == 1

    monkeypatch.setattr("stickgen.queue.worker_lock.start_worker", start)
    return started


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(root, ["queue", *map(str, arguments)], catch_exceptions=True)


def says(*arguments: str | Path) -> str:
    result = call(*arguments)
    assert result.exception is None, result.output
    return result.output


def test_several_configs_are_frozen_in_order_and_a_worker_starts(
    queue: Queue, dataset: Path, no_worker: list[Path]
) -> None:
    ours = Path("mine.yaml")
    ours.write_bytes(preset_path("quickstart").read_bytes() + b"# my own\n")
    said = says("add", ours, preset_path("quickstart"), "--name", "night", "--max-steps", "7", "--data-path", dataset,
                "--set", "training.epochs=3")  # fmt: skip
    assert "job 1 night-1: added" in said and "job 2 night-2: added" in said and "started a worker" in said
    assert no_worker == [queue.root]
    ours.unlink()  # frozen: what becomes of the file is no matter
    shown = CliRunner().invoke(root, ["queue", "show", "1", "--config"]).stdout_bytes
    assert shown.endswith(b"# my own\n") and b"epochs: 3" in shown
    first, second = json.loads(says("list", "--json"))["jobs"]
    assert (first["status"], first["max_steps"], first["name"]) == ("waiting", 7, "night-1")
    assert first["seconds_left"] > 0 and second["ends_in_seconds"] > first["ends_in_seconds"]


def test_a_job_that_could_not_start_is_refused_at_once(queue: Queue) -> None:
    result = call("add", preset_path("quickstart"))
    assert isinstance(result.exception, StickgenError) and "no such dataset" in str(result.exception)
    assert queue.ids() == []
    assert "job 1 quickstart: added" in says("add", preset_path("quickstart"), "--force", "--paused")
    assert queue.paused


def test_the_list_shows_what_runs_first_and_what_runs_beside(
    queue: Queue, add: AddJob, trainings: Trainings, tmp_path: Path
) -> None:
    assert says("list") == "no jobs; add one with: stickgen queue add CONFIG\n"
    job, _ = add("first"), add("second")
    trainings.start(queue, job, [])
    trainings.launch(trainings.make(tmp_path / "runs", "by-hand"))
    lines = says("list").splitlines()
    assert "by-hand" in lines[0] and "not of this queue" in lines[0]
    assert lines[1].split()[:2] == ["1", "running"] and lines[2].split()[:2] == ["2", "waiting"]
    assert "no worker is at work" in lines[-1]
    assert json.loads(says("list", "--json"))["beside"][0]["name"] == "by-hand"


def test_order_hold_release_pause_and_removal(queue: Queue, add: AddJob, no_worker: list[Path]) -> None:
    for name in ("a", "b", "c"):
        add(name)
    assert says("move", "c", "top") == "job 3: its turn is number 1 of those to come\n"
    assert says("move", "3", "2") == "job 3: its turn is number 2 of those to come\n"
    assert queue.ids() == [1, 3, 2]
    assert says("hold", "a", "b") == "job 1: held\njob 2: held\n"
    assert says("release", "b") == "job 2: waits for its turn\n"
    assert "nothing is started" in says("pause") and "paused: nothing is started" in says("list")
    assert no_worker == []
    assert "started a worker" in says("resume")
    assert says("rm", "1", "a", "2") == "job 1: removed\njob 2: removed\n"
    assert queue.ids() == [3] and says("rm", "--over") == "nothing to remove\n"
    for wrong, sentence in (
        (("move", "c", "sideways"), "a turn is up, down, top, bottom or a number"),
        (("rm",), "name the jobs to remove"),
        (("hold", "nothing"), "there is no job 'nothing'"),
    ):
        assert sentence in str(call(*wrong).exception)


def test_what_a_job_is(queue: Queue, add: AddJob) -> None:
    add("first", max_steps=5)
    said = says("show", "first")
    assert "max_steps    5" in said and "takes about" in said
    assert json.loads(says("show", "1", "--json"))["status"] == "waiting"


def test_names_from_elsewhere_are_inert(queue: Queue, add: AddJob) -> None:
    add(config_name="\x1b]0;owned\x07.yaml")
    assert "\x1b" not in says("list") + says("show", "1")


def told(*arguments: str | Path) -> dict[str, Any]:
    """The document of a command with --json, if it has its documented shape."""
    found = document(says(*arguments, "--json"))
    return {name: value for name, value in found.items() if name != "schema"}


def test_programs_are_told_what_became_of_jobs(queue: Queue, add: AddJob) -> None:
    for name in ("a", "b", "c"):
        add(name)
    assert told("move", "c", "top") == {"id": 3, "turn": 1}
    assert told("hold", "a", "1") == {"changed": [1], "done": "held"}
    assert told("release", "a") == {"changed": [1], "done": "waits for its turn"}
    assert told("rm", "b", "a") == {"changed": [2, 1], "done": "removed"}
    assert told("rm", "--over") == {"changed": [], "done": "removed"} and queue.ids() == [3]


def test_programs_are_told_how_the_queue_is(queue: Queue, no_worker: list[Path]) -> None:
    log = str(queue.root / "worker.log")
    state = {"paused": True, "worker": False, "pid": None, "log": log}
    assert told("pause") == told("start") == state
    assert told("resume") == {**state, "paused": False}
    assert isinstance(call("stop", "--json").exception, StickgenError)


def test_of_several_jobs_none_is_changed_if_one_is_not_there(queue: Queue, add: AddJob) -> None:
    add("a")
    for order in ("hold", "rm"):
        assert "there is no job" in str(call(order, "a", "nothing").exception)
    assert next(iter(queue.entries())).state.status == "waiting"
