"""Compiled layers that fail cost a step, not the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.model.transformer import MotionTransformer
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, create_run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors
from stickgen.train.loop import Trainer
from stickgen.train.placement.compiled_blocks import is_of_compiled_code

SETTINGS: dict[str, Any] = {
    "model.embedding_dim": 16, "model.d_model": 16, "model.nhead": 2, "model.num_layers": 1,
    "training.batch_size": 8, "training.grad_accum_steps": 2, "training.epochs": 1,
    "device.precision": "fp32", "logging.sample_minutes": 0.0, "evaluation.every_minutes": 0.0,
}  # fmt: skip
FAILING = """
def failing(block, times):
    left = iter(range(times))
    def call(*inputs):
        if next(left, None) is None:
            raise AssertionError("expected size 16==16, stride 4352==10496 at dim=0\\nand much more")
        return block.forward(*inputs)
    return call
"""


def breaks_after(monkeypatch: pytest.MonkeyPatch, times: int, filename: str) -> None:
    """Compiled blocks that work for so many passes; their code stands in `filename`."""
    made: dict[str, Any] = {}
    exec(compile(FAILING, filename, "exec"), made)

    def compile_blocks(model: MotionTransformer) -> None:
        for block in model.blocks:
            block._compiled_call_impl = made["failing"](block, times)

    monkeypatch.setattr("stickgen.train.launch.is_worth_compiling", lambda *_: True)
    monkeypatch.setattr("stickgen.train.launch.compile_blocks", compile_blocks)


def run_of(root: Path, data: Path, **changed: Any) -> Run:
    return create_run(
        TrainingConfig(preset_path("quickstart"), SETTINGS | changed), root=root, data_path=str(data)
    )


def weights(run: Run) -> dict[str, torch.Tensor]:
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    return read_tensors(checkpoint, "model")


def test_the_step_is_repeated_uncompiled_and_the_run_goes_on(
    tmp_path: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run_of(tmp_path / "a", tiny_dataset, **{"training.compile": "never"})
    Trainer(plain).train()
    breaks_after(monkeypatch, 3, "/venv/lib/torch/_inductor/output_code.py")
    broken = run_of(tmp_path / "b", tiny_dataset)
    assert Trainer(broken).train() == 0
    alerts = [e["message"] for e in RecordReader(broken.events_path).read_new() if e["event"] == "alert"]
    (told,) = [message for message in alerts if "compiled layers failed" in message]
    assert "AssertionError: expected size 16==16, stride 4352==10496 at dim=0)" in told
    assert "without torch.compile" in told and "much more" not in told
    assert broken.identity["compiled"] is False
    for name, tensor in weights(plain).items():
        assert torch.equal(tensor, weights(broken)[name]), name


def test_an_error_of_the_model_itself_is_one(
    tmp_path: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks_after(monkeypatch, 1, "/home/me/stickgen/model/layers.py")
    with pytest.raises(AssertionError) as caught:
        Trainer(run_of(tmp_path, tiny_dataset)).train()
    assert not is_of_compiled_code(caught.value)
