"""A job becomes a run once, where and as it was added; a worker that is killed with everything goes on where it was."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_training import AddJob, Trainings
from test_worker import run_of, status, wait_until

from stickgen.errors import StickgenError
from stickgen.queue.starting import start
from stickgen.queue.state import JobStatus
from stickgen.queue.store import Queue
from stickgen.queue.worker_lock import is_at_work, start_worker, stop_worker, worker_facts


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch, trainings: Trainings) -> list[dict[str, Any]]:
    """Launches that start no process; the facts of each."""
    seen: list[dict[str, Any]] = []

    def launch(run: Any, *, config: bytes | None = None, **facts: Any) -> None:
        seen.append({"run": run.path, **facts})
        trainings.launch(run)

    monkeypatch.setattr("stickgen.queue.starting.launch", launch)
    return seen


def test_a_half_made_run_directory_is_made_anew_and_nothing_else_is_touched(
    queue: Queue, add: AddJob, launched: list[dict[str, Any]]
) -> None:
    add(), add()
    for number in (1, 2):
        path = Path("runs").absolute() / f"half-{number}"
        (path / "samples").mkdir(parents=True)
        (path / "config.yaml").write_bytes(b"")
        queue.update(number, run=str(path))
    (Path("runs") / "half-2" / "thesis.txt").write_text("years of work")
    start(queue, 1, [])
    start(queue, 2, [])
    assert status(queue, 1) == JobStatus.RUNNING and run_of(queue, 1).name == "half-1"
    assert "it is no run; move it away" in queue.find("2").state.reason
    assert (Path("runs") / "half-2" / "thesis.txt").read_text() == "years of work"


def test_two_starts_make_one_launch(queue: Queue, add: AddJob, launched: list[dict[str, Any]]) -> None:
    add("a", max_steps=5, nproc=2)
    start(queue, 1, [])
    start(queue, 1, [])
    assert launched == [{"run": run_of(queue, 1).path, "last_step": 5, "nproc": 2}]


def test_a_training_that_began_meanwhile_leaves_the_job_waiting(
    queue: Queue, add: AddJob, launched: list[dict[str, Any]], trainings: Trainings
) -> None:
    add()
    other = trainings.make(Path("runs"), "other")
    trainings.launch(other)
    start(queue, 1, [], alone=True)
    assert launched == [] and status(queue, 1) == JobStatus.WAITING
    trainings.end(other)
    start(queue, 1, [], alone=True)
    assert status(queue, 1) == JobStatus.RUNNING


def test_why_it_cannot_be_started_is_the_state_of_the_job(
    queue: Queue, add: AddJob, launched: list[dict[str, Any]]
) -> None:
    add(data_path="/nowhere.pt"), add(cwd="/no/such/folder")
    start(queue, 1, [])
    start(queue, 2, [])
    assert "no such dataset" in queue.find("1").state.reason
    assert "the folder that the job was added in cannot be entered" in queue.find("2").state.reason
    assert launched == [] and not Path("runs").exists()


@pytest.fixture
def detached(known_machine: None, queue: Queue) -> Iterator[Queue]:
    """A queue whose worker, a process of its own, is ended in the end."""
    yield queue
    if facts := worker_facts(queue.root):
        os.kill(facts["pid"], signal.SIGKILL)


def test_a_worker_killed_with_everything_goes_on_where_it_was(
    detached: Queue, add: AddJob, orders: Path, tmp_path: Path
) -> None:
    queue, there = detached, tmp_path / "there"
    there.mkdir()
    add("a", cwd=str(there), env={"OMP_NUM_THREADS": "7"}, max_steps=5)
    assert start_worker(queue.root) and not start_worker(queue.root)
    wait_until(lambda: status(queue, 1) == JobStatus.RUNNING)
    run = run_of(queue, 1)
    wait_until((run.path / "started-1.json").exists)
    found = json.loads((run.path / "started-1.json").read_text())
    assert found["cwd"] == str(there) and found["env"]["OMP_NUM_THREADS"] == "7"
    assert found["identity"]["last_step"] == 5 and found["identity"]["queue_job"] == 1
    launch = run.launches[-1]
    for pid in (worker_facts(queue.root)["pid"], launch["supervisor_pid"], launch["pid"]):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_at_work(queue.root) and status(queue, 1) == JobStatus.INTERRUPTED)
    (orders / "end-2").touch()
    start_worker(queue.root)
    wait_until(lambda: status(queue, 1) == JobStatus.FINISHED)
    stop_worker(queue.root)
    assert len(list(Path("runs").iterdir())) == 1
    with pytest.raises(StickgenError, match="no worker is at work"):
        stop_worker(queue.root)
