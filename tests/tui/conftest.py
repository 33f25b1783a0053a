"""A machine that is the same everywhere, a folder of runs, a config to edit."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from run_fixture import finished_run
from same_machine import MACHINE

from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp


@pytest.fixture(autouse=True)
def same_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks the machine it runs on, and none starts torch to do so."""
    for module in ("stickgen.hardware.machine", "stickgen_tui.screens.home"):
        monkeypatch.setattr(f"{module}.local_machine_fast", lambda: MACHINE)
        monkeypatch.setattr(f"{module}.detect", lambda refresh=False: MACHINE)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def workplace(tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, with a copy of the quickstart config."""
    (tmp_path / "configs").mkdir()
    shutil.copy(repo / "configs" / "quickstart.yaml", tmp_path / "configs" / "quickstart.yaml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def config(workplace: Path) -> Path:
    """The copy, as a person would name it."""
    return Path("configs/quickstart.yaml")


@pytest.fixture
def run(workplace: Path, config: Path) -> Run:
    """A run that has ended, with everything a monitor can show."""
    return finished_run(workplace / "runs", config)


@pytest.fixture
def app(workplace: Path, config: Path) -> StickgenApp:
    """The app in that folder."""
    return StickgenApp(config=config, root=workplace / "runs")
