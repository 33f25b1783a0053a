"""Data and identity changed behind a run's back, while it trains and between two launches, by real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import MakeRun, wait_for_end, wait_for_step

from stickgen.data.dataset import save_dataset
from stickgen.data.dataset_checks import load_untrusted
from stickgen.runs.launch import launch
from stickgen.runs.store import Run, Status
from stickgen.train.checkpoint import newest_checkpoint

pytestmark = pytest.mark.drill


def of_its_own(run: Run, dataset: Path) -> Path:
    """Give the run a copy of the dataset that may be ruined."""
    place = run.path.parent / "own.pt"
    shutil.copy(dataset, place)
    shutil.copy(f"{dataset}.json", f"{place}.json")
    run.update_identity(data_path=str(place))
    return place


def resume(run: Run, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stickgen", "train", "--resume", str(run.path), "--max-steps", "3", *options],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize("workers", [0, 1, 4])
@pytest.mark.parametrize("size", [0, 3000, None])
def test_data_cut_or_overwritten_while_it_trains_ends_with_a_checkpoint(
    make: MakeRun, dataset: Path, workers: int, size: int | None
) -> None:
    run = make(**{"device.num_workers": workers})
    place = of_its_own(run, dataset)
    launch(run)
    wait_for_step(run, 20)
    if size is None:
        with place.open("r+b") as file:
            file.write(place.read_bytes()[::-1])
    else:
        os.truncate(place, size)
    wait_for_end(run)
    state = run.state()
    assert state.status == Status.FAILED and str(place) in state.reason, state
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and checkpoint.step >= 20
    shutil.copy(dataset, place)
    assert resume(run).returncode == 0


def test_data_replaced_between_launches_is_refused_and_forced(make: MakeRun, dataset: Path) -> None:
    run = make()
    run.update_identity(max_steps=5)
    place = of_its_own(run, dataset)
    launch(run)
    wait_for_end(run)
    content = dict(load_untrusted(place))
    content["embeddings"] = content["embeddings"].flip(0)
    save_dataset(place, content)
    refused = resume(run)
    assert refused.returncode == 2 and "not the data that" in refused.stderr
    forced = resume(run, "--force")
    assert forced.returncode == 0 and "other data" in forced.stdout, forced.stdout + forced.stderr


@pytest.mark.parametrize("copy_too", [False, True])
def test_a_damaged_run_json_is_rebuilt_by_the_next_resume(
    make: MakeRun, dataset: Path, copy_too: bool
) -> None:
    run = make()
    run.update_identity(max_steps=5)
    launch(run)
    wait_for_end(run)
    whole = (run.path / "run.json").read_bytes()
    (run.path / "run.json").write_bytes(whole[:200])
    if copy_too:
        (run.path / "run-copy.json").write_bytes(whole[:200])
    done = resume(run, *(("--data-path", str(dataset)) if copy_too else ()))
    assert done.returncode == 0, done.stderr
    assert run.identity["data_path"] == str(dataset) and run.state().step == 8
    assert (run.path / "run.json.damaged-1").read_bytes() == whole[:200]
