"""What is exported loads in a process without stickgen, by the very code of its model card."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.export import program
from stickgen.export.folder import export
from stickgen.model.noise import correlated
from stickgen.model.normalise import Normaliser
from stickgen.model.sampler import Sampling, sample
from stickgen.model.times import sampling_times
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.model.words import TextBatch
from stickgen.record_log import RecordWriter
from stickgen.runs.store import create_run
from stickgen.train.checkpoints.checkpoint import Checkpoint, save_checkpoint

torch.set_num_threads(1)
SMALL = {
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 1,
    "diffusion.sampling_steps": 3, "diffusion.guidance_min_time": 0.0,
}  # fmt: skip


SAMPLING = Sampling(3, 2.5, smoothing=True, cleanup=True)


def trained(
    root: Path, data: Path, denoising: bool = True, words: bool = False, patch_frames: int = 4
) -> tuple[Checkpoint, MotionTransformer, Normaliser]:
    """A run with a checkpoint of weights that do something, without the training."""
    changes = {"diffusion.enabled": denoising, "model.patch_frames": patch_frames}
    config = TrainingConfig(preset_path("quickstart"), {**SMALL, **changes})
    run = create_run(config, root=root, name="made", data_path=str(data))
    torch.manual_seed(0)
    model = MotionTransformer(ModelConfig.from_training(config)).eval()
    for parameter in model.parameters():
        parameter.data.add_(0.02 * torch.randn_like(parameter))
    normaliser = Normaliser(16)
    normaliser.text_std.fill_(0.5)
    normaliser.words_std.fill_(float(words))
    writer = RecordWriter(run.metrics_path)
    for step, loss in ((3, 0.75), (9, 0.125)):
        writer.write({"kind": "val", "step": step, "loss": loss})
    writer.close()
    checkpoint = save_checkpoint(
        run.checkpoints_dir,
        tensors={
            "model": model.state_dict(),
            "ema": model.state_dict(),
            "normaliser": normaliser.state_dict(),
        },  # fmt: skip
        trainer={"step": 5, "defaults": config.defaults},
        config_bytes=run.config_bytes,
    )
    return checkpoint, model, normaliser


def run_card(folder: Path, block: int) -> torch.Tensor:
    """Run a code block of the card, in its folder, in a process for which stickgen does not exist."""
    code = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)[block]
    code = code.replace("\ntext = ", "\ntorch.manual_seed(3)\ntext = ")
    code = f"import sys\nsys.modules['stickgen'] = None\n{code}"
    subprocess.run(
        [sys.executable, "-c", code + "\ntorch.save(motion, 'motion.pt')"],
        cwd=folder,
        check=True,
        timeout=120,
    )
    motion: torch.Tensor = torch.load(folder / "motion.pt")
    return motion


def test_the_cards_code_draws_the_same_motion_without_stickgen(tmp_path: Path, tiny_dataset: Path) -> None:
    checkpoint, model, normaliser = trained(tmp_path, tiny_dataset)
    folder = tmp_path / "out"
    export(checkpoint, folder, ("safetensors",))
    drawn = run_card(folder, 0)
    torch.manual_seed(3)
    text = torch.randn(1, 16)
    ours = sample(model, normaliser, TextBatch(text), 100, sampling=SAMPLING, seed=0)
    assert torch.equal(drawn, ours)
    card = (folder / "README.md").read_text()
    assert "for 5 optimizer steps" in card and "| loss | 0.75 |" in card  # not that of a later step
    assert "- Sources: made" in card and "- Licences: MIT" in card
    assert (folder / "config.yaml").read_bytes() == (checkpoint.path / "config.yaml").read_bytes()
    assert json.loads((folder / "config.json").read_text())["model"]["d_model"] == 32


@pytest.mark.drill  # a minute: the same formats are written and run below
def test_the_step_as_a_program_draws_what_the_sampler_does(tmp_path: Path, tiny_dataset: Path) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    checkpoint, model, normaliser = trained(tmp_path, tiny_dataset)
    subject = export(checkpoint, tmp_path / "out", ("torch", "onnx"))
    assert set(subject.differences) == {"torch.export", "ONNX"}
    assert all(difference < program.TOLERANCE for difference in subject.differences.values())
    torch.manual_seed(3)
    text = torch.randn(1, 16)
    x = correlated(torch.randn(1, 100, 20), model.config.noise_correlation)
    step = program.step_program(model, normaliser, SAMPLING)
    with torch.no_grad():
        times = sampling_times(3, 1.0)
        before, time_before = x, times[0]
        for time, following in zip(times[:-1], times[1:], strict=True):
            x, clean, motion = step(x, text, before, time, time_before, following, torch.tensor(2.5))
            before, time_before = clean, time
    assert not torch.allclose(normaliser.decode(x), motion)  # which is smoothed and cleaned up
    for block in (0, 1):
        torch.testing.assert_close(run_card(tmp_path / "out", block), motion, atol=1e-3, rtol=0)
    assert not (tmp_path / "out" / "model.safetensors").exists()


@pytest.mark.drill
@pytest.mark.parametrize("patch_frames", [1, 4])
def test_the_regressors_step_as_a_program(tmp_path: Path, tiny_dataset: Path, patch_frames: int) -> None:
    checkpoint, _, _ = trained(tmp_path, tiny_dataset, denoising=False, patch_frames=patch_frames)
    subject = export(checkpoint, tmp_path / "out", ("torch",))
    assert subject.differences["torch.export"] < program.TOLERANCE
    assert run_card(tmp_path / "out", 0).shape == (1, {1: 99, 4: 96}[patch_frames], 20)


@pytest.mark.drill
def test_a_model_that_knows_words_takes_them_in_every_format(tmp_path: Path, tiny_dataset: Path) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    checkpoint, model, normaliser = trained(tmp_path, tiny_dataset, words=True)
    folder = tmp_path / "out"
    subject = export(checkpoint, folder, ("safetensors", "torch", "onnx"))
    assert all(difference < program.TOLERANCE for difference in subject.differences.values())
    assert json.loads((folder / "config.json").read_text())["text_tokens"] is True
    torch.manual_seed(3)
    text, words = torch.randn(1, 16), torch.randn(1, 8, 16)
    texts = TextBatch(text, words, torch.ones(1, 8, dtype=torch.bool))
    ours = sample(model, normaliser, texts, 100, sampling=SAMPLING, seed=0)
    torch.testing.assert_close(run_card(folder, 0), ours)
    assert run_card(folder, 1).shape == (1, 100, 20)


def test_a_program_that_computes_something_else_is_not_kept(
    tmp_path: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint, _, _ = trained(tmp_path, tiny_dataset)
    monkeypatch.setattr(program, "TOLERANCE", -1.0)
    with pytest.raises(StickgenError, match="differs from the model"):
        export(checkpoint, tmp_path / "out", ("torch",))
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".out*"))


def test_refusals(tmp_path: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint, _, _ = trained(tmp_path, tiny_dataset)
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("keep")
    with pytest.raises(StickgenError, match="not empty; name a new folder"):
        export(checkpoint, full)
    assert [p.name for p in full.iterdir()] == ["mine.txt"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(StickgenError, match=r'pip install "stickgen\[onnx\]"'):
        export(checkpoint, tmp_path / "out", ("onnx",))
