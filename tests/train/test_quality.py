"""The evaluation beside the training: on a schedule, with seeds of its own, and out of the way of everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hashing_encoder import HashingEncoder

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.data.embed import EncoderUnavailableError
from stickgen.evaluate.light import light_evaluation
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, create_run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors
from stickgen.train.loop import Trainer
from stickgen.train.measuring.quality import Quality

SETTINGS: dict[str, Any] = {
    "model.embedding_dim": 16, "model.d_model": 16, "model.nhead": 2, "model.num_layers": 1,
    "training.batch_size": 8, "training.grad_accum_steps": 2, "training.epochs": 2, "training.compile": "never",
    "diffusion.sampling_steps": 2, "device.precision": "fp32", "logging.sample_minutes": 0.0,
    "evaluation.every_minutes": 1e-6, "evaluation.time_share": 0.9, "evaluation.prompts": 4,
}  # fmt: skip


@pytest.fixture(autouse=True)
def any_text_can_be_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stickgen.train.measuring.quality.load_encoder", lambda name: HashingEncoder())


def new_run(root: Path, data: Path, **changed: Any) -> Run:
    config = TrainingConfig(preset_path("quickstart"), {**SETTINGS, **changed})
    return create_run(config, root=root, data_path=str(data))


def records(run: Run, kind: str) -> list[dict[str, Any]]:
    return [r for r in RecordReader(run.metrics_path).read_new() if r["kind"] == kind]


def events(run: Run, kind: str) -> list[str]:
    return [e["message"] for e in RecordReader(run.events_path).read_new() if e["event"] == kind]


def weights(run: Run) -> dict[str, torch.Tensor]:
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    return read_tensors(checkpoint, "model")


def test_a_resumed_run_is_evaluated_on_and_is_the_run_that_nobody_evaluated(
    tmp_path: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # by its clock, a machine that is slow at the first steps would put it off beyond them
    monkeypatch.setattr(Quality, "due", lambda self: bool(self.config.evaluation.every_minutes))
    plain = new_run(tmp_path / "a", tiny_dataset, **{"evaluation.every_minutes": 0.0})
    Trainer(plain).train()
    cut = new_run(tmp_path / "b", tiny_dataset)
    cut.update_identity(max_steps=3)
    Trainer(cut).train()
    before = len(records(cut, "quality"))
    cut.update_identity(max_steps=None)
    Trainer(cut).train()
    assert records(plain, "quality") == []
    assert len(records(cut, "quality")) > before >= 1
    assert {r["step"] for r in records(cut, "quality")} & {4, 5, 6}
    for name, tensor in weights(plain).items():
        assert torch.equal(tensor, weights(cut)[name]), name


def test_a_stop_is_obeyed_within_an_evaluation(
    tmp_path: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(tmp_path, tiny_dataset)
    trainer = Trainer(run)

    def load(name: str) -> HashingEncoder:
        trainer.asked.stop = True  # somebody asks while the texts are embedded
        return HashingEncoder()

    monkeypatch.setattr("stickgen.train.measuring.quality.load_encoder", load)
    assert trainer.train() == 130
    assert records(run, "quality") == []
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and checkpoint.step == trainer.state.step > 0


def test_an_encoder_that_is_not_there_is_said_once_and_stops_nothing(
    tmp_path: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(name: str) -> HashingEncoder:
        raise EncoderUnavailableError(f"the text encoder {name} is not here")

    monkeypatch.setattr("stickgen.train.measuring.quality.load_encoder", load)
    run = new_run(tmp_path, tiny_dataset)
    assert Trainer(run).train() == 0
    assert events(run, "quality") == ["the motion is not evaluated: the text encoder offline is not here"]


def test_the_best_by_contrast_is_saved_and_kept_over_a_resume(tmp_path: Path, tiny_dataset: Path) -> None:
    run = new_run(tmp_path, tiny_dataset, **{"evaluation.best_by": "contrast", "training.epochs": 3})
    run.update_identity(max_steps=5)
    first = Trainer(run)
    first.train()
    best = -first.state.best_val
    assert best == max(r["quality_contrast"] for r in records(run, "quality"))
    assert (run.checkpoints_dir / f"step_{first.state.best_step:08d}").is_dir()
    run.update_identity(max_steps=None)
    assert -Trainer(run).state.best_val == best


def test_an_evaluation_waits_for_its_share_of_the_time(
    tmp_path: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(new_run(tmp_path, tiny_dataset, **{"evaluation.time_share": 0.1}))
    quality, now = trainer.assessment.quality, [0.0]
    monkeypatch.setattr("stickgen.train.measuring.quality.time.monotonic", lambda: now[0])
    quality.began, quality._took = 0.0, 30.0
    now[0] = 299.0
    assert not quality.due()
    now[0] = 301.0
    assert quality.due()
    trainer.journal.record_step_time(100.0)  # a step so slow that the next evaluation would take minutes
    assert not quality.due()
    trainer.saver.close()


@pytest.mark.drill
def test_real_motion_is_recognised_and_obeys(tmp_path: Path) -> None:
    """A model that answers with real clips of the action is recognised; one that answers with a wave is not."""
    from stickgen.data.dataset import pack, save_dataset
    from stickgen.data.synthetic import synthesize

    actions = ["jump", "wave", "squat", "walk"]
    file = save_dataset(tmp_path / "data.pt", pack(list(synthesize(400, seed=1, actions=actions))))
    light = light_evaluation(file, max_frames=100, val_fraction=0.1, count=24)
    assert {asked.action for asked in light.asked} == set(actions)
    shown: dict[str, torch.Tensor] = {}
    for clip in range(file.clips):
        labels = set(file.actions(clip).tolist())
        if len(labels) == 1 and file.lengths[clip] <= 100:
            shown.setdefault(file.action_names[labels.pop()], file.motion(clip))
    by_text = {asked.text: asked.action for asked in light.asked}

    def real(texts: list[str], frames: list[int], seed: int) -> list[torch.Tensor]:
        return [shown[by_text.get(text, "wave")] for text in texts]

    def waving(texts: list[str], frames: list[int], seed: int) -> list[torch.Tensor]:
        return [shown["wave"] for _ in texts]

    accuracy = light.measure(real).action_accuracy
    assert accuracy is not None and accuracy >= 0.9
    poor = light.measure(waving).action_accuracy
    assert poor is not None and poor <= 0.3
