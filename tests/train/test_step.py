"""A step is the same however its clips are cut: by choice, to save memory, or because memory ran out."""

from __future__ import annotations

import copy
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.model.normalise import Normaliser
from stickgen.model.objective import Batch, Draw, clip_losses
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.model.words import TextBatch
from stickgen.train.optim import step as step_module
from stickgen.train.optim.out_of_memory import MicroBatchLimit
from stickgen.train.optim.profile import Profile
from stickgen.train.optim.step import Learner, StepResult, optimizer_step
from stickgen.train.placement.compiled_blocks import compile_blocks

torch.set_num_threads(1)
CPU = torch.device("cpu")


def clips(count: int = 8, frames: int = 20) -> Batch:
    """Clips of different lengths, padded to `frames`."""
    generator = torch.Generator().manual_seed(0)
    mask = torch.arange(frames) < torch.randint(8, frames + 1, (count, 1), generator=generator)
    motion = torch.randn(count, frames, 20, generator=generator) * 0.1 + 0.4
    actions = torch.randint(0, 64, (count, frames), generator=generator)
    text = torch.randn(count, 8, generator=generator)
    return Batch(motion, mask, actions, text, tuple(range(100, 100 + count)))


def model(dropout: float = 0.0) -> MotionTransformer:
    torch.manual_seed(1)
    made = MotionTransformer(ModelConfig(20, 32, 4, 2, 20, 8, dropout, 64, True))
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return made


def with_words(batch: Batch, words: int) -> Batch:
    """The same clips, each text of so many tokens."""
    generator = torch.Generator().manual_seed(words)
    tokens = torch.randn(len(batch), words, 8, generator=generator)
    return replace(batch, words=tokens, words_mask=torch.ones(len(batch), words, dtype=torch.bool))


def take(
    made: MotionTransformer,
    batches: list[Batch],
    limit: MicroBatchLimit | None = None,
    count: int = 8,
    precision: str = "fp32",
) -> tuple[StepResult, dict[str, Tensor]]:
    """One step of plain SGD with rate 1: the weights move by the gradient."""
    config = TrainingConfig(preset_path("quickstart"), {"training.max_grad_norm": 1e9})
    before = {name: p.detach().clone() for name, p in made.named_parameters()}
    normaliser = Normaliser(8)
    if batches[0].words is not None:
        normaliser.words_std.fill_(1.0)
    learner = Learner(
        made, normaliser, torch.optim.SGD(made.parameters(), lr=1.0), config, CPU, precision,
        limit or MicroBatchLimit(),
    )  # fmt: skip
    result = optimizer_step(learner, batches, step=3, clips=count)
    return result, {name: before[name] - p.detach() for name, p in made.named_parameters()}


def test_noise_of_a_clip_depends_on_neither_its_neighbours_nor_the_padding() -> None:
    whole = clips()
    together = Draw.random(whole, 7, 0.1)
    for row, alone in enumerate(whole.split(1)):
        frames = int(alone.mask.sum())
        short = Batch(
            alone.motion[:, :frames], alone.mask[:, :frames], alone.actions, alone.text, alone.clips
        )
        draw = Draw.random(short, 7, 0.1)
        assert torch.equal(draw.noise[0], together.noise[row, :frames])
        for name in ("time", "text_known", "actions_told"):
            assert torch.equal(getattr(draw, name)[0], getattr(together, name)[row])
    assert not torch.equal(together.time, Draw.random(whole, 8, 0.1).time)


@pytest.mark.parametrize("most", [1, 3, 8])
def test_gradients_do_not_depend_on_the_micro_batch(most: int) -> None:
    whole, gradients = take(model(), [clips()])
    parts, same = take(model(), clips().split(most))
    assert whole.frames == parts.frames
    for name, value in whole.losses.items():
        assert parts.losses[name] == pytest.approx(value, rel=1e-5)
    for name, gradient in gradients.items():
        torch.testing.assert_close(same[name], gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("where", ["forward", "backward"])
def test_out_of_memory_halves_the_micro_batch_and_the_step_is_the_same(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    _, gradients = take(model(), clips().split(4))
    real = clip_losses

    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, x: Tensor) -> Tensor:
            return x.clone()

        @staticmethod
        def backward(ctx: object, g: Tensor) -> Tensor:
            raise torch.OutOfMemoryError("no more")

    def greedy(made: MotionTransformer, normaliser: Normaliser, batch: Batch, *rest: object) -> object:
        losses = real(made, normaliser, batch, *rest)  # type: ignore[arg-type]
        if len(batch) > 1 and 105 in batch.clips:
            if where == "forward":
                raise torch.OutOfMemoryError("no more")
            losses["pose"] = losses["pose"] + 0 * Fails.apply(made.blocks[0].modulation).sum()  # type: ignore[no-untyped-call]
        return losses

    monkeypatch.setattr(step_module, "clip_losses", greedy)
    said: list[tuple[str, int]] = []
    limit = MicroBatchLimit(lambda *words: said.append(words))
    _, same = take(model(), clips().split(4), limit)
    assert limit.clips == 1
    assert [(line[:41], clips) for line, clips in said] == [
        ("out of memory with 4 clips at a time (no ", 2), ("out of memory with 2 clips at a time (no ", 1),
    ]  # fmt: skip
    for name, gradient in gradients.items():
        torch.testing.assert_close(same[name], gradient, rtol=1e-3, atol=1e-5)


def test_a_clip_that_does_not_fit_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object) -> object:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes")

    monkeypatch.setattr(step_module, "clip_losses", greedy)
    with pytest.raises(MemoryError, match="a single clip at a time, at a peak of .* [MG]iB"):
        take(model(), clips().split(4))


