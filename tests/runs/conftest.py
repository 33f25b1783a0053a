"""A run that was made and never launched."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickgen.config import TrainingConfig
from stickgen.runs.store import Run, create_run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(TrainingConfig(), root=tmp_path / "runs")
