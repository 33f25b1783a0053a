"""After a run that ran out of memory: its own config, and the edits that need less."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.planner.advising.rescue import memory_advice, ran_out_of_memory
from stickgen.runs.store import Run, create_run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = TrainingConfig(preset_path("large"), {"device.type": "cpu", "training.batch_size": 32})
    return create_run(config, root=tmp_path, data_path=str(tmp_path / "none.pt"))


@pytest.mark.parametrize(
    ("ended", "out"),
    [
        ({"code": 137, "signal": "SIGKILL", "reason": "killed"}, True),
        ({"code": 1, "signal": None, "reason": "out of memory (CUDA); try …"}, True),
        ({"code": 1, "signal": None, "reason": "the disk is full"}, False),
        ({"code": 0, "signal": None, "reason": "trained"}, False),
        ({}, False),
    ],
)
def test_which_ends_are_for_want_of_memory(run: Run, ended: dict[str, object], out: bool) -> None:
    run.exit_path.write_text(json.dumps(ended))
    assert ran_out_of_memory(run) is out


def test_the_advice_is_for_the_runs_own_config(run: Run) -> None:
    found = memory_advice(run)
    assert found[0].path == "training.batch_size" and found[0].was[0] == 32
    run.config_path.write_bytes(b"model: [")
    assert memory_advice(run) == []
