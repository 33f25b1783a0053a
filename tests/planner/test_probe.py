"""The probe: real steps in a process of its own, nothing left behind, and an end in any case."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from stickgen.config.key import Value
from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.datasets.facts import DatasetFacts
from stickgen.errors import StickgenError
from stickgen.hardware.machine import Machine, Speed, local_machine_fast
from stickgen.planner import probe as probing
from stickgen.planner.estimate import estimate
from stickgen.planner.measured.calibration import Calibration
from stickgen.planner.probe import has_settled, lengths, probe, shortened

pytestmark = pytest.mark.alone

TINY: dict[str, Value] = {
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 1,
    "training.batch_size": 4, "training.grad_accum_steps": 2, "data.max_frames": 16, "device.type": "cpu",
    "evaluation.every_minutes": 0.0,
}  # fmt: skip
MACHINE = Machine(
    ram_total_bytes=2**34, ram_available_bytes=2**34, cgroup_limit_bytes=None, cores_logical=2,
    cores_physical=2, cores_usable=2, cpu_name="a CPU", cpu_bf16=False, cpu_speed=Speed(100.0, None, 30.0),
)  # fmt: skip


def facts(mean: float, longest: int) -> DatasetFacts:
    return DatasetFacts(1000, 1, mean, longest, 900, 100, 1, 1, 16, "e", ("s",), ("l",), "f")


def test_it_measures_real_steps_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    seen: list[probing.ProbeProgress] = []
    config = TrainingConfig(preset_path("small"), TINY)
    found = probe(config, local_machine_fast(), None, progress=seen.append, limit_seconds=120)
    assert (
        found.peak_memory_bytes and found.peak_memory_bytes > 100 * 2**20
    )  # a process that has loaded torch
    assert found.seconds_per_step is not None and 0 < found.seconds_per_step < 60
    assert found.steps >= probing.LEAST_EPOCHS * probing.STEPS_AN_EPOCH - 1
    assert found.workload.batch_size == 4 and found.workload.longest_frames == 16
    assert seen[-1].steps == found.steps and seen[0].seconds_left > 100
    assert not list(tmp_path.iterdir())
    assert not list((Path(os.environ["XDG_CACHE_HOME"]) / "stickgen").glob("probe-*"))
    assert not [child for child in psutil.Process().children() if "stickgen.train.trial" in child.cmdline()]
    # the prediction of this very config is now the measurement
    machine = local_machine_fast()
    answer = estimate(config, machine, calibration=Calibration(machine, [found]))
    assert answer.peak_memory.value == pytest.approx(found.peak_memory_bytes)
    assert answer.memory_basis == answer.time_basis == "measured"


def test_no_step_in_time_is_said_and_the_child_is_gone() -> None:
    config = TrainingConfig(preset_path("small"), TINY)
    with pytest.raises(StickgenError, match="the probe did not finish a step within"):
        probe(config, MACHINE, None, limit_seconds=0.2)
    assert not [child for child in psutil.Process().children() if "stickgen.train.trial" in child.cmdline()]


def test_a_trainer_that_fails_is_said_in_its_own_words() -> None:
    config = TrainingConfig(preset_path("small"), {**TINY, "device.type": "cuda"})
    with pytest.raises(StickgenError, match="device.type is cuda"):
        probe(config, MACHINE, None, limit_seconds=120)


def test_a_probe_has_fewer_micro_batches_and_the_same_ones() -> None:
    config = TrainingConfig(
        preset_path("large"),
        {"device.type": "cpu", "training.batch_size": 2, "training.grad_accum_steps": 32},
    )
    short = shortened(config, MACHINE, None, Calibration(MACHINE))
    assert 2 <= short.training.grad_accum_steps < 32
    assert short.model == config.model and short.data == config.data and short.device == config.device
    assert short.training.batch_size == 2


def test_made_up_clips_are_as_long_as_the_datasets() -> None:
    config = TrainingConfig(preset_path("small"))
    assert lengths(config, None, 3) == [250, 250, 250]
    for mean, longest in ((100.0, 250), (240.0, 250), (30.0, 400), (250.0, 250), (60.0, 60)):
        made = lengths(config, facts(mean, longest), 200)
        assert max(made) == min(longest, 250) and min(made) >= 1
        assert sum(made) / len(made) == pytest.approx(mean, rel=0.05)


def test_a_peak_has_settled_when_it_no_longer_grows() -> None:
    assert not has_settled([]) and not has_settled([100, 100])
    assert not has_settled([100, 104, 108]) and has_settled([100, 104, 105, 105, 105])
