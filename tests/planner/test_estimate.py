"""The estimate: its sizes follow from the config, its interval holds its value, and it agrees with the trainer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from laptop import GIB, LAPTOP

from stickgen.config.key import Value
from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.datasets.facts import DatasetFacts
from stickgen.hardware.machine import Gpu, Machine
from stickgen.planner.arithmetic.parameters import count_parameters
from stickgen.planner.arithmetic.prediction import Prediction
from stickgen.planner.estimate import Estimate, estimate

FACTS = DatasetFacts(
    clips=1000, frames=100_000, mean_frames=100.0, longest_frames=250, clips_train=900, clips_val=100,
    frames_train=90_000, texts=1500, embedding_dim=1024, encoder="e", sources=("s",), licences=("l",),
    fingerprint="f",
)  # fmt: skip


def of(
    preset: str, machine: Machine = LAPTOP, facts: DatasetFacts | None = FACTS, **changes: Value
) -> Estimate:
    overrides = {name.replace("__", "."): value for name, value in changes.items()}
    return estimate(TrainingConfig(preset_path(preset), overrides), machine, facts)


def test_every_preset_fits_eight_gibibytes_and_larger_ones_need_more() -> None:
    answers = [of(f"tiers/{name}") for name in ("cpu_8gb", "cpu_16gb", "cpu_32gb")]
    peaks = [answer.peak_memory.value for answer in answers]
    assert peaks == sorted(peaks) and peaks[-1] < 8 * GIB
    cut: dict[str, Any] = {"training__batch_size": 2, "training__grad_accum_steps": 32}
    alike = [of(f"tiers/{name}", **cut) for name in ("cpu_8gb", "cpu_16gb", "cpu_32gb")]
    steps = [answer.seconds_per_step.value for answer in alike]
    assert steps == sorted(steps)
    for answer in answers:
        for prediction in (answer.peak_memory, answer.seconds_per_step, answer.seconds_total):
            assert prediction is not None
            assert prediction.low < prediction.value < prediction.high


def test_steps_and_times_follow_the_dataset() -> None:
    answer = of("small", training__epochs=3)
    assert answer.steps_per_epoch == 15  # 900 clips, 64 a step, the last step smaller
    assert answer.total_steps == 45
    assert answer.seconds_per_epoch is not None and answer.seconds_total is not None
    assert answer.seconds_total.value == pytest.approx(3 * answer.seconds_per_epoch.value)
    limited = of("small", training__epochs=3, training__max_minutes=0.01)
    assert limited.seconds_total == Prediction(0.6, 0.6, 0.6)
    blind = of("small", facts=None)
    assert blind.steps_per_epoch is None and blind.seconds_total is None
    assert blind.seconds_per_step.value > answer.seconds_per_step.value  # every clip counts as 250 frames


def test_the_advice_for_memory_lowers_the_predicted_peak() -> None:
    """The guide's list for out-of-memory: a smaller batch, width, depth, and no diffusion."""
    before = of("medium", training__batch_size=16).peak_memory.value
    for changes in (
        {"training__batch_size": 1}, {"model__d_model": 192}, {"model__num_layers": 4},
        {"diffusion__enabled": False},
    ):  # fmt: skip
        edits: dict[str, Any] = {"training__batch_size": 16, **changes}
        after = of("medium", **edits).peak_memory.value
        if "diffusion__enabled" not in changes:
            assert after < before, changes


def test_the_verdict_compares_with_what_is_free() -> None:
    need = of("large", training__batch_size=16).needed_memory
    for free, verdict in (
        (need.high * 1.01, "fits"),
        (need.value * 1.01, "tight"),
        (need.low, "does not fit"),
    ):
        machine = replace(LAPTOP, ram_available_bytes=int(free))
        assert of("large", machine, training__batch_size=16).verdict == verdict


def test_on_a_gpu_its_memory_counts() -> None:
    card = Gpu(0, "a GPU", 8 * GIB, 7 * GIB, True, None)
    answer = of("tiers/gpu_8gb", replace(LAPTOP, gpus=(card,)))
    assert (answer.device, answer.precision) == ("cuda", "bf16")
    assert answer.memory_free_bytes == 7 * GIB
    # nothing was measured of it, and the interval says so
    assert answer.seconds_per_step.high / answer.seconds_per_step.value >= 4


def test_what_it_says_agrees_with_the_engine() -> None:
    config = TrainingConfig(preset_path("small"))
    answer = estimate(config, LAPTOP, FACTS)
    assert answer.parameters == count_parameters(config)
    assert answer.effective_batch == config.effective_batch
    facts = answer.to_json()
    assert facts["peak_memory_bytes_low"] < facts["peak_memory_bytes"] < facts["peak_memory_bytes_high"]
    assert facts["checkpoint_bytes"] > 16 * answer.parameters - 1
