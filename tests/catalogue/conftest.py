"""A folder of runs, made by the program's own writers, with a cache of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from catalogue_runs import Make, write

from stickgen.config.loading import TrainingConfig
from stickgen.config.schema import Value
from stickgen.runs.store import Run, create_run


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def make(root: Path) -> Make:
    """Make a run that ended: its name, the pose losses of its validations, what its config has of its own."""
    made = 0

    def make(name: str, val: list[float | None], status: int = 0, **keys: Value) -> Run:
        nonlocal made
        made += 1
        config = TrainingConfig(None, {path.replace("__", "."): value for path, value in keys.items()})
        run = create_run(config, root=root, path=root / name, data_path="data/a.pt")
        run.update_identity(
            launches=[{"pid": 2**22 + 1, "create_time": 0.0, "boot_id": "gone"}], created_unix=1e9 + made
        )
        write(run, val)
        run.exit_path.write_text(json.dumps({"code": status, "reason": "", "launch": 1}))
        return run

    return make
