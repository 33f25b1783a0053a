"""A queue of three trainings and a SIGKILL to everything in the second: started again, all three finish, each exact."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import psutil
import pytest
import torch
from real_run import TINY, MakeRun, wait_for_end, wait_for_step, wait_until
from test_killed import losses, weights

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.queue.adding import Options, freeze
from stickgen.queue.state import JobStatus
from stickgen.queue.store import Queue
from stickgen.queue.worker_lock import is_at_work, start_worker, stop_worker, worker_facts
from stickgen.runs.launch import launch
from stickgen.runs.process import find_process
from stickgen.runs.store import Run, Status, list_runs

pytestmark = pytest.mark.drill
STEPS = 150


def test_killed_in_the_second_of_three_all_finish_exactly(
    make: MakeRun, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "queued"
    monkeypatch.setenv("STICKGEN_QUEUE", str(tmp_path / "queue"))
    queue, options = Queue(), Options(str(dataset), root, max_steps=STEPS)
    undisturbed = []
    for seed in (1, 2, 3):
        changes = {"training.seed": seed, "logging.save_interval": 2}
        undisturbed.append(make(**changes))
        launch(undisturbed[-1], max_steps=STEPS)
        wait_for_end(undisturbed[-1])
        assert undisturbed[-1].state().step == STEPS
        config = TrainingConfig(preset_path("quickstart"), {**TINY, **changes})
        queue.add_all([freeze(config, options, name=f"seed-{seed}")])

    def run_of(number: int) -> Run:
        job = queue.find(str(number)).job
        assert job is not None and job.directory is not None
        return job.directory

    def status(number: int) -> JobStatus:
        return queue.find(str(number)).state.status

    try:
        start_worker(queue.root)
        wait_until(lambda: status(2) == JobStatus.RUNNING)
        second = run_of(2)
        wait_for_step(second, STEPS // 2)
        launched = second.launches[-1]
        for pid in (worker_facts(queue.root)["pid"], launched["supervisor_pid"], launched["pid"]):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_at_work(queue.root) and not second.state().alive)
        assert second.state().status == Status.DIED
        assert [status(number) for number in (1, 2, 3)] == ["finished", "interrupted", "waiting"]
        start_worker(queue.root)
        wait_until(lambda: status(3) == JobStatus.FINISHED)
        stop_worker(queue.root)
    finally:
        with contextlib.suppress(psutil.Error):
            for described in (
                worker_facts(queue.root),
                *(run.launches[-1] for run in list_runs(root) if run.launches),
            ):
                if (process := find_process(described)) is not None:
                    process.kill()
    assert [status(number) for number in (1, 2, 3)] == [JobStatus.FINISHED] * 3
    assert len(list_runs(root)) == 3 and len(run_of(2).launches) == 2
    for number, alone in enumerate(undisturbed, 1):
        queued = run_of(number)
        assert losses(queued) == losses(alone)
        one, other = weights(alone), weights(queued)
        assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
