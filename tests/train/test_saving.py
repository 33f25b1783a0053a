"""Saving beside the training: the copy is of that moment, a refusal is said and tried again, NaN never lands."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.model.normalise import Normaliser
from stickgen.record_log import RecordReader
from stickgen.runs.store import create_run
from stickgen.train.checkpoints import checkpoint
from stickgen.train.checkpoints import saver as saving
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors, save_checkpoint
from stickgen.train.checkpoints.saver import Saver
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.processes.signals import Asked
from stickgen.train.reporting.journal import Journal


@pytest.fixture
def config() -> TrainingConfig:
    small = {
        "model.embedding_dim": 16,
        "model.d_model": 32,
        "model.nhead": 4,
        "model.num_layers": 1,
        "logging.save_minutes": 0.0,
    }
    return TrainingConfig(preset_path("quickstart"), small)


@pytest.fixture
def state(config: TrainingConfig) -> TrainState:
    state = TrainState(config, Normaliser(16), torch.device("cpu"))
    state.step = 7
    return state


@pytest.fixture
def saver(tmp_path: Path, config: TrainingConfig) -> Saver:
    return Saver(Journal(create_run(config, root=tmp_path), 1), config.bytes)


def said(saver: Saver, kind: str) -> list[str]:
    return [
        r["message"] for r in RecordReader(saver.journal.run.events_path).read_new() if r["event"] == kind
    ]


def weights_on_disk(saver: Saver) -> dict[str, torch.Tensor]:
    checkpoint, skipped = newest_checkpoint(saver.journal.run.checkpoints_dir)
    assert checkpoint is not None and skipped == []
    return read_tensors(checkpoint, "model")


def test_training_goes_on_while_the_disk_is_slow_and_the_copy_is_of_that_moment(
    saver: Saver, state: TrainState, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = threading.Event()

    def slow(*args: object, **facts: object) -> object:
        assert disk.wait(20)
        return save_checkpoint(*args, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(saving, "save_checkpoint", slow)
    then = {name: value.clone() for name, value in state.model.state_dict().items()}
    saver.begin(state)
    assert saver.busy and not saver.due(1e-9)
    for parameter in state.model.parameters():
        parameter.data.add_(1.0)
    state.step += 1
    saver.collect()
    assert said(saver, "checkpoint") == []
    disk.set()
    saver.collect(wait=True)
    assert said(saver, "checkpoint") == ["saved step_00000007"]
    assert all(torch.equal(value, then[name]) for name, value in weights_on_disk(saver).items())


def test_where_memory_is_short_it_is_written_at_once(
    saver: Saver, state: TrainState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "copied", lambda tensors: pytest.fail("a copy was made"))
    machine = saving.local_machine_fast()
    object.__setattr__(machine, "ram_available_bytes", saving.size_bytes(state.tensors()))
    monkeypatch.setattr(saving, "local_machine_fast", lambda: machine)
    saver.begin(state)
    assert not saver.busy and said(saver, "checkpoint") == ["saved step_00000007"]


def test_a_refusing_disk_is_said_tried_again_and_recovered_from(
    saver: Saver, state: TrainState, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saver.journal.run.checkpoints_dir
    folder.rmdir()
    folder.write_text("in the way")
    assert not saver.save(state)
    (alert,) = said(saver, "alert")
    assert alert.startswith("THE CHECKPOINT OF STEP 7 WAS NOT SAVED (File exists)")
    assert not saver.due(0.0)
    monkeypatch.setattr(saving, "RETRY_SECONDS", 0.0)
    assert saver.due(0.0)  # although no interval was asked for
    folder.unlink()
    saver.begin(state)
    saver.collect(wait=True)
    assert said(saver, "checkpoint") == ["saved step_00000007, after 1 failed attempt"]
    assert not saver.due(0.0)


def test_the_end_of_a_run_waits_for_space(
    saver: Saver, state: TrainState, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    def full_at_first(*args: object, **facts: object) -> object:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise OSError(28, "No space left on device")
        return save_checkpoint(*args, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(saving, "save_checkpoint", full_at_first)
    monkeypatch.setattr(saving, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(saving.time, "sleep", lambda seconds: None)
    assert saver.save_patiently(state, Asked())
    assert said(saver, "checkpoint") == ["saved step_00000007, after 2 failed attempts"]
    state.step, tries = 8, -1_000_000
    monkeypatch.setattr(saving, "STOP_PATIENCE_SECONDS", 0.3)
    asked = Asked()
    asked.stop = True
    assert not saver.save_patiently(state, asked)


@pytest.mark.parametrize("where", ["model", "ema", "optimizer"])
def test_what_is_not_finite_is_never_saved(saver: Saver, state: TrainState, where: str) -> None:
    parameters = list(state.model.parameters())
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    state.optimizer.step()
    assert saver.save(state)
    state.step = 8
    broken = {
        "model": parameters[3].data,
        "ema": next(state.ema.model.parameters()),
        "optimizer": state.optimizer.state[parameters[3]]["exp_avg"],
    }[where]
    broken.view(-1)[0] = torch.nan
    assert not saver.save_patiently(state, Asked())  # and does not wait for what no space will fix
    (alert,) = said(saver, "alert")
    assert alert.startswith(f"NOT SAVED: {where}: ") and "is not finite" in alert
    assert [path.name for path in saver.journal.run.checkpoints_dir.iterdir()] == ["step_00000007"]


def test_the_same_state_is_not_written_twice(saver: Saver, state: TrainState) -> None:
    assert saver.save(state) and saver.save(state)
    assert said(saver, "checkpoint") == ["saved step_00000007"]
    state.best_step, state.best_val = 7, 0.5
    assert saver.save(state)
    assert len(said(saver, "checkpoint")) == 2


def test_a_checkpoint_folder_that_vanished_is_made_again(saver: Saver, state: TrainState) -> None:
    saver.journal.run.checkpoints_dir.rmdir()
    assert saver.save(state)


def test_the_docstring_names_the_files_of_a_checkpoint(saver: Saver, state: TrainState) -> None:
    assert saver.save(state)
    (folder,) = saver.journal.run.checkpoints_dir.iterdir()
    named = set(re.findall(r"`(\w+\.\w+)`", checkpoint.__doc__ or ""))
    assert named == {file.name for file in folder.iterdir()}
    assert json.loads((folder / "trainer.json").read_text()).keys() == {"format", *state.numbers()}
