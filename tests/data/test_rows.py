"""Somebody cuts a dataset short or writes over it while it is read: an error with its name, never SIGBUS."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.data import cut_short, dataset
from stickgen.data.dataset import MotionDataset, open_dataset
from stickgen.data.rows import DatasetChangedError
from stickgen.data.split import TRAIN
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, create_run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint
from stickgen.train.loop import Trainer
from stickgen.train.trial import make_clips

torch.set_num_threads(1)


def cut(path: Path) -> None:
    os.truncate(path, 3000)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def other(path: Path) -> None:
    data = path.read_bytes()
    with path.open("r+b") as file:  # in place, as cp does
        file.truncate(0)
        file.write(data[::-1])


def one_byte(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(5000)
        file.write(b"x")


def longer(path: Path) -> None:
    os.truncate(path, path.stat().st_size + 10)


CHANGES = [cut, empty, other, one_byte, longer]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    make_clips(tmp_path / "d.pt", [60] * 30, [60] * 4, 16)
    return tmp_path / "d.pt"


def test_what_is_read_is_what_the_mapping_shows(data: Path) -> None:
    file = open_dataset(data)
    assert len(file.rows._offsets) == 3  # motion, actions, embeddings
    for name in ("motion", "actions", "embeddings"):
        tensor = file.content[name]
        assert torch.equal(file.rows.read(tensor, 3, 9), tensor[3:9])
        assert file.rows.read(tensor, 3, 9).dtype == tensor.dtype


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_an_error_with_its_name(data: Path, change: Callable[[Path], None]) -> None:
    clips = MotionDataset(open_dataset(data), TRAIN, max_frames=40, val_fraction=0.1, seed=0)
    clips[0]
    change(data)
    for index in range(len(clips)):
        with pytest.raises(DatasetChangedError, match=r"d\.pt: the dataset was changed"):
            clips[index]


def test_a_file_that_takes_its_place_is_not_noticed_and_does_no_harm(data: Path, tmp_path: Path) -> None:
    file = open_dataset(data)
    clips = MotionDataset(file, TRAIN, max_frames=40, val_fraction=0.1, seed=0)
    before = clips[5]
    make_clips(tmp_path / "other.pt", [60] * 30, [60] * 4, 16)
    (tmp_path / "other.pt").replace(data)
    assert torch.equal(clips[5]["motion"], before["motion"])


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("change", [cut, other])
def test_a_run_whose_data_is_changed_ends_with_a_checkpoint_and_names_it(
    data: Path, change: Callable[[Path], None], workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 1,
        "training.batch_size": 4, "training.grad_accum_steps": 1, "training.epochs": 50,
        "training.compile": "never", "logging.sample_minutes": 0.0, "device.num_workers": workers,
    }  # fmt: skip
    config = TrainingConfig(preset_path("quickstart"), settings)  # type: ignore[arg-type]
    run: Run = create_run(config, root=data.parent / "runs", data_path=str(data))
    trainer = Trainer(run)
    after_step = trainer.after_step

    def changes(*args: object) -> None:
        after_step(*args)  # type: ignore[arg-type]
        if trainer.state.step == 3:
            change(data)

    monkeypatch.setattr(trainer, "after_step", changes)
    with pytest.raises(DatasetChangedError, match=r"d\.pt.*ends with a checkpoint after step"):
        trainer.train()
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and checkpoint.step == trainer.state.step >= 3
    assert any(r["event"] == "checkpoint" for r in RecordReader(run.events_path).read_new())
    shutil.rmtree(run.path)


@pytest.mark.parametrize("moment", ["while it is opened", "afterwards"])
@pytest.mark.parametrize("code", [None, 1])
def test_a_mapping_that_is_cut_short_ends_with_a_sentence(
    data: Path, moment: str, code: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in `data info` and `data embed`, which read what is mapped. In a process of its own."""
    said, say = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(say, 2)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            cut_short.exit_code = code
            cut_short._opened.clear()
            if moment == "while it is opened":
                checked = dataset.check_content
                monkeypatch.setattr(dataset, "check_content", lambda *a: (empty(data), checked(*a)))  # type: ignore[func-returns-value]
            file = open_dataset(data)
            empty(data)
            file.content["motion"].sum()
        finally:
            os._exit(9)
    os.close(say)
    _, status = os.waitpid(child, 0)
    with os.fdopen(said) as words:
        sentence = words.read()
    assert os.waitstatus_to_exitcode(status) == (-signal.SIGBUS if code is None else code)
    assert f"{data}: the dataset was cut short" in sentence and sentence.count("\n") == 1
