"""Adapters learn beside frozen weights, resume exactly and are merged for whoever reads; Muon resumes exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.generate.from_run import Generator
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.model.words import TextBatch
from stickgen.runs.store import Run, create_run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors
from stickgen.train.loop import Trainer
from stickgen.train.optim.lora import add_adapters, trained_weights
from stickgen.train.optim.optimizer import MuonWithAdamW

torch.set_num_threads(1)
SMALL: dict[str, Any] = {
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 2,
    "training.batch_size": 4, "training.grad_accum_steps": 2, "training.epochs": 2,
    "training.warmup_epochs": 0, "logging.log_interval": 1, "diffusion.sampling_steps": 1,
}  # fmt: skip


def make(root: Path, data: Path, overrides: dict[str, Any], **identity: Any) -> Run:
    config = TrainingConfig(preset_path("quickstart"), {**SMALL, **overrides})
    return create_run(config, root=root, data_path=str(data), **identity)


def tensors(run: Run, *stems: str) -> dict[str, torch.Tensor]:
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    return {f"{stem}/{k}": v for stem in stems for k, v in read_tensors(checkpoint, stem).items()}


def train_in_parts(run: Run) -> None:
    run.update_identity(max_steps=3)
    assert Trainer(run).train() == 0
    run.update_identity(max_steps=None)
    assert Trainer(run).train() == 0


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Run:
    run = make(tmp_path_factory.mktemp("base"), tiny_dataset, {})
    assert Trainer(run).train() == 0
    return run


def initial(run: Run) -> str:
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    return str(checkpoint.path)


@pytest.mark.parametrize("decay", [0.9, 0.0])
def test_only_adapters_move_and_a_resumed_run_is_the_uninterrupted_one(
    tmp_path: Path, tiny_dataset: Path, base: Run, decay: float
) -> None:
    overrides = {"lora.enabled": True, "lora.rank": 2, "training.ema_decay": decay}
    straight = make(tmp_path, tiny_dataset, overrides, init_from=initial(base))
    parts = make(tmp_path, tiny_dataset, overrides, init_from=initial(base))
    assert Trainer(straight).train() == 0
    train_in_parts(parts)
    one, other = (tensors(run, "model", "ema", "optimizer") for run in (straight, parts))
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name

    before = tensors(base, "ema")
    for name, tensor in before.items():
        assert torch.equal(tensor, one[name.replace("ema/", "model/")]), name  # the base is frozen
    adapters = {name for name in one if name.startswith("model/") and ".lora_" in name}
    assert len(adapters) == 2 * 4 * SMALL["model.num_layers"]
    assert all(one[name].any() for name in adapters)
    assert {n.split("/", 2)[2] for n in one if n.startswith("optimizer/")} == {n[6:] for n in adapters}

    # what others read is a plain model that computes what base and adapters do together
    assert not any(".lora_" in name for name in tensors(straight, "ema"))
    changed = {n for n, tensor in tensors(straight, "ema").items() if not torch.equal(tensor, before[n])}
    assert len(changed) == 4 * SMALL["model.num_layers"]
    if decay == 0.0:
        merged = Generator.of_run(straight).model
        trainer = Trainer(straight)
        poses, text = torch.randn(2, 9, 20), TextBatch(torch.randn(2, 16))
        known, time = torch.ones(2, dtype=torch.bool), torch.rand(2)
        with torch.no_grad():
            ours = trainer.state.model.eval()(poses, None, text, known, time=time).pose
            theirs = merged(poses, None, text, known, time=time).pose
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_adapters_without_weights_to_start_from_are_refused(tmp_path: Path, tiny_dataset: Path) -> None:
    """The reference trains adapters on random weights by default."""
    with pytest.raises(StickgenError, match="none to start from: add --init-from"):
        make(tmp_path, tiny_dataset, {"lora.enabled": True})
    assert list(tmp_path.iterdir()) == []
    run = make(tmp_path, tiny_dataset, {})
    run.config_path.write_bytes(run.config_bytes + b"\nlora:\n  enabled: true\n")
    with pytest.raises(StickgenError, match="none to start from"):
        Trainer(run)


def test_adapters_start_as_nothing_and_merge_to_what_they_compute() -> None:
    torch.manual_seed(0)
    config = TrainingConfig(preset_path("quickstart"), SMALL)
    model = MotionTransformer(ModelConfig.from_training(config)).eval()
    for parameter in model.parameters():
        parameter.data.add_(0.02 * torch.randn_like(parameter))
    inputs = torch.randn(2, 7, 20), None, TextBatch(torch.randn(2, 16)), torch.ones(2, dtype=torch.bool)
    time = torch.rand(2)
    with torch.no_grad():
        plain = model(*inputs, time=time).pose
        weights = {name: value.clone() for name, value in model.state_dict().items()}
        add_adapters(model, rank=3, alpha=6.0)
        assert torch.equal(model(*inputs, time=time).pose, plain)
        assert sum(p.numel() for p in model.parameters() if p.requires_grad) == sum(
            3 * sum(weights[name].shape) for name in trained_weights(model)
        )
        for name, parameter in model.named_parameters():
            if name.endswith("lora_b"):
                parameter.normal_(std=0.1)
        adapted = model(*inputs, time=time).pose
        assert not torch.equal(adapted, plain)
        other = MotionTransformer(model.config).eval()
        other.load_state_dict({**weights, **trained_weights(model)})
        torch.testing.assert_close(other(*inputs, time=time).pose, adapted, atol=1e-5, rtol=1e-4)


def test_muon_moves_the_blocks_and_resumes_exactly(tmp_path: Path, tiny_dataset: Path) -> None:
    straight, parts = (make(tmp_path, tiny_dataset, {"training.optimizer": "muon"}) for _ in range(2))
    trainer = Trainer(straight)
    assert isinstance(trainer.state.optimizer, MuonWithAdamW)
    assert trainer.train() == 0
    train_in_parts(parts)
    one, other = (tensors(run, "model", "ema", "optimizer") for run in (straight, parts))
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name
    with_momentum = {n.split("/", 2)[2] for n in one if n.startswith("optimizer/momentum_buffer/")}
    assert with_momentum == {
        n[6:]
        for n, t in one.items()
        if n.startswith(("model/blocks.", "model/text_in.", "model/condition."))
        and n.endswith(".weight")
        and t.ndim == 2
    }  # fmt: skip
    assert all(
        group["lr"] == trainer.state.optimizer.param_groups[0]["lr"]
        for group in trainer.state.optimizer.param_groups
    )
