"""What all tests share: one thread for torch, a private home, and the real data where it lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repo() -> Path:
    """The root of the checkout."""
    return REPO


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real motion-capture archives; a test that asks for it is skipped without."""
    root = Path(os.environ.get("STICKGEN_REAL_DATA") or REPO.parent / "shared" / "data")
    if not (root / "index.csv").is_file():
        pytest.skip("no real motion data: set STICKGEN_REAL_DATA to the folder that holds index.csv")
    return root


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the caches, drafts or runs of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.delenv("TRAIN_DATA_PATH", raising=False)
    monkeypatch.delenv("STICKGEN_RUNS", raising=False)
