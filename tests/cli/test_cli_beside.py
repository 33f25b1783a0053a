"""`stickgen train` while another training goes on: asked on a terminal, said without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stickgen.cli import beside, root
from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.queue.store import Queue
from stickgen.run_contract import Phase
from stickgen.runs.locks import LaunchLock
from stickgen.runs.store import Run, create_run, list_runs


@pytest.fixture
def other(tmp_path: Path) -> Run:
    """A training that goes on: a held lock, and nothing else."""
    run = create_run(
        TrainingConfig(preset_path("quickstart")), root=tmp_path / "runs", path=tmp_path / "runs" / "other"
    )
    lock = LaunchLock(run)
    assert lock.acquire()
    run.beat(Phase.TRAINING, 30, 90)
    held.append(lock)
    return run


held: list[LaunchLock] = []


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A folder of runs and a queue of their own; launches and workers are noted, not started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STICKGEN_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("STICKGEN_QUEUE", str(tmp_path / "queue"))
    monkeypatch.setattr("stickgen.runs.launch.launch", lambda run, **facts: launched.append(run.name))
    monkeypatch.setattr("stickgen.queue.worker_lock.start_worker", lambda where: True)
    launched: list[str] = []
    yield launched
    for lock in held:
        lock.close()
    held.clear()


def train(dataset: Path, *arguments: str, terminal: bool = False, keys: str = "") -> Result:
    """`stickgen train --detach` of a config for `dataset`."""
    config = ["--config", str(preset_path("small")), "--data-path", str(dataset), "--detach", "--force"]
    with pytest.MonkeyPatch.context() as patch:
        if terminal:
            patch.setattr(beside, "_at_a_terminal", lambda: True)
        return CliRunner().invoke(root, ["train", *config, *arguments], input=keys)


def test_without_a_terminal_it_warns_and_starts(other: Run, dataset: Path, place: list[str]) -> None:
    said = train(dataset)
    assert said.exception is None and len(place) == 1
    assert "warning: other (step 30 of 90) trains on this machine already; both get slower" in said.output


def test_nothing_is_said_where_nothing_else_trains(dataset: Path, place: list[str]) -> None:
    assert "already" not in train(dataset).output and len(place) == 1


def test_said_beforehand_nothing_is_asked(other: Run, dataset: Path, place: list[str]) -> None:
    said = train(dataset, "--beside", terminal=True)
    assert "already" not in said.output and len(place) == 1
    said = train(dataset, "--queue", "--name", "later", "--max-steps", "7", terminal=True)
    assert "job 1 later: added" in said.output and len(place) == 1
    (entry,) = Queue().entries()
    assert entry.job is not None and (entry.job.max_steps, entry.job.data_path) == (7, str(dataset))
    both = train(dataset, "--beside", "--queue")
    assert isinstance(both.exception, StickgenError) and "give one of them" in str(both.exception)


@pytest.mark.parametrize(("key", "launches", "jobs"), [("q", 0, 1), ("", 0, 1), ("b", 1, 0), ("c", 0, 0)])
def test_on_a_terminal_it_asks(
    other: Run, dataset: Path, place: list[str], key: str, launches: int, jobs: int
) -> None:
    said = train(dataset, terminal=True, keys=f"{key}\n")
    assert "[q]ueue this one, start it [b]eside, [s]top it first, or [c]ancel" in said.output
    assert (len(place), len(Queue().ids())) == (launches, jobs)
    assert len(list_runs(Path("runs"))) == 1 + launches  # what is not launched leaves no folder


def test_the_other_is_stopped_first(
    other: Run, dataset: Path, place: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "stop", lambda run: held[0].close())
    said = train(dataset, terminal=True, keys="s\n")
    assert "stopping 1 training with a checkpoint" in said.output and len(place) == 1


def test_a_run_is_resumed_by_the_queue_in_its_own_directory(
    other: Run, dataset: Path, place: list[str]
) -> None:
    assert len(place) == 0
    train(dataset, "--beside", "--name", "mine")
    run = next(run for run in list_runs(Path("runs")) if "mine" in run.name)
    said = CliRunner().invoke(root, ["train", "--resume", "mine", "--queue"])
    assert f"goes on with {run.name}" in said.output
    (entry,) = Queue().entries()
    assert entry.job is not None and entry.job.run == str(run.path) and entry.state.ready
    again = CliRunner().invoke(root, ["train", "--resume", "mine", "--queue"])
    assert "is in the queue already, as job 1" in str(again.exception)
    changed = CliRunner().invoke(root, ["train", "--resume", "mine", "--queue", "--set", "training.epochs=4"])
    assert "goes on as it is" in str(changed.exception)
