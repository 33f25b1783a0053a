"""The worker: one job after the other whatever becomes of each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest
from fake_training import AddJob, Trainings

from stickgen.errors import StickgenError
from stickgen.queue.job import Job
from stickgen.queue.places import Places
from stickgen.queue.state import JobStatus
from stickgen.queue.store import Queue
from stickgen.queue.worker import Worker
from stickgen.runs.store import Run
from stickgen.runs.trainings import live_trainings, note_launch


def wait_until(what: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


class Working:
    """A worker in a thread of this process, until no job is left."""

    def __init__(self, queue: Queue, trainings: Trainings, gpus: int = 0) -> None:
        self.said: list[str] = []
        self.worker = Worker(queue, self.said.append, Places.of_machine(gpus), trainings.start)
        self._thread = threading.Thread(target=self.worker.run, kwargs={"until_empty": True})

    def __enter__(self) -> Working:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.end()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def join(self) -> None:
        self._thread.join(60)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stickgen.queue.worker.POLL_SECONDS", 0.01)


def status(queue: Queue, number: int) -> JobStatus:
    return queue.find(str(number)).state.status


def run_of(queue: Queue, number: int) -> Run:
    job = queue.find(str(number)).job
    assert job is not None and job.directory is not None
    return job.directory


def wait_for(queue: Queue, number: int, wanted: JobStatus) -> None:
    wait_until(lambda: status(queue, number) == wanted)


def test_one_after_the_other_and_a_failure_stops_nothing(
    queue: Queue, add: AddJob, trainings: Trainings
) -> None:
    add(), add(), add()
    trainings.fail = {2}
    with Working(queue, trainings) as working:
        wait_for(queue, 1, JobStatus.RUNNING)
        assert status(queue, 2) == status(queue, 3) == JobStatus.WAITING
        trainings.end(run_of(queue, 1), 1)
        wait_for(queue, 3, JobStatus.RUNNING)
        assert [status(queue, number) for number in (1, 2)] == [JobStatus.FAILED] * 2
        assert [entry.id for entry in queue.entries()] == [3, 1, 2]
        trainings.end(run_of(queue, 3))
        working.join()
    assert status(queue, 3) == JobStatus.FINISHED
    assert queue.find("2").state.reason == "it cannot be started"
    assert any(line.startswith("job 1 quickstart: failed (so it ended)") for line in working.said)


def test_a_killed_training_goes_on_in_its_own_directory(
    queue: Queue, add: AddJob, trainings: Trainings
) -> None:
    add(), add()
    with Working(queue, trainings) as working:
        wait_for(queue, 1, JobStatus.RUNNING)
        run = run_of(queue, 1)
        trainings.end(run, 137, "SIGKILL")
        wait_until(lambda: len(run.launches) == 2)
        assert status(queue, 2) == JobStatus.WAITING
        trainings.end(run)
        wait_for(queue, 2, JobStatus.RUNNING)
        trainings.end(run_of(queue, 2))
        working.join()
    assert trainings.started == [1, 1, 2] and status(queue, 1) == JobStatus.FINISHED
    assert queue.find("1").job.deaths == [[1, 0]]  # type: ignore[union-attr]


def test_a_training_that_only_dies_does_not_keep_the_others_waiting_for_ever(
    queue: Queue, add: AddJob, trainings: Trainings
) -> None:
    def is_running_again(launches: int) -> bool:
        return status(queue, 1) == JobStatus.RUNNING and len(run_of(queue, 1).launches) == launches

    add(), add()
    with Working(queue, trainings) as working:
        for launches in (1, 2, 3):
            wait_until(partial(is_running_again, launches))
            trainings.end(run_of(queue, 1), 137, "SIGKILL")
        wait_for(queue, 2, JobStatus.RUNNING)
        trainings.end(run_of(queue, 2))
        working.join()
    assert status(queue, 1) == JobStatus.FAILED


def test_paused_it_starts_nothing_and_held_jobs_are_passed_over(
    queue: Queue, add: AddJob, trainings: Trainings
) -> None:
    add(), add()
    queue.hold(1)
    queue.pause()
    with Working(queue, trainings) as working:
        working.join()  # nothing is to be started
    assert trainings.started == []
    queue.resume()
    with Working(queue, trainings) as working:
        wait_for(queue, 2, JobStatus.RUNNING)
        trainings.end(run_of(queue, 2))
        working.join()
    assert trainings.started == [2] and status(queue, 1) == JobStatus.HELD


def test_it_waits_for_a_training_that_it_did_not_start(
    queue: Queue, add: AddJob, trainings: Trainings, tmp_path: Path
) -> None:
    add()
    other = trainings.make(tmp_path / "elsewhere", "other")
    trainings.launch(other)
    note_launch(other)
    with Working(queue, trainings) as working:
        wait_until(lambda: working.said)
        assert working.said == ["waiting for other, which this queue did not start"]
        assert trainings.started == []
        trainings.end(other)
        wait_for(queue, 1, JobStatus.RUNNING)
        trainings.end(run_of(queue, 1))
        working.join()
    assert trainings.started == [1]


def test_a_stop_by_a_person_ends_the_job_and_release_goes_on(
    queue: Queue, add: AddJob, trainings: Trainings
) -> None:
    add()
    with Working(queue, trainings) as working:
        wait_for(queue, 1, JobStatus.RUNNING)
        with pytest.raises(StickgenError, match="is running; stop it first"):
            queue.remove(1)
        trainings.end(run_of(queue, 1), 130)
        working.join()
    assert status(queue, 1) == JobStatus.STOPPED
    queue.release(1)
    assert status(queue, 1) == JobStatus.WAITING
    with Working(queue, trainings) as working:
        wait_for(queue, 1, JobStatus.RUNNING)
        trainings.end(run_of(queue, 1))
        working.join()
    assert status(queue, 1) == JobStatus.FINISHED and trainings.started == [1, 1]


def test_a_worker_that_ends_leaves_the_training_alone_and_the_next_one_takes_it_up(
    queue: Queue, add: AddJob, trainings: Trainings
) -> None:
    add(), add()
    with Working(queue, trainings):
        wait_for(queue, 1, JobStatus.RUNNING)
    assert status(queue, 1) == JobStatus.RUNNING
    with Working(queue, trainings) as working:
        trainings.end(run_of(queue, 1))
        wait_for(queue, 2, JobStatus.RUNNING)
        trainings.end(run_of(queue, 2))
        working.join()
    assert trainings.started == [1, 2]


def test_a_system_that_goes_down_stops_the_training_to_go_on_later(
    queue: Queue, add: AddJob, trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    monkeypatch.setattr("stickgen.queue.worker.stop", lambda run: trainings.end(run, 130))
    with Working(queue, trainings) as working:
        wait_for(queue, 1, JobStatus.RUNNING)
        working.worker.end(stops_jobs=True)
        working.join()
    assert status(queue, 1) == JobStatus.INTERRUPTED
    with Working(queue, trainings) as working:
        wait_for(queue, 1, JobStatus.RUNNING)
        trainings.end(run_of(queue, 1))
        working.join()
    assert status(queue, 1) == JobStatus.FINISHED and trainings.started == [1, 1]


def test_a_disk_that_refuses_for_a_while_ends_no_worker(
    queue: Queue, add: AddJob, trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    trainings.fail = {1}
    update, full = Queue.update, [True]

    def refuses(self: Queue, number: int, **facts: object) -> Job:
        if full[0]:
            raise StickgenError("the queue cannot be changed (No space left on device)")
        return update(self, number, **facts)

    monkeypatch.setattr(Queue, "update", refuses)
    with Working(queue, trainings) as working:
        wait_until(lambda: any("No space left on device" in line for line in working.said))
        full[0] = False
        working.join()
    assert status(queue, 1) == JobStatus.FAILED
    assert sum("trouble" in line for line in working.said) == 1


@pytest.mark.parametrize(("environment", "taken"), [
    ({"CUDA_VISIBLE_DEVICES": "2"}, {"2"}), ({"CUDA_VISIBLE_DEVICES": ""}, {"0"}), ({}, {"0"}), (None, {"0", "1", "2"}),
])  # fmt: skip
def test_a_training_by_hand_takes_the_gpus_that_its_process_sees(
    trainings: Trainings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str] | None, taken: set[str],
) -> None:  # fmt: skip
    class Process:
        def environ(self) -> dict[str, str]:
            if environment is None:  # of another user
                raise psutil.AccessDenied
            return environment

    run = trainings.make(tmp_path, "by-hand")
    trainings.launch(run)
    monkeypatch.setattr("stickgen.queue.places.find_process", lambda described: Process())
    assert Places.of_machine(3).taken([(run, ())]) == taken
    run.update_identity(device="cpu")
    assert Places.of_machine(3).taken([(run, ())]) == {"cpu"}
    assert Places.of_machine(1).taken([(run, ())]) == {"cpu", "0"}


def test_with_two_gpus_two_jobs_run_each_on_one(queue: Queue, add: AddJob, trainings: Trainings) -> None:
    add(), add(), add(nproc=2), add()
    with Working(queue, trainings, gpus=2) as working:
        wait_for(queue, 2, JobStatus.RUNNING)
        assert trainings.gpus == {1: ["0"], 2: ["1"]}
        trainings.end(run_of(queue, 1))
        wait_for(queue, 1, JobStatus.FINISHED)
        assert trainings.started == [1, 2]  # the third needs both, and is not overtaken
        trainings.end(run_of(queue, 2))
        wait_for(queue, 3, JobStatus.RUNNING)
        assert trainings.gpus[3] == ["0", "1"]
        trainings.end(run_of(queue, 3))
        wait_for(queue, 4, JobStatus.RUNNING)
        trainings.end(run_of(queue, 4))
        working.join()


def test_a_job_that_was_added_for_one_gpu_waits_for_that_one(
    queue: Queue, add: AddJob, trainings: Trainings
) -> None:
    add(env={"CUDA_VISIBLE_DEVICES": "1"}), add(env={"CUDA_VISIBLE_DEVICES": "1"}), add()
    with Working(queue, trainings, gpus=2) as working:
        wait_for(queue, 3, JobStatus.RUNNING)
        assert trainings.gpus == {1: ["1"], 3: ["0"]}
        for number in (1, 3):
            trainings.end(run_of(queue, number))
        wait_for(queue, 2, JobStatus.RUNNING)
        trainings.end(run_of(queue, 2))
        working.join()


def test_every_training_of_this_machine_is_known_and_forgotten_when_it_ends(
    trainings: Trainings, tmp_path: Path
) -> None:
    run = trainings.make(tmp_path / "elsewhere", "a")
    note_launch(run)
    assert live_trainings() == []
    trainings.launch(run)
    assert [found.path for found in live_trainings()] == [run.path]
    assert live_trainings(besides=run) == []
    trainings.end(run)
    assert live_trainings() == []
    unnoted = trainings.make(tmp_path / "runs", "b")  # launched by an earlier version, or by torchrun
    trainings.launch(unnoted)
    assert [found.path for found in live_trainings([tmp_path / "runs"])] == [unnoted.path]
    unnoted.update_identity(launches=[{"boot_id": "another machine on the same disk"}])
    assert live_trainings([tmp_path / "runs"]) == []
