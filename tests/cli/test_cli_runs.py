"""`stickgen runs` and the ways to begin a run, from a shell, with a real trainer behind them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from forked_command import stickgen
from shapes_of import document, documents

from stickgen.config import TrainingConfig
from stickgen.runs.store import Run, create_run

TINY = [
    part
    for setting in (
        "training.grad_accum_steps=1", "logging.sample_minutes=0", "model.num_layers=1", "model.d_model=32",
        "model.nhead=4", "diffusion.sampling_steps=1", "logging.log_interval=1", "training.epochs=10000",
        "training.compile=never",
    )
    for part in ("--set", setting)
]  # fmt: skip


def facts(result: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert result.returncode == 0, result.stdout + result.stderr
    found = document(result.stdout)
    assert isinstance(found, dict)
    return found


def refused(result: subprocess.CompletedProcess[str], says: str) -> None:
    """One sentence, exit code 2."""
    assert result.returncode == 2, result.stdout + result.stderr
    assert says in result.stderr and "Traceback" not in result.stderr


def test_the_life_of_a_run_in_a_folder_of_its_own(tmp_path: Path, dataset: Path, repo: Path) -> None:
    common: tuple[str | Path, ...] = ("--config", repo / "configs/small.yaml", "--data-path", dataset, *TINY)
    place = tmp_path / "mine"
    place.mkdir()
    begun = stickgen("train", "--run-dir", place, *common, "--detach")
    assert begun.returncode == 0, begun.stderr
    assert f"stickgen runs watch {place}" in begun.stdout
    assert place.stat().st_mode & 0o777 == 0o700
    run = Run(place)
    try:
        refused(stickgen("train", "--run-dir", place, *common), "there is something already")
        refused(stickgen("train", "--run-dir", place, "--resume", "latest"), "is running already (process ")
        refused(stickgen("runs", "rm", place, "--yes"), "stop it first")
        saved = facts(stickgen("runs", "save", place, "--json"))
        assert saved["saved"] and Path(str(saved["checkpoint"])).is_dir()
        assert facts(stickgen("runs", "show", place, "--json"))["status"] == "running"
    finally:
        assert facts(stickgen("runs", "stop", place, "--json")) == {
            "schema": "stickgen.runs.stop/1",
            "name": "mine",
            "asked": "stop",
        }
    watched = stickgen("runs", "watch", place, "--json")
    assert watched.returncode == 130
    lines = documents(watched.stdout)
    end = lines[-1]["end"]
    assert (end["status"], end["resume"]) == ("stopped", f"stickgen train --resume {place}")
    assert Path(end["checkpoint"]).parent == run.checkpoints_dir
    assert {line["event"]["event"] for line in lines if "event" in line} >= {
        "started",
        "checkpoint",
        "stopped",
    }

    again = stickgen("train", "--run-dir", place, "--resume", "latest", "--max-steps", "1")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "resumed: " in again.stdout and "started: " not in again.stdout  # nothing of the launch before
    for what in ("checkpoint", "sample", "draw with", "go on with"):
        assert f"  {what}" in again.stdout, again.stdout

    begin_again: tuple[str | Path, ...] = (
        "train",
        "--run-dir",
        tmp_path / "next",
        *common,
        "--max-steps",
        "1",
        "--init-from",
    )
    refused(stickgen(*begin_again, place, "--set", "model.d_model=64"), "use --set model.d_model=32")
    refused(stickgen(*begin_again, place, "--set", "model.nhead=2"), "model.nhead is 4 there and 2 here")
    refused(stickgen(*begin_again, dataset), "not a checkpoint of stickgen")
    refused(stickgen(*begin_again, tmp_path / "nothing"), "no run")
    assert not (tmp_path / "next").exists()
    begun = stickgen(*begin_again, Path(end["checkpoint"]))
    assert begun.returncode == 0, begun.stdout + begun.stderr
    assert "initial: weights of" in begun.stdout and "reached --max-steps after step 1" in begun.stdout

    assert stickgen("runs", "rm", place, say="n\n").returncode == 130
    assert place.exists()
    assert stickgen("runs", "rm", place, say="y\n").returncode == 0
    assert not place.exists()


def test_nothing_but_a_run_is_removed(tmp_path: Path) -> None:
    other = tmp_path / "letters"
    other.mkdir()
    (other / "run.json").write_text("{}")
    refused(stickgen("runs", "rm", other, "--yes"), "nothing was removed")
    real = create_run(TrainingConfig(), root=tmp_path / "runs")
    link = tmp_path / "link"
    link.symlink_to(real.path)
    refused(stickgen("runs", "rm", link, "--yes"), "nothing was removed")
    assert real.path.exists() and other.exists()


@pytest.mark.parametrize("command", ["save", "stop"])
def test_a_run_that_does_not_run_says_so(tmp_path: Path, command: str) -> None:
    run = create_run(TrainingConfig(), root=tmp_path)
    run.exit_path.write_text('{"code": 0, "reason": "done"}')
    refused(stickgen("runs", command, run.path), "is not running (finished)")
