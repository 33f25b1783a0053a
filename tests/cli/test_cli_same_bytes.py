"""What `stickgen train` checked is what it launches, whatever another program does to the file meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import stickgen.planner.launch_check as launch_check
from stickgen.cli.train import command
from stickgen.runs.store import Run, list_runs


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs that were launched; no trainer starts."""
    runs: list[Run] = []

    def launch(run: Run, **facts: Any) -> None:
        runs.append(run)

    monkeypatch.setattr("stickgen.runs.launch.launch", launch)
    return runs


def test_train_launches_the_bytes_and_the_dataset_that_it_checked(
    tmp_path: Path, dataset: Path, repo: Path, launched: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "mine.yaml"
    shutil.copy(repo / "configs/small.yaml", config)
    before = config.read_bytes()
    check = launch_check.check_launch

    def check_then_rewrite(*arguments: Any, **options: Any) -> launch_check.LaunchCheck:
        found = check(*arguments, **options)
        config.write_bytes(before.replace(b"batch_size:", b"batch_size: 1 #"))
        monkeypatch.setenv("TRAIN_DATA_PATH", str(tmp_path / "other.pt"))
        return found

    monkeypatch.setattr(launch_check, "check_launch", check_then_rewrite)
    monkeypatch.setenv("TRAIN_DATA_PATH", str(dataset))
    result = CliRunner().invoke(
        command, ["--config", str(config), "--runs", str(tmp_path / "runs"), "--detach"]
    )
    assert result.exit_code == 0, result.output
    (run,) = launched
    assert config.read_bytes() != before
    assert run.config_bytes == before
    assert run.identity["data_path"] == str(dataset)
    assert [found.path for found in list_runs(tmp_path / "runs")] == [run.path]
