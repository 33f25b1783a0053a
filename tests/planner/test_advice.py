"""Advice: every edit can be made, changes nothing else, and does what it is offered for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from laptop import GIB, LAPTOP

from stickgen.config.checking import check
from stickgen.config.key import Value
from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.hardware.machine import Gpu, Speed
from stickgen.planner.advising.advice import GOALS, advise, apply, weigh
from stickgen.planner.estimate import estimate
from stickgen.yaml_edit import Document

TIGHT = replace(LAPTOP, ram_available_bytes=int(2.5 * GIB))


@pytest.mark.parametrize("preset", ["small", "medium", "large", "quickstart", "tiers/gpu_16gb"])
@pytest.mark.parametrize("goal", GOALS)
def test_each_edit_can_be_made_and_leaves_a_config_that_trains(preset: str, goal: str) -> None:
    config = TrainingConfig(preset_path(preset), {"device.type": "cpu"})
    for advice in weigh(config, LAPTOP, None, goal):  # type: ignore[arg-type]
        document = Document.parse(config.bytes)
        apply(document, advice)
        assert not [problem for problem in check(document) if problem.severity == "error"], advice.sentence
        changed = TrainingConfig.from_bytes(document.data)
        assert {path: changed.get(path) for path, _ in advice.edits} == dict(advice.edits)
        # what was predicted for the edit is what is predicted for the file that has it
        again = estimate(changed, LAPTOP, None)
        assert again == advice.after
        if advice.path == "training.batch_size":
            assert changed.effective_batch == config.effective_batch


def test_for_memory_each_edit_lowers_the_peak_and_what_fits_comes_first() -> None:
    keys: dict[str, Value] = {"device.type": "cpu", "device.num_workers": 0, "evaluation.every_minutes": 0.0}
    config = TrainingConfig(preset_path("large"), keys)
    found = advise(config, TIGHT, None, "memory")
    assert found[0].path == "training.batch_size" and found[0].after.verdict == "fits"
    assert {"model.d_model", "model.num_layers"} <= {advice.path for advice in found}
    for advice in found:
        assert advice.after.peak_memory.value < advice.before.peak_memory.value
    fits = [advice.after.verdict == "fits" for advice in found]
    assert fits == sorted(fits, reverse=True)


def test_for_speed_a_larger_batch_is_offered_only_as_far_as_it_fits() -> None:
    config = TrainingConfig(preset_path("tiers/cpu_8gb"))
    for machine in (LAPTOP, replace(LAPTOP, ram_available_bytes=GIB)):
        batches = [a for a in advise(config, machine, None, "speed") if a.path == "training.batch_size"]
        for advice in batches:
            assert advice.after.verdict == "fits"
            assert advice.after.seconds_per_step.value < advice.before.seconds_per_step.value
            assert advice.after.effective_batch == 64


def test_a_gpu_that_lies_idle_is_the_first_advice_for_speed() -> None:
    card = Gpu(0, "a GPU", 8 * GIB, 7 * GIB, True, Speed(10_000.0, 40_000.0, 300.0))
    config = TrainingConfig(preset_path("medium"), {"device.type": "cpu"})
    first = advise(config, replace(LAPTOP, gpus=(card,)), None, "speed")[0]
    assert (first.path, first.value) == ("device.type", "cuda")


def test_quality_costs_and_says_so() -> None:
    config = TrainingConfig(preset_path("small"))
    found = {advice.path: advice for advice in advise(config, LAPTOP, None, "quality")}
    assert found["model.d_model"].value == 384
    assert found["training.epochs"].value == 100
    assert found["loss_weights.physics"].value == 0.4
    assert "more time" in found["model.d_model"].effect


def test_the_sentence_names_keys_values_and_the_effect() -> None:
    config = TrainingConfig(preset_path("large"), {"device.type": "cpu"})
    sentence = advise(config, LAPTOP, None, "memory")[0].sentence
    assert "batch_size 16 → " in sentence and "GiB" in sentence and "time" in sentence
