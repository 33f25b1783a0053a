"""A run directory is private, exact, found by its name, and loses no fact to a second writer."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.runs.store import Run, Status, create_run, find_run, list_runs


def test_a_run_directory_is_private_and_holds_the_exact_config(run: Run) -> None:
    assert run.path.stat().st_mode & 0o777 == 0o700
    assert run.config_bytes == TrainingConfig().bytes
    assert (run.path / "run.json").stat().st_mode & 0o777 == 0o600
    assert run.state().status == Status.STARTING


def test_runs_are_found_by_part_of_their_name(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    other = create_run(TrainingConfig(), root=root, name="second")
    assert find_run("second", root).name == other.name
    assert {r.name for r in list_runs(root)} == {run.name, other.name}
    with pytest.raises(StickgenError, match="several runs match"):
        find_run("medium", root)
    with pytest.raises(StickgenError, match="no run is called"):
        find_run("nothing", root)
    with pytest.raises(StickgenError, match="--name"):
        create_run(TrainingConfig(), root=root, name="../../etc")


def test_two_writers_of_run_json_lose_nothing(run: Run) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom stickgen.runs.store import Run\nrun = Run(Path(sys.argv[1]))\n"
        "for n in range(40): run.update_identity(**{f'{sys.argv[2]}{n}': n})"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, run.path, name]) for name in ("a", "b", "c")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    assert {f"{name}{n}" for name in "abc" for n in range(40)} <= run.identity.keys()


def test_runs_of_one_second_that_draw_the_same_words_have_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["calm", "fox", "calm", "fox", "calm", "deer"])
    monkeypatch.setattr("stickgen.runs.store.secrets.choice", lambda words: next(drawn))
    monkeypatch.setattr("stickgen.runs.store.datetime", _StoppedClock)
    names = [create_run(TrainingConfig(preset_path("small")), root=tmp_path).name for _ in range(2)]
    assert names == ["20261124-120000-small-calm-fox", "20261124-120000-small-calm-deer"]


class _StoppedClock:
    @staticmethod
    def now(_: object) -> datetime:
        return datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_latest_is_the_newest_by_what_run_json_says_and_its_removal_is_asked_for(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from stickgen.cli.runs import command

    root = tmp_path / "runs"
    older = create_run(TrainingConfig(), root=root, path=root / "production")
    older.update_identity(created_unix=time.time() - 100)
    newer = create_run(TrainingConfig(), root=root, name="scratch")
    damaged = create_run(TrainingConfig(), root=root, path=root / "zzz")
    (damaged.path / "run.json").write_text("{")
    assert [run.name for run in list_runs(root)] == [newer.name, older.name, damaged.name]
    assert find_run("latest", root).name == newer.name
    asked = CliRunner().invoke(command, ["--runs", str(root), "rm", "latest", "--yes"], input="n\n")
    assert f"latest is {newer.name}" in asked.output and newer.path.is_dir()
    CliRunner().invoke(command, ["--runs", str(root), "rm", "latest", "--yes"])  # nobody to answer
    assert newer.path.is_dir()
    done = CliRunner().invoke(command, ["--runs", str(root), "rm", "latest"], input="y\n")
    assert done.exit_code == 0 and not newer.path.exists() and older.path.is_dir()


def test_an_empty_name_names_no_run(tmp_path: Path) -> None:
    create_run(TrainingConfig(), root=tmp_path, name="only", data_path="x.pt")
    with pytest.raises(StickgenError, match="the name of the run is empty"):
        find_run("", tmp_path)
