"""The queue as files: order, freezing, holding; how a job is follows from what is on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_training import AddJob
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.queue.job import config_bytes, environment_to_keep
from stickgen.queue.state import JobStatus
from stickgen.queue.store import ORDER, Queue
from stickgen.runs.process import boot_id
from stickgen.runs.store import Run, create_run


def test_a_job_is_frozen_byte_for_byte_and_waits(queue: Queue, add: AddJob) -> None:
    job = add("first")
    assert config_bytes(queue.folder(job.id)) == preset_path("quickstart").read_bytes()
    (entry,) = queue.entries()
    assert entry.job == job and entry.state.status == JobStatus.WAITING
    assert (queue.folder(job.id) / "job.json").stat().st_mode & 0o777 == 0o600


def test_numbers_are_never_given_twice(queue: Queue, add: AddJob) -> None:
    assert [add().id, add().id] == [1, 2]
    queue.remove(2)
    assert add().id == 3
    (queue.root / ORDER).unlink()  # a lost order costs the order alone
    assert queue.ids() == [1, 3] and add().id == 4


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(1, 5), st.one_of(
    st.sampled_from(["up", "down", "top", "bottom"]), st.integers(-2, 9))), max_size=8))  # fmt: skip
def test_the_order_is_what_a_list_would_be(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[int, str | int]]
) -> None:
    queue = Queue(tmp_path_factory.mktemp("queue"))
    facts = {"config_name": "c", "data_path": "d", "cwd": "/", "root": "/"}
    queue.add_all([(b"", facts)] * 5)
    expected = [1, 2, 3, 4, 5]
    for number, where in moves:
        at = expected.index(number)
        to = {"up": at - 1, "down": at + 1, "top": 0, "bottom": 4}.get(
            str(where), where if isinstance(where, int) else 0
        )
        to = min(max(to - isinstance(where, int), 0), 4)
        expected.insert(to, expected.pop(at))
        assert queue.move(number, where) == to + 1  # type: ignore[arg-type]
        assert queue.ids() == expected


def test_held_and_released(queue: Queue, add: AddJob) -> None:
    job = add()
    queue.hold(job.id)
    (entry,) = queue.entries()
    assert entry.state.status == JobStatus.HELD and not entry.state.ready
    with pytest.raises(StickgenError, match="only one that waits"):
        queue.hold(job.id)
    queue.release(job.id)
    assert queue.entries()[0].state.ready
    with pytest.raises(StickgenError, match="nothing to release"):
        queue.release(job.id)


def test_paused_is_a_file_that_outlives_everything(queue: Queue, add: AddJob) -> None:
    add()
    queue.pause()
    assert Queue(queue.root).paused
    queue.resume()
    queue.resume()
    assert not Queue(queue.root).paused


def test_found_by_number_name_and_part_of_it(queue: Queue, add: AddJob) -> None:
    add("alpha"), add("beta")
    assert queue.find("2").id == 2 and queue.find("alpha").id == 1 and queue.find("bet").id == 2
    with pytest.raises(StickgenError, match="several jobs match 'quickstart'; there are 1 alpha, 2 beta"):
        queue.find("quickstart")
    with pytest.raises(StickgenError, match="there is no job 'gamma'"):
        queue.find("gamma")


def test_of_jobs_that_cannot_all_be_written_none_is(queue: Queue, add: AddJob) -> None:
    with pytest.raises(StickgenError, match="letters, digits"):
        queue.add_all(
            [(b"", {"config_name": "c", "data_path": "d", "cwd": "/", "root": "/"}), (b"", {"name": "../x"})]
        )
    assert queue.ids() == []


def test_a_damaged_job_is_said_and_hides_no_other(queue: Queue, add: AddJob) -> None:
    add(), add()
    (queue.folder(1) / "job.json").write_text('{"id": 1')
    second, first = queue.entries()
    assert second.id == 2 and second.state.status == JobStatus.WAITING
    assert first.state.status == JobStatus.FAILED and "it is damaged" in first.state.reason
    queue.remove(1)
    assert queue.ids() == [2]


def test_secrets_stay_out_of_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "s3cret")
    monkeypatch.setenv("HF_TOKEN", "s3cret")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("EDITOR", "vi")
    kept = environment_to_keep()
    assert kept["OMP_NUM_THREADS"] == "3" and not {"WANDB_API_KEY", "HF_TOKEN", "EDITOR"} & kept.keys()


def ended(queue: Queue, number: int, code: int, signal: str | None = None, *, boot: str = "") -> Run:
    """The run of a job, as it is after a launch that ended so."""
    job = queue.find(str(number)).job
    assert job is not None
    run = create_run(
        TrainingConfig(preset_path("quickstart")), root=Path(job.root), path=Path(job.root) / f"run-{number}"
    )
    run.update_identity(launches=[{"pid": 2**22 + 1, "boot_id": boot or boot_id(), "start_ticks": 1}])
    run.exit_path.write_text(json.dumps({"code": code, "signal": signal, "reason": "so it ended"}))
    queue.update(number, run=str(run.path), launched=True)
    return run


@pytest.mark.parametrize(("code", "signal", "status"), [
    (0, None, JobStatus.FINISHED), (1, None, JobStatus.FAILED), (130, None, JobStatus.STOPPED),
    (137, "SIGKILL", JobStatus.INTERRUPTED),
])  # fmt: skip
def test_the_status_follows_from_the_run(
    queue: Queue, add: AddJob, code: int, signal: str | None, status: JobStatus
) -> None:
    add()
    ended(queue, 1, code, signal)
    assert queue.entries()[0].state.status == status


def test_a_run_that_was_paused_to_free_the_memory_waits_for_its_person(queue: Queue, add: AddJob) -> None:
    add()
    run = ended(queue, 1, 130)
    run.exit_path.write_text(json.dumps({"code": 130, "event": "paused", "reason": "paused at step 7"}))
    state = queue.entries()[0].state
    assert state.status == JobStatus.HELD and state.reason.startswith("paused at step 7; release it")
    queue.release(1)
    assert queue.entries()[0].state.ready


def test_a_run_that_somebody_killed_by_name_does_not_come_back(queue: Queue, add: AddJob) -> None:
    add()
    ended(queue, 1, 137, "SIGKILL").update_identity(killed_launch=1)
    assert queue.entries()[0].state.status == JobStatus.STOPPED


def test_a_stop_by_a_machine_that_went_down_is_an_interruption(queue: Queue, add: AddJob) -> None:
    add()
    ended(queue, 1, 130, boot="an earlier one")
    assert queue.entries()[0].state.status == JobStatus.INTERRUPTED
    queue.update(1, settled=1)  # but not where a worker saw it end, before
    assert queue.entries()[0].state.status == JobStatus.STOPPED


def test_a_job_that_only_dies_fails_in_the_end(queue: Queue, add: AddJob) -> None:
    add()
    ended(queue, 1, 137, "SIGKILL")
    queue.update(1, deaths=[[1, 0], [2, 5], [3, 5]])
    assert queue.entries()[0].state.status == JobStatus.INTERRUPTED
    queue.update(1, deaths=[[1, 0], [2, 5], [3, 5], [4, 5]])
    state = queue.entries()[0].state
    assert state.status == JobStatus.FAILED and "3 times without a new checkpoint" in state.reason
    queue.release(1)
    assert queue.entries()[0].state.status == JobStatus.WAITING


def test_a_run_directory_that_is_gone_is_said(queue: Queue, add: AddJob) -> None:
    add()
    run = ended(queue, 1, 137, "SIGKILL")
    run.path.rename(run.path.with_name("elsewhere"))
    state = queue.entries()[0].state
    assert state.status == JobStatus.FAILED and "its run directory is gone" in state.reason