def test_another_error_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(step_module, "clip_losses", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        take(model(), [clips()])


REAL_LIMIT = """
import resource, sys
sys.path.insert(0, "tests/train")
import test_step as t
import torch
batches = [t.clips(64, 250)]
t.take(t.model(), [t.clips(1, 250)], count=1)
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 60 * 2**20,) * 2)
said = []
result, _ = t.take(t.model(), batches, t.MicroBatchLimit(lambda *words: said.append(words)), count=64)
print(len(said), result.clips, result.skipped)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
def test_memory_that_really_runs_out() -> None:
    """64 clips in an address space with 60 MiB to spare: torch's own error is known for what it is."""
    done = subprocess.run([sys.executable, "-c", REAL_LIMIT], capture_output=True, text=True, check=True)
    halved, trained, skipped = done.stdout.split()
    assert int(halved) >= 1
    assert (trained, skipped) == ("64", "False")


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_activation_checkpointing_gives_the_same_gradients_to_the_bit(dropout: float) -> None:
    plain, again = model(dropout), model(dropout)
    again.activation_checkpointing = True
    _, gradients = take(plain, clips().split(4))
    _, same = take(again, clips().split(4))
    for name, gradient in gradients.items():
        assert torch.equal(same[name], gradient), name


def test_activation_checkpointing_keeps_less() -> None:
    def kept(made: MotionTransformer) -> int:
        storages: dict[int, int] = {}

        def pack(tensor: Tensor) -> Tensor:
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            batch = clips(8, 200)
            made(batch.motion, batch.mask, TextBatch(batch.text), batch.mask[:, 0], time=torch.rand(8))
        return sum(storages.values())

    plain, again = model(0.1), model(0.1)
    again.activation_checkpointing = True
    assert kept(again) < 0.4 * kept(plain)


@pytest.mark.drill
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("words", [(), (5, 9, 3)])
def test_compiled_blocks_give_the_same_gradients(words: tuple[int, ...], precision: str) -> None:
    """Whatever the number of clips, of frames and of tokens: the first batch is not what all others are compiled for."""
    plain, compiled = model(), model()
    compile_blocks(compiled)
    rtol, atol = (1e-3, 1e-4) if precision == "fp32" else (0.1, 0.05)
    for number, batches in enumerate((clips().split(8), clips().split(3), clips(8, 33).split(4))):
        told = [with_words(batch, words[number]) if words else batch for batch in batches]
        fresh = copy.deepcopy(plain.state_dict())
        _, gradients = take(plain, told, precision=precision)
        _, same = take(compiled, told, precision=precision)
        plain.load_state_dict(fresh)
        compiled.load_state_dict(fresh)
        for name, gradient in gradients.items():
            torch.testing.assert_close(same[name], gradient, rtol=rtol, atol=atol)


def test_a_profile_names_the_parts_and_their_shares() -> None:
    profile = Profile(CPU, exact=True)
    profile.start(4)
    made, config = model(), TrainingConfig(preset_path("quickstart"))
    optimizer = torch.optim.SGD(made.parameters(), lr=0.0)
    learner = Learner(made, Normaliser(8), optimizer, config, CPU, "fp32", profile=profile)
    for step in range(2):
        optimizer_step(learner, clips().split(4), step=step, clips=8)
    assert {"data", "forward", "backward", "optimizer"} == set(profile.seconds)
    said = profile.report(6, gflop=1.0)
    assert said.startswith("2 steps in ")
    for part in (*profile.seconds, "the rest"):
        assert f"{part} " in said
    shares = [float(word.rstrip("%")) for word in said.split() if word.endswith("%")]
    assert sum(shares) == pytest.approx(100, abs=1)
