"""Whole runs: they learn, they end as they say, and a resumed run is the run it would have been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import RunFailedError
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, create_run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors
from stickgen.train.loop import Trainer

torch.set_num_threads(1)
SMALL = {
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 2,
    "model.dropout": 0.1, "training.batch_size": 4, "training.grad_accum_steps": 2, "training.epochs": 3,
    "logging.log_interval": 1,
}  # fmt: skip


def make(root: Path, data: Path, **overrides: object) -> Run:
    config = TrainingConfig(preset_path("quickstart"), {**SMALL, **overrides})  # type: ignore[dict-item]
    return create_run(config, root=root, data_path=str(data), max_steps=None)


def weights(run: Run) -> dict[str, torch.Tensor]:
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    stems = ("model", "ema", "optimizer")
    return {f"{stem}/{k}": v for stem in stems for k, v in read_tensors(checkpoint, stem).items()}


@pytest.mark.parametrize("stop_after", [3, 5])  # in the middle of an epoch, and at an epoch's end
@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_run_equals_the_uninterrupted_one(
    tmp_path: Path, tiny_dataset: Path, stop_after: int, workers: int
) -> None:
    overrides = {"device.num_workers": workers}
    straight = make(tmp_path, tiny_dataset, **overrides)
    assert Trainer(straight).train() == 0
    parts = make(tmp_path, tiny_dataset, **overrides)
    parts.update_identity(max_steps=stop_after)
    assert Trainer(parts).train() == 0
    parts.update_identity(max_steps=None)
    assert Trainer(parts).train() == 0
    one, other = weights(straight), weights(parts)
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name
    steps = [[(r["step"], r["loss"]) for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "train"]
             for run in (straight, parts)]  # fmt: skip
    assert steps[0] == steps[1]


@pytest.mark.parametrize("denoising", [True, False])
def test_it_learns_and_says_so(tmp_path: Path, tiny_dataset: Path, denoising: bool) -> None:
    run = make(
        tmp_path, tiny_dataset,
        **{"diffusion.enabled": denoising, "training.epochs": 12, "training.learning_rate": 0.003},
    )  # fmt: skip
    assert Trainer(run).train() == 0
    validations = [r for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "val"]
    assert validations[-1]["loss"] < validations[0]["loss"]
    assert validations[-1]["loss_pose"] < validations[-1]["mean_pose_loss"]
    events = {r["event"] for r in RecordReader(run.events_path).read_new()}
    assert {"started", "epoch", "sample", "checkpoint", "finished"} <= events
    assert list(run.samples_dir.glob("step_*.json"))


def test_sigterm_stops_with_a_checkpoint_and_a_loss_that_is_not_finite_moves_nothing(
    tmp_path: Path, tiny_dataset: Path
) -> None:
    run = make(tmp_path, tiny_dataset, **{"training.epochs": 10_000, "training.warmup_epochs": 0})
    with subprocess.Popen(
        [sys.executable, "-m", "stickgen.train", run.path], stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 60
        while int(run.heartbeat().get("step", 0)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=60) == 130
    checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    assert checkpoint.step >= 3
    assert skipped == []

    trainer = Trainer(run)
    before = [p.clone() for p in trainer.state.model.parameters()]
    trainer.state.normaliser.std.fill_(float("nan"))
    trainer.identity = {**trainer.identity, "max_steps": 1}
    object.__setattr__(trainer.config.logging, "save_minutes", 0.0)
    trainer.assessment.draw_sample = lambda: None  # type: ignore[method-assign]
    trainer.assessment.validate = lambda *, saves_anyway: False  # type: ignore[method-assign]
    with pytest.raises(RunFailedError, match="no finite loss"):  # for the scale is not finite either
        trainer.train()
    assert newest_checkpoint(run.checkpoints_dir)[0] == checkpoint
    for old, new in zip(before, trainer.state.model.parameters(), strict=True):
        assert torch.equal(old, new)


def test_a_dataset_of_another_width_is_refused_with_the_fix(tmp_path: Path, tiny_dataset: Path) -> None:
    run = make(tmp_path, tiny_dataset, **{"model.embedding_dim": 24})
    result = subprocess.run([sys.executable, "-m", "stickgen.train", run.path], stderr=subprocess.DEVNULL)
    assert result.returncode == 2
    (failed,) = [r for r in RecordReader(run.events_path).read_new() if r["event"] == "failed"]
    assert "16 wide, but model.embedding_dim is 24; use --set model.embedding_dim=16" in failed["message"]
