"""Planner and trainer decide alike: every preset on every kind of machine, the one by facts, the other by torch."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import TIERS, preset_names, preset_path
from stickgen.config.rules import Site
from stickgen.config.schema import KEY_BY_PATH
from stickgen.datasets.facts import DatasetFacts
from stickgen.hardware import cpu
from stickgen.hardware.machine import Gpu, Machine
from stickgen.model.normalise import Normaliser
from stickgen.motion.skeleton import MAX_FRAMES
from stickgen.planner.arithmetic.workload import workload_of
from stickgen.planner.decisions.batch_shapes import frames_at_once
from stickgen.planner.decisions.checkpoints import checkpoint_bytes
from stickgen.planner.decisions.placement import device_of, precision_of
from stickgen.planner.estimate import estimate
from stickgen.planner.site import site_of
from stickgen.train.batching.plan import plan_epoch
from stickgen.train.checkpoints.saver import size_bytes
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.placement import device as trainer

GIB = 2**30
PRESETS = [*preset_names(), *(f"tiers/{tier.name}" for tier in TIERS)]


@dataclass(frozen=True)
class Fake:
    """A machine, as /proc/cpuinfo or sysctl, torch and psutil would show it."""

    title: str
    cpuinfo: str = ""  # empty: macOS
    apple_bf16: str = "0"  # what sysctl says of FEAT_BF16
    ram_gib: int = 16
    vram_gib: int = 0
    gpu_bf16: bool = False
    mps: bool = False


X86 = "model name : a CPU\nflags : fpu avx2 {}\n\nmodel name : a CPU\n"
ARM = "processor : 0\nFeatures : fp asimd {}\nCPU part : 0xd4f\n"
FAKES = [
    Fake("x86 without bf16", X86.format("avx512f")),
    Fake("x86 with avx512_bf16", X86.format("avx512_bf16")),
    Fake("x86 with amx_bf16, large RAM", X86.format("amx_bf16"), ram_gib=512),
    Fake("x86 with small RAM", X86.format(""), ram_gib=4),
    Fake("ARM without bf16", ARM.format("asimdhp")),
    Fake("ARM with bf16", ARM.format("i8mm bf16")),
    Fake("an old GPU of 4 GB", X86.format(""), vram_gib=4),
    Fake("a GPU of 8 GB", X86.format("avx512_bf16"), vram_gib=8, gpu_bf16=True),
    Fake("a GPU of 80 GB", X86.format(""), ram_gib=128, vram_gib=80, gpu_bf16=True),
    Fake("a GPU beside ARM", ARM.format("bf16"), vram_gib=16, gpu_bf16=True),
    Fake("macOS without bf16", mps=True),
    Fake("macOS with bf16", apple_bf16="1", mps=True),
    Fake("macOS without torch's mps", apple_bf16="1"),
]


@pytest.fixture(params=FAKES, ids=lambda fake: fake.title)
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """One of the machines: what the planner is told of it. The trainer's torch sees the same."""
    fake: Fake = request.param
    (tmp_path / "cpuinfo").write_text(fake.cpuinfo)
    if fake.cpuinfo:
        monkeypatch.setattr(cpu, "sys", SimpleNamespace(platform="linux"))
    else:
        monkeypatch.setattr(cpu, "sys", SimpleNamespace(platform="darwin"))
        said = SimpleNamespace(run=lambda *_, **__: SimpleNamespace(stdout=fake.apple_bf16 + "\n"))
        monkeypatch.setattr(cpu, "subprocess", said)
        said.TimeoutExpired = subprocess.TimeoutExpired
    monkeypatch.setattr(trainer, "read_cpu", lambda: cpu.read_cpu(tmp_path))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: fake.vram_gib > 0)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: fake.gpu_bf16)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: fake.mps)
    vram = fake.vram_gib * GIB
    return Machine(
        ram_total_bytes=fake.ram_gib * GIB, ram_available_bytes=fake.ram_gib * GIB // 2, cgroup_limit_bytes=None,
        cores_logical=8, cores_physical=4, cores_usable=8, cpu_name="a CPU", cpu_bf16=cpu.read_cpu(tmp_path).bf16,
        gpus=(Gpu(0, "a GPU", vram, vram, fake.gpu_bf16),) if vram else (), mps=fake.mps, torch_version="2",
    )  # fmt: skip


