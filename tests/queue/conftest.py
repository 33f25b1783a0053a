"""A queue of its own, a dataset that nobody opens, and trainings of milliseconds that do what a file tells them."""

from __future__ import annotations

import contextlib
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_training import FAKE_TRAINER, AddJob, Trainings

from stickgen.datasets.facts import DatasetFacts, write_dataset_facts
from stickgen.queue.store import Queue
from stickgen.runs.process import find_process
from stickgen.runs.store import list_runs


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`python -m stickgen.train` loads no torch and waits for the file `end-LAUNCH` in this folder."""
    package = tmp_path / "path" / "sitecustomize.py"
    package.parent.mkdir()
    package.write_text(
        "import sys\n"
        "if sys.orig_argv[1:3] == ['-m', 'stickgen.train']:\n"
        f"    sys.argv = ['train', *sys.orig_argv[3:]]\n    exec({FAKE_TRAINER!r})\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    folder = tmp_path / "orders"
    folder.mkdir()
    monkeypatch.setenv("FAKE_ORDERS", str(folder))
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A file with facts beside it; nobody here looks further than that it is a zip file."""
    path = tmp_path / "data" / "quickstart.pt"
    path.parent.mkdir()
    zipfile.ZipFile(path, "w").close()
    write_dataset_facts(path, DatasetFacts(
        clips=231, frames=36401, mean_frames=140.0, longest_frames=1584, clips_train=208, clips_val=23,
        frames_train=30864, texts=208, embedding_dim=384, encoder="offline", sources=("CMU",),
        licences=("free",), fingerprint="0" * 64,
    ))  # fmt: skip
    return path


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    """An empty queue in a folder of its own; whatever its jobs left running is killed in the end."""
    monkeypatch.setenv("STICKGEN_QUEUE", str(tmp_path / "queue"))
    monkeypatch.setenv("STICKGEN_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    yield Queue()
    for run in list_runs(tmp_path / "runs"):
        for launch in run.launches:
            if (process := find_process(launch)) is not None:
                process.kill()
            with contextlib.suppress(OSError, KeyError):
                os.kill(launch["supervisor_pid"], signal.SIGKILL)


@pytest.fixture
def add(queue: Queue, dataset: Path) -> AddJob:
    return AddJob(queue, dataset)


@pytest.fixture
def trainings() -> Iterator[Trainings]:
    made = Trainings()
    yield made
    made.end_all()
