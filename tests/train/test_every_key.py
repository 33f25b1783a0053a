"""Every key does what it says: for each of the schema, changing it changes what it is about.

A key without an entry here fails the test, so that no key can be added that does nothing.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pytest
import torch
from hashing_encoder import HashingEncoder

from stickgen.config import TrainingConfig
from stickgen.config.chosen_dataset import dataset_path
from stickgen.config.loading import ConfigError
from stickgen.config.presets import preset_path
from stickgen.config.schema import KEYS
from stickgen.data.dataset import save_dataset
from stickgen.data.embed import EncodedTexts
from stickgen.errors import RunFailedError, StickgenError
from stickgen.generate.from_run import Generator
from stickgen.generate.request import Request
from stickgen.record_log import RecordReader
from stickgen.runs.notifying import is_wanted
from stickgen.runs.store import Run, create_run
from stickgen.terminal_notice import terminal_notice
from stickgen.train import launch, loop
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.loop import Trainer
from stickgen.train.placement.device import choose_device
from stickgen.train.placement.distributed import Ranks
from stickgen.train.processes.stalled import Late, StallWatch
from stickgen.train.reporting.journal import SilentJournal
from stickgen.train.watch import GoBackError, Watch
from stickgen.watchdog.finding import Action, Finding

torch.set_num_threads(1)
BASE: dict[str, Any] = {
    "model.embedding_dim": 16, "model.d_model": 16, "model.nhead": 2, "model.num_layers": 1,
    "model.dropout": 0.0, "training.batch_size": 8, "training.grad_accum_steps": 2, "training.epochs": 2,
    "training.warmup_epochs": 1, "training.compile": "never", "logging.log_interval": 1,
    "logging.save_interval": 1000, "logging.save_minutes": 0.0, "logging.sample_minutes": 0.0,
    "diffusion.sampling_steps": 2, "device.precision": "fp32", "training.optimizer": "adamw",
}  # fmt: skip


@dataclass
class Outcome:
    """What a run left behind."""

    trainer: Trainer
    train: list[dict[str, Any]]  # metrics
    events: list[dict[str, Any]]
    log: str
    weights: dict[str, torch.Tensor]
    ema: dict[str, torch.Tensor]
    sample: list[list[float]]
    quality: list[dict[str, float]]

    def messages(self, kind: str) -> list[str]:
        return [event["message"] for event in self.events if event["event"] == kind]

    def differs(self, other: Outcome) -> bool:
        """Whether training went another way."""
        return [r["loss"] for r in self.train] != [r["loss"] for r in other.train]


@dataclass
class Workshop:
    """Makes runs of BASE with some keys changed, each only once."""

    root: Path
    data: Path
    outcomes: dict[tuple[tuple[str, Any], ...], Outcome] = field(default_factory=dict)
    seen: set[Effect] = field(default_factory=set)

    @cached_property
    def config(self) -> TrainingConfig:
        """The config of BASE, in a file: so many edits one by one would take longer than a run."""
        config = TrainingConfig(preset_path("quickstart"), BASE)
        (self.root / "base.yaml").write_bytes(config.bytes)
        return config

    def see(self, effect: Effect) -> None:
        """Look at an effect; once that it is there is enough, for all keys that it is of."""
        if effect not in self.seen:
            effect(self)
            self.seen.add(effect)

    def run(self, changed: dict[str, Any], **identity: Any) -> Run:
        assert self.config
        config = TrainingConfig(self.root / "base.yaml", changed)
        return create_run(config, root=self.root, data_path=str(self.data), **identity)

    def train(self, changed: dict[str, Any] | None = None, **identity: Any) -> Outcome:
        key = tuple(sorted({**(changed or {}), **identity}.items()))
        if key not in self.outcomes:
            self.outcomes[key] = self._train(self.run(changed or {}, **identity))
        return self.outcomes[key]

    def _train(self, run: Run) -> Outcome:
        lines: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: lines.append(f"{record.levelname} {record.getMessage()}")  # type: ignore[method-assign]
        logger = logging.getLogger("stickgen")
        logger.addHandler(handler)
        trainer = Trainer(run)
        try:
            assert trainer.train() == 0
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
        checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
        assert checkpoint is not None
        sample = sorted(run.samples_dir.glob("step_*.json"))[-1]
        return Outcome(
            trainer,
            [r for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "train"],
            RecordReader(run.events_path).read_new(),
            "\n".join(lines),
            read_tensors(checkpoint, "model"),
            read_tensors(checkpoint, "ema"),
            json.loads(sample.read_text())["motion"],
            [r for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "quality"],
        )


Effect = Callable[[Workshop], None]
EFFECTS: dict[str, Effect] = {}


def effect(*keys: str) -> Callable[[Effect], Effect]:
    def register(test: Effect) -> Effect:
        for key in keys:
            EFFECTS[key] = test
        return test

    return register


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("runs"), tiny_dataset)


def test_no_key_is_without_an_effect() -> None:
    assert {key.path for key in KEYS} == set(EFFECTS)


@pytest.mark.parametrize("key", [key.path for key in KEYS])
def test_the_key_does_what_it_says(key: str, workshop: Workshop) -> None:
    workshop.see(EFFECTS[key])


# -- model


@effect("model.input_dim", "model.output_dim")
def _only_twenty(shop: Workshop) -> None:
    for name in ("model.input_dim", "model.output_dim"):
        with pytest.raises(ConfigError, match="must be 20"):
            TrainingConfig(preset_path("quickstart"), {name: 22})


@effect("model.d_model")
def _width(shop: Workshop) -> None:
    assert shop.train({"model.d_model": 24}).weights["pose_in.weight"].shape == (24, 6 * 20)


@effect("model.patch_frames")
def _patches(shop: Workshop) -> None:
    one = shop.train({"model.patch_frames": 1})
    assert one.weights["pose_in.weight"].shape == (16, 20)
    assert one.differs(shop.train())


@effect("model.clip_timing")
def _place_in_the_clip(shop: Workshop) -> None:
    without = shop.train({"model.clip_timing": False})
    assert shop.train().weights["timing.weight"].shape == (16, 64)
    assert "timing.weight" not in without.weights


@effect("model.text_tokens")
def _tokens(shop: Workshop) -> None:
    content = torch.load(shop.data, weights_only=True)
    texts, width = content["embeddings"].shape
    content["word_embeddings"] = torch.randn(
        3 * texts, width, generator=torch.Generator().manual_seed(1)
    ).half()
    content["word_offsets"] = torch.arange(0, 3 * texts + 1, 3)
    told = Workshop(shop.root, shop.root / "told.pt")
    save_dataset(told.data, content)
    with_tokens, without = told.train(), told.train({"model.text_tokens": False})
    assert with_tokens.trainer.state.normaliser.knows_words
    assert not without.trainer.state.normaliser.knows_words
    assert with_tokens.differs(without)


@effect("model.nhead")
def _heads(shop: Workshop) -> None:
    other = shop.train({"model.nhead": 4})
    assert other.trainer.state.model.blocks[0].attention.nhead == 4  # type: ignore[union-attr]
    assert other.differs(shop.train())


@effect("model.num_layers")
def _layers(shop: Workshop) -> None:
    assert len(shop.train({"model.num_layers": 2}).trainer.state.model.blocks) == 2


@effect("model.embedding_dim")
def _text_width(shop: Workshop) -> None:
    with pytest.raises(StickgenError, match="16 wide, but model.embedding_dim is 24"):
        Trainer(shop.run({"model.embedding_dim": 24}))


@effect("model.dropout")
def _dropout(shop: Workshop) -> None:
    dropped, whole = shop.train({"model.dropout": 0.5}), shop.train()
    assert dropped.differs(whole)
    assert dropped.trainer.state.model.blocks[0].dropout == 0.5


@effect("model.num_actions")
def _actions(shop: Workshop) -> None:
    assert shop.train({"model.num_actions": 5}).weights["action_out.weight"].shape[0] == 5
    with pytest.raises(StickgenError, match="action number 4, but model.num_actions is 3"):
        Trainer(shop.run({"model.num_actions": 3}))


# -- training


@effect("training.batch_size")
def _batch(shop: Workshop) -> None:
    for size in (2, 8):
        trainer = Trainer(shop.run({"training.batch_size": size}))
        assert max(len(micro) for step in trainer.plan(0) for micro in step) == size


@effect("training.grad_accum_steps")
def _accumulation(shop: Workshop) -> None:
    one, two = Trainer(shop.run({"training.grad_accum_steps": 1})), shop.train().trainer
    assert one.config.effective_batch == 8 and one.steps_per_epoch > two.steps_per_epoch


@effect("training.epochs")
def _epochs(shop: Workshop) -> None:
    assert shop.train({"training.epochs": 3}).trainer.state.step == 3 * shop.train().trainer.steps_per_epoch


@effect("training.learning_rate")
def _rate(shop: Workshop) -> None:
    steps = shop.train().trainer.steps_per_epoch
    assert shop.train({"training.learning_rate": 0.5}).train[steps - 1]["lr"] == pytest.approx(0.5)


@effect("training.warmup_epochs")
def _warmup(shop: Workshop) -> None:
    warm, cold = shop.train(), shop.train({"training.warmup_epochs": 0})
    assert warm.train[0]["lr"] < cold.train[0]["lr"] == cold.trainer.config.training.learning_rate


@effect("training.max_grad_norm")
def _clip(shop: Workshop) -> None:
    held = shop.train({"training.max_grad_norm": 1e-12, "training.weight_decay": 0.0})
    fresh = Trainer(shop.run({})).state.model.state_dict()
    moved = max(float((held.weights[name] - fresh[name]).abs().max()) for name in fresh)
    assert moved < 1e-5 < max(float((shop.train().weights[n] - fresh[n]).abs().max()) for n in fresh)


@effect("training.schedule", "training.min_lr_ratio")
def _schedule(shop: Workshop) -> None:
    peak = shop.train().trainer.config.training.learning_rate
    assert shop.train({"training.min_lr_ratio": 0.5}).train[-1]["lr"] == pytest.approx(0.5 * peak)
    assert shop.train({"training.schedule": "constant"}).train[-1]["lr"] == pytest.approx(peak)
    line = shop.train({"training.schedule": "linear", "training.epochs": 3})
    assert [r["lr"] for r in line.train] != [r["lr"] for r in shop.train({"training.epochs": 3}).train]


@effect("training.optimizer")
def _optimizer(shop: Workshop) -> None:
    other = shop.train({"training.optimizer": "muon"})
    assert type(other.trainer.state.optimizer).__name__ == "MuonWithAdamW"
    assert other.differs(shop.train())


@effect("training.weight_decay", "training.beta1", "training.beta2")
def _adam(shop: Workshop) -> None:
    for change in ({"training.weight_decay": 5.0}, {"training.beta1": 0.5}, {"training.beta2": 0.5}):
        assert shop.train(change).differs(shop.train()), change


@effect("training.ema_decay")
def _average(shop: Workshop) -> None:
    off, on = shop.train({"training.ema_decay": 0.0}), shop.train()
    assert all(torch.equal(off.ema[name], off.weights[name]) for name in off.weights)
    assert not all(torch.equal(on.ema[name], on.weights[name]) for name in on.weights)


@effect("training.val_fraction")
def _held_out(shop: Workshop) -> None:
    assert len(shop.train({"training.val_fraction": 0.4}).trainer.clips.held_out) > len(
        shop.train().trainer.clips.held_out
    )


@effect("training.seed")
def _seed(shop: Workshop) -> None:
    assert shop.train({"training.seed": 7}).differs(shop.train())


@effect("training.max_minutes")
def _minutes(shop: Workshop) -> None:
    (message,) = shop.train({"training.max_minutes": 1e-9}).messages("early")
    assert message.startswith("reached training.max_minutes")


@effect("training.schedule_until")
def _end_of_schedule(shop: Workshop) -> None:
    """test_schedule_clock.py follows it through launches; here, a launch of two steps has all of it behind it."""
    ended = shop.train({"training.schedule_until": "launch"}, max_steps=2)
    assert ended.trainer.state.schedule_share == 1
    epochs = shop.train({"training.schedule_until": "epochs"}, max_steps=2)
    assert epochs.trainer.state.schedule_share == 0


@effect("training.stage", "data.train_data", "data.curated_pretrain_data", "data.curated_sft_data")
def _data(shop: Workshop) -> None:
    files = {"data.train_data": "a", "data.curated_pretrain_data": "b", "data.curated_sft_data": "c"}
    for stage, name in (("", "a"), ("pretrain", "b"), ("sft", "c")):
        config = TrainingConfig(preset_path("quickstart"), {**files, "training.stage": stage})
        assert dataset_path(config.get).name == name


@effect("training.activation_checkpointing")
def _recompute(shop: Workshop) -> None:
    """It is the same training; that it takes less memory is measured by benchmarks."""
    other = shop.train({"training.activation_checkpointing": True})
    assert other.trainer.state.model.activation_checkpointing
    for ours, theirs in zip(other.train, shop.train().train, strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-4)


@effect("training.compile")
def _compile(shop: Workshop) -> None:
    asked: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "compile_blocks", lambda model: asked.append("compiled"))
        patch.setattr("stickgen.planner.arithmetic.compiling.can_compile", lambda where: True)
        Trainer(shop.run({"training.compile": "never"}))
        assert asked == []
        Trainer(shop.run({"training.compile": "always"}))
        assert asked == ["compiled"]


@effect("device.sharding")
def _sharding(shop: Workshop) -> None:
    """That two processes with it train what one does is in test_distributed.py."""
    asked: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainState, "shard", lambda state, device, processes: asked.append(processes))
        Trainer(shop.run({"device.sharding": "fsdp"}))
        assert asked == []  # one process has nothing to share
        patch.setattr(Ranks, "join", classmethod(lambda cls, device: cls(0, 2, device)))
        patch.setattr(Ranks, "from_first", lambda ranks, value: value)
        Trainer(shop.run({"device.sharding": "none"}))
        assert asked == []
        Trainer(shop.run({"device.sharding": "fsdp"}))
        assert asked == [2]


# -- loss


@effect("loss_weights.temporal", "loss_weights.action", "loss_weights.physics", "loss_weights.diffusion")
def _loss_weights(shop: Workshop) -> None:
    """The total is the weighted sum, and a weight changes it by the term."""
    names = ("temporal", "action", "physics", "diffusion")
    for changed in (None, {f"loss_weights.{name}": 1.0 + place for place, name in enumerate(names)}):
        outcome = shop.train(changed)
        weights = outcome.trainer.config.loss_weights
        for record in outcome.train:
            total = record["loss_pose"] + sum(weights[name] * record[f"loss_{name}"] for name in names)
            assert record["loss"] == pytest.approx(total, rel=1e-4)
            assert all(record[f"loss_{name}"] > 0 for name in names)


# -- diffusion


@effect("diffusion.enabled")
def _objective(shop: Workshop) -> None:
    other = shop.train({"diffusion.enabled": False})
    assert other.trainer.state.model.clock is None
    assert {r["loss_diffusion"] for r in other.train} == {0.0}


@effect(
    "diffusion.sampling_steps",
    "diffusion.guidance_scale",
    "diffusion.guidance_min_time",
    "diffusion.smoothing",
    "diffusion.cleanup",
)
def _sampling(shop: Workshop) -> None:
    for change in (
        {"diffusion.sampling_steps": 4}, {"diffusion.guidance_scale": 1.0}, {"diffusion.guidance_min_time": 1.0},
        {"diffusion.smoothing": False}, {"diffusion.cleanup": False},
    ):  # fmt: skip
        other = shop.train(change)
        assert not other.differs(shop.train())
        assert other.sample != shop.train().sample, change


@effect("diffusion.contrast_scale")
def _opposites(shop: Workshop) -> None:
    generator = Generator.of_run(shop.train().trainer.run)
    text = torch.ones(1, generator.config.model.embedding_dim)
    texts = EncodedTexts(text, [], EncodedTexts(-text, []))
    request = Request(("a text",), seconds=(0.8,))
    steered = generator.draw(request, lambda asked: texts)
    object.__setattr__(generator.config.diffusion, "contrast_scale", 0.0)
    assert generator.draw(request, lambda asked: texts) != steered


@effect(
    "diffusion.time_shift", "diffusion.noise_correlation", "diffusion.relative_loss", "diffusion.physics_fade",
)  # fmt: skip
def _emphasis(shop: Workshop) -> None:
    for change in (
        {"diffusion.time_shift": 2.0}, {"diffusion.noise_correlation": 0.0},
        {"diffusion.relative_loss": 0.0}, {"diffusion.physics_fade": 0.0},
    ):  # fmt: skip
        assert shop.train(change).differs(shop.train()), change


@effect("diffusion.condition_dropout")
def _hidden_texts(shop: Workshop) -> None:
    assert shop.train({"diffusion.condition_dropout": 1.0}).differs(shop.train())


# -- lora


@effect("lora.enabled", "lora.rank", "lora.alpha")
def _adapters(shop: Workshop) -> None:
    checkpoint, _ = newest_checkpoint(shop.train().trainer.run.checkpoints_dir)
    assert checkpoint is not None
    one = shop.train({"lora.enabled": True, "lora.rank": 3}, init_from=str(checkpoint.path))
    other = shop.train(
        {"lora.enabled": True, "lora.rank": 3, "lora.alpha": 64.0}, init_from=str(checkpoint.path)
    )
    assert one.weights["blocks.0.attention.qkv.lora_a"].shape[0] == 3
    assert torch.equal(one.weights["pose_in.weight"], shop.train().ema["pose_in.weight"])
    assert one.differs(other)


# -- data and device


@effect("data.max_frames")
def _window(shop: Workshop) -> None:
    assert max(shop.train({"data.max_frames": 10}).trainer.clips.train.lengths) == 10


@effect("data.encoder")
def _encoder(shop: Workshop) -> None:
    from click.testing import CliRunner

    from stickgen.cli.generate import command

    run = shop.train({"data.encoder": "somebody/encoder"}).trainer.run
    asked: list[str] = []

    def load(name: str) -> Any:
        asked.append(name)
        raise StickgenError("not here")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stickgen.api.load_encoder", load)
        answer = CliRunner().invoke(command, [str(run.path), "a text", "-o", "x.gif"])
        assert not asked and "somebody/encoder" in str(answer.exception)  # a run alone decides no code
        CliRunner().invoke(command, [str(run.path), "a text", "-o", "x.gif", "--encoder", "somebody/encoder"])
    assert asked == ["somebody/encoder"]


@effect("device.type")
def _device(shop: Workshop) -> None:
    assert shop.train({"device.type": "cpu"}).trainer.device.type == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(StickgenError, match=r"device\.type is cuda, but torch sees none"):
            choose_device("cuda")


@effect("device.num_workers", "device.pin_memory")
def _loader(shop: Workshop) -> None:
    trainer = Trainer(shop.run({"device.num_workers": 3, "device.pin_memory": True, "device.type": "auto"}))
    asked: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "load_batches", lambda *_, **options: asked.update(options) or iter(()))
        trainer.load([], 0)
        assert asked["num_workers"] == 3 and asked["pin_memory"] is (trainer.device.type == "cuda")
        trainer.device = torch.device("cuda")
        trainer.load([], 0)
        assert asked["pin_memory"] is True
        object.__setattr__(trainer.config.device, "pin_memory", False)
        trainer.load([], 0)
        assert asked["pin_memory"] is False


@effect("device.precision")
def _precision(shop: Workshop) -> None:
    other = shop.train({"device.precision": "bf16"})
    assert other.trainer.run.identity["precision"] == "bf16"
    assert other.differs(shop.train())
    assert {tensor.dtype for tensor in other.weights.values()} == {torch.float32}


# -- logging


@effect("logging.level")
def _level(shop: Workshop) -> None:
    usual, debug = shop.train().log, shop.train({"logging.level": "DEBUG"}).log
    warning = shop.train({"logging.level": "WARNING"})
    assert "INFO started" in usual and "DEBUG" not in usual
    assert "DEBUG step 1: loss" in debug and "INFO started" in debug
    assert "INFO" not in warning.log and warning.messages("started")  # the events are all there


@effect("logging.log_interval")
def _log_interval(shop: Workshop) -> None:
    steps = [r["step"] for r in shop.train({"logging.log_interval": 2, "training.epochs": 3}).train]
    assert steps == [1, *range(2, shop.train({"training.epochs": 3}).trainer.state.step + 1, 2)]


@effect("logging.save_interval")
def _save_interval(shop: Workshop) -> None:
    each = shop.train({"logging.save_interval": 1, "training.epochs": 3})
    assert (
        len(each.messages("checkpoint")) == 3 > len(shop.train({"training.epochs": 3}).messages("checkpoint"))
    )


@effect("logging.save_minutes")
def _save_minutes(shop: Workshop) -> None:
    often = shop.train({"logging.save_minutes": 1e-6})
    assert len(often.messages("checkpoint")) > len(shop.train().messages("checkpoint"))


@effect("logging.sample_minutes")
def _sample_minutes(shop: Workshop) -> None:
    often = shop.train({"logging.sample_minutes": 1e-6})
    assert len(often.messages("sample")) > len(shop.train().messages("sample"))


@effect("logging.tracker")
def _tracker(shop: Workshop) -> None:
    pytest.importorskip("tensorboardX")
    assert shop.run({"logging.tracker": "tensorboard"}).identity["tracker"] == "tensorboard"
    assert shop.run({}).identity["tracker"] is None


# -- evaluation


@pytest.fixture(autouse=True)
def any_text_can_be_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen numbers that follow from the text: the data of these tests knows no encoder of its width."""
    monkeypatch.setattr("stickgen.train.measuring.quality.load_encoder", lambda name: HashingEncoder())


