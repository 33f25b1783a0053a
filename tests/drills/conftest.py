"""Real trainers of seconds, and an end to each of them whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import forked
import numpy as np
import psutil
import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.data.clip import Clip
from stickgen.data.dataset import pack, save_dataset
from stickgen.record_log import RecordReader
from stickgen.runs.process import find_process
from stickgen.runs.store import Run, create_run

TINY = {
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 1,
    "training.batch_size": 4, "training.grad_accum_steps": 2, "training.epochs": 1_000_000,
    "training.max_minutes": 5.0, "logging.log_interval": 1, "logging.sample_minutes": 0.0,
    "logging.save_minutes": 0.0, "logging.save_interval": 1_000_000, "diffusion.sampling_steps": 1,
}  # fmt: skip

MakeRun = Callable[..., Run]


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

    def make_run(root: Path | None = None, **overrides: object) -> Run:
        config = TrainingConfig(preset_path("quickstart"), {**TINY, **overrides})  # type: ignore[dict-item]
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


def wait_until(what: Callable[[], object], seconds: float = 600.0) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain"
        time.sleep(0.02)


def wait_for_step(run: Run, step: int) -> None:
    """Until the trainer has done so many steps, or is gone."""
    wait_until(
        lambda: not run.state().alive or (run.state().phase == "training" and run.state().step >= step)
    )
    assert run.state().alive, run.state()


def wait_for_end(run: Run) -> None:
    """Until nobody works on the run any more."""
    wait_until(lambda: not run.state().alive)


def kill_trainer(run: Run) -> None:
    """SIGKILL to the trainer alone."""
    os.kill(run.launches[-1]["pid"], signal.SIGKILL)


def kill_supervisor(run: Run) -> None:
    """SIGKILL to the supervisor alone."""
    os.kill(run.launches[-1]["supervisor_pid"], signal.SIGKILL)


def events(run: Run, kind: str) -> list[str]:
    """The messages of all events of a kind, of the newest launch."""
    records = RecordReader(run.events_path).read_new()
    launch = len(run.launches)
    return [r["message"] for r in records if r["event"] == kind and r.get("launch") == launch]
