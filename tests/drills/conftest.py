"""Real trainers of seconds, and an end to each of them whatever happens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import forked
import numpy as np
import psutil
import pytest
import torch
from real_run import TINY, MakeRun

from stickgen.config import TrainingConfig
from stickgen.config.key import Value
from stickgen.config.presets import preset_path
from stickgen.data.clip import Clip
from stickgen.data.dataset import pack, save_dataset
from stickgen.runs.process import find_process
from stickgen.runs.store import Run, create_run


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty short clips: five steps an epoch."""
    noise = np.random.default_rng(0)
    figure = np.stack([np.full(10, 0.4), np.linspace(1, 0, 10)], 1).ravel()  # as tall as a person
    clips = []
    for number in range(40):
        motion = figure + noise.normal(0, 0.1, size=20) + noise.normal(0, 0.01, size=(20, 20)).cumsum(0)
        actions = np.full(20, number % 5, np.int16)
        clips.append(Clip(motion.astype(np.float32), [f"text {number}"], actions, "made", "MIT", str(number)))
    content = pack(clips)
    generator = torch.Generator().manual_seed(0)
    content["embeddings"] = torch.randn(len(content["texts"]), 16, generator=generator)
    path = tmp_path_factory.mktemp("data") / "tiny.pt"
    save_dataset(path, content)
    return path


@pytest.fixture
def make(tmp_path: Path, dataset: Path) -> Iterator[MakeRun]:
    """Makes runs of a tiny config; kills what is left of them in the end."""
    made: list[Run] = []

    def make_run(root: Path | None = None, **overrides: Value) -> Run:
        config = TrainingConfig(preset_path("quickstart"), {**TINY, **overrides})
        name = f"drill-{len(made)}"
        made.append(create_run(config, root=root or tmp_path / "runs", name=name, data_path=str(dataset)))
        return made[-1]

    yield make_run
    forked.end_all()
    for run in made:
        for launch in run.launches:
            process = find_process(launch)
            if process is not None:
                with contextlib.suppress(psutil.Error):
                    process.kill()
