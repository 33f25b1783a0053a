"""State and cache lie where the system wants them, and what an earlier version left is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest

from stickgen.config.drafts import drafts_directory
from stickgen.data.embedding_cache import cache_folder
from stickgen.evaluate.trained import evaluators_folder
from stickgen.folders import cache_path, state_path
from stickgen.hardware.torch_answer import cache_path as hardware_path
from stickgen.planner.measured.measurements import measurements_path

STATE: list[tuple[Callable[[], Path], str]] = [
    (drafts_directory, "drafts"),
    (measurements_path, "calibration.jsonl"),
]
CACHE: list[tuple[Callable[[], Path], str]] = [
    (cache_folder, "embeddings"),
    (evaluators_folder, "evaluators"),
    (hardware_path, "hardware.json"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without XDG variables."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.fixture
def mac(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same on macOS, where the folders are elsewhere."""
    library = home / "Library"
    monkeypatch.setattr(platformdirs, "user_state_path", lambda name: library / "Application Support" / name)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: library / "Caches" / name)
    return home


@pytest.mark.parametrize(("place", "name"), STATE)
def test_state_on_linux(home: Path, place: Callable[[], Path], name: str) -> None:
    assert place() == home / ".local" / "state" / "stickgen" / name


@pytest.mark.parametrize(("place", "name"), CACHE)
def test_cache_on_linux(home: Path, place: Callable[[], Path], name: str) -> None:
    assert place() == home / ".cache" / "stickgen" / name


def test_the_variables_move_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert state_path("drafts") == tmp_path / "s" / "stickgen" / "drafts"
    assert cache_path("embeddings") == tmp_path / "c" / "stickgen" / "embeddings"


def test_on_a_mac_they_are_in_the_library(mac: Path) -> None:
    assert state_path("drafts") == mac / "Library" / "Application Support" / "stickgen" / "drafts"
    assert cache_path("embeddings") == mac / "Library" / "Caches" / "stickgen" / "embeddings"


def test_what_an_earlier_version_left_does_not_vanish(mac: Path) -> None:
    """Each place by itself: unsaved edits are found where they are, a new cache begins where it belongs."""
    old = mac / ".local" / "state" / "stickgen" / "drafts"
    old.mkdir(parents=True)
    assert drafts_directory() == old
    assert measurements_path() == mac / "Library" / "Application Support" / "stickgen" / "calibration.jsonl"
    new = mac / "Library" / "Application Support" / "stickgen" / "drafts"
    new.mkdir(parents=True)
    assert drafts_directory() == new