@effect("evaluation.every_minutes", "evaluation.time_share", "evaluation.prompts")
def _evaluated(shop: Workshop) -> None:
    often = {
        "evaluation.every_minutes": 1e-6, "evaluation.time_share": 0.9, "evaluation.prompts": 4,
        "diffusion.sampling_steps": 1,  # or a few steps of training are too few for their share
    }  # fmt: skip
    one = shop.train(often)
    assert not one.differs(shop.train())  # nothing of it reaches the training
    assert one.quality and {"quality_contrast", "quality_skate_ratio"} <= one.quality[0].keys()
    assert one.messages("quality")
    assert shop.train({**often, "evaluation.every_minutes": 0.0}).quality == []
    assert shop.train({**often, "evaluation.time_share": 1e-9}).quality == []
    more = shop.train({**often, "evaluation.prompts": 6})
    texts = [outcome.trainer.assessment.quality.texts for outcome in (one, more)]
    assert 4 <= len(texts[0]) < len(texts[1])


@effect("evaluation.best_by")
def _best_by_contrast(shop: Workshop) -> None:
    often = {"evaluation.every_minutes": 1e-6, "evaluation.time_share": 0.9, "evaluation.prompts": 4}
    by_contrast = shop.train({**often, "evaluation.best_by": "contrast"})
    assert -by_contrast.trainer.state.best_val == max(r["quality_contrast"] for r in by_contrast.quality)