def facts(frames: int, clips: int = 300) -> DatasetFacts:
    return DatasetFacts(
        clips, clips * frames, float(frames), frames, clips - 20, 20, 1, 1, 1024, "e", ("s",), ("l",), "f"
    )


def test_device_precision_and_micro_batches_are_those_of_the_trainer(machine: Machine) -> None:
    for preset in PRESETS:
        for changes in ({}, {"device.precision": "bf16"}, {"device.precision": "fp32"}):
            config = TrainingConfig(preset_path(preset), {"device.type": "auto", **changes})
            chosen = trainer.choose_device(config.device.type)
            precision = trainer.choose_precision(config.device.precision, chosen)
            answer = estimate(config, machine, facts(250))
            assert (answer.device, answer.precision) == (chosen.type, precision), preset
            assert site_of(machine, None).device("auto") == chosen.type
        plan = plan_epoch(
            [250] * 280,
            effective_batch=config.effective_batch,
            batch_size=config.training.batch_size,
            seed=0,
            epoch=0,
            most_frames=frames_at_once(config.model.d_model, config.model.patch_frames, chosen.type),
        )
        work = workload_of(config, machine, facts(250))
        assert work.batch_size == max(len(part) for part in plan[0]), preset
        assert work.micro_batches == len(plan[0]), preset
        assert estimate(config, machine, facts(250)).steps_per_epoch == len(plan)


def test_a_device_that_is_asked_for_is_taken_or_refused(machine: Machine) -> None:
    for wanted, there in (("cpu", True), ("cuda", bool(machine.gpus)), ("mps", machine.mps)):
        config = TrainingConfig(preset_path("small"), {"device.type": wanted})
        assert device_of(config, machine) == wanted == site_of(machine, None).device(wanted)
        if there:
            chosen = trainer.choose_device(wanted)
            assert chosen.type == wanted
            found = trainer.choose_precision(config.device.precision, chosen)
            assert precision_of(config, machine, device_of(config, machine)) == found
        else:
            with pytest.raises(Exception, match=f"device.type is {wanted}"):
                trainer.choose_device(wanted)


def test_a_device_that_nobody_knows_of_yet_is_not_guessed() -> None:
    assert Site().device("auto") is None
    assert Site(cuda=False).device("auto") is None
    assert Site(cuda=True).device("auto") == "cuda"
    assert Site(cuda=False, mps=False).device("auto") == "cpu"


LORA = {"lora.enabled": True, "lora.rank": 4}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"training.optimizer": "muon"},
        {"training.ema_decay": 0.0},
        LORA,
        {**LORA, "training.ema_decay": 0.0},
    ],
    ids=["AdamW", "Muon", "not averaged", "LoRA", "LoRA, not averaged"],
)
@pytest.mark.parametrize("patch_frames", [1, 4])
def test_a_checkpoint_weighs_what_is_predicted(changes: dict[str, object], patch_frames: int) -> None:
    small = {
        "model.d_model": 128,
        "model.nhead": 4,
        "model.num_layers": 2,
        "model.patch_frames": patch_frames,
    }
    config = TrainingConfig(preset_path("small"), {**small, **changes})  # type: ignore[dict-item]
    state = TrainState(config, Normaliser(config.model.embedding_dim), torch.device("cpu"))
    for parameter in state.model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.zeros_like(parameter)
    state.optimizer.step()
    machine = Machine(GIB, GIB, None, 2, 2, 2, "a CPU", False)
    weighs = size_bytes({stem: group for stem, group in state.tensors().items() if stem != "normaliser"})
    assert estimate(config, machine).checkpoint_bytes == pytest.approx(weighs, rel=0.01)


def test_a_checkpoint_holds_the_weights_twice_and_the_moments() -> None:
    assert checkpoint_bytes(100, 200) == 4 * (100 + 100 + 200)
    assert checkpoint_bytes(100, 20, adapters=10) == 4 * (100 + 10 + 100 + 20)


def test_clips_are_no_longer_for_the_config_than_for_the_skeleton() -> None:
    assert KEY_BY_PATH["data.max_frames"].maximum == MAX_FRAMES