# -- watchdog


def _watched(shop: Workshop, records: list[dict[str, Any]], **keys: Any) -> str:
    """What the trainer is to do after it saw these records, by the action; empty if nothing."""
    changed = {f"watchdog.{name}": value for name, value in keys.items()}
    watch = Watch(shop.config.changed(changed), SilentJournal(Run(shop.root), 1), checkpoint_bytes=2**20)
    told: list[str] = []
    watch.journal.event = lambda kind, message, **facts: told.append(facts["rule"])  # type: ignore[method-assign]
    for record in records:
        watch._show(record)
    return str(watch.wanted[0]) if watch.wanted else "alert" if told else ""


def _steps(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [
        {"kind": "train", "step": at, "time": 60.0 * at, "grad_norm": 1.0, "loss": 1.0, **fields}
        for at in range(count)
    ]


@effect("watchdog.non_finite", "watchdog.non_finite_steps")
def _bad_steps(shop: Workshop) -> None:
    for action in ("alert", "stop", "rollback"):
        assert _watched(shop, _steps(20, loss=None), non_finite=action) == action
    assert _watched(shop, _steps(20, loss=None), non_finite_steps=21) == ""


@effect("watchdog.divergence")
def _divergence(shop: Workshop) -> None:
    for action in ("off", "alert", "stop", "rollback"):
        exploded = [*_steps(20), *_steps(99, loss=50.0)]
        assert _watched(shop, exploded, divergence=action) == action.replace("off", "")


@effect("watchdog.max_rollbacks", "watchdog.rollback_learning_rate")
def _rollbacks(shop: Workshop) -> None:
    """That a run goes back and ends as it should is in test_rollback.py."""
    trainer = Trainer(shop.run({"watchdog.max_rollbacks": 1, "watchdog.rollback_learning_rate": 0.25}))
    trainer.watch.wanted = Action.ROLLBACK, Finding("non_finite", "bad steps")
    with pytest.raises(GoBackError) as wish:
        trainer.obey()
    before = trainer.set_learning_rate()
    trainer.go_back(wish.value)
    assert trainer.set_learning_rate() == pytest.approx(before / 4)
    trainer.watch.wanted = Action.ROLLBACK, Finding("non_finite", "bad steps")
    with pytest.raises(RunFailedError, match="bad steps, after 1 rollback"):
        trainer.obey()


@effect("watchdog.plateau", "watchdog.plateau_patience")
def _plateau(shop: Workshop) -> None:
    still = [{"kind": "val", "step": at, "loss": 1.0} for at in range(30)]
    assert _watched(shop, still) == "alert"
    assert _watched(shop, still, plateau="off") == ""
    assert _watched(shop, still, plateau_patience=40) == ""


@effect(
    "watchdog.early_stop", "watchdog.early_stop_figure", "watchdog.early_stop_patience",
    "watchdog.early_stop_min_delta",
)  # fmt: skip
def _early_stop(shop: Workshop) -> None:
    slow = [{"kind": "val", "step": at, "loss": 1 - at / 100, "action_accuracy": 0.5} for at in range(12)]
    assert _watched(shop, slow, plateau="off") == ""
    assert _watched(shop, slow, early_stop="stop") == ""
    assert _watched(shop, slow, early_stop="stop", early_stop_figure="action_accuracy") == "stop"
    assert _watched(shop, slow, early_stop="alert", early_stop_figure="action_accuracy") == "alert"
    assert _watched(shop, slow, early_stop="stop", early_stop_min_delta=0.5) == "stop"
    assert _watched(shop, slow, early_stop="stop", early_stop_min_delta=0.5, early_stop_patience=20) == ""


@effect("watchdog.memory", "watchdog.disk", "watchdog.starving")
def _resources(shop: Workshop) -> None:
    for rule, fields in (
        ("memory", {"rss_bytes": 2**30, "ram_free_bytes": 1}),
        ("disk", {"disk_free_bytes": 1}),
        ("starving", {"seconds_covered": 1.0, "seconds_by_part": [0.9, 0.1]}),
    ):
        for action in ("off", "alert", "stop")[: 2 if rule == "starving" else 3]:
            assert _watched(shop, _steps(40, **fields), **{rule: action}) == action.replace("off", "")


@effect("watchdog.stalled", "watchdog.stalled_minutes")
def _stalled(shop: Workshop) -> None:
    """The rule is in test_stalled.py, and what becomes of the processes in test_distributed.py."""
    ended: dict[str, float] = {}
    for action, minutes in (("stop", 1.0), ("restart", 2.0), ("alert", 1.0)):
        seconds = itertools.count()
        run = shop.run({"watchdog.stalled": action, "watchdog.stalled_minutes": minutes})
        watch = StallWatch(
            run, None, [1], clock=partial(next, seconds), look_at=lambda rank, pid: Late(rank, pid, None)
        )
        found = [(at, stall) for at in range(4000) if (stall := watch.look()) is not None]
        assert {str(stall.action) for _, stall in found} == {"alert", action}
        ended[action] = next((at for at, stall in found if stall.action == action), 0)
    assert ended["restart"] > ended["stop"]


@effect("notify.terminal", "notify.desktop", "notify.webhook")
def _notify(shop: Workshop) -> None:
    """That each is told is in test_notifying.py."""
    for change in ({"notify.desktop": True}, {"notify.webhook": "http://127.0.0.1:1"}):
        assert is_wanted(shop.run(change)) and not is_wanted(shop.run({}))
    assert terminal_notice(shop.run({"notify.terminal": "bell"}).config().notify.terminal, "", "", {}) == "\a"
