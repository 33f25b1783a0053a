"""The evaluation beside the training is counted in the time of a run."""

from __future__ import annotations

import pytest

from stickgen.config import TrainingConfig
from stickgen.config.key import Value
from stickgen.config.presets import preset_path
from stickgen.planner.arithmetic.evaluating import evaluation_steps, with_evaluations
from stickgen.planner.arithmetic.prediction import Prediction

HOUR = Prediction.within(3600.0, 1.2)
STEP = Prediction.within(1.0, 1.2)


def config(**changed: Value) -> TrainingConfig:
    return TrainingConfig(
        preset_path("small"), {path.replace("__", "."): value for path, value in changed.items()}
    )


def test_an_evaluation_costs_its_passes_through_the_model() -> None:
    unsteered: dict[str, Value] = {"diffusion__contrast_scale": 0.0, "diffusion__guidance_min_time": 0.0}
    whole = evaluation_steps(config(evaluation__prompts=24, **unsteered))
    assert whole == pytest.approx(7 * 24 * 10 * 2 / 3 / 64)
    assert evaluation_steps(config(evaluation__prompts=48, **unsteered)) == pytest.approx(2 * whole)
    alone = evaluation_steps(config(diffusion__guidance_scale=1.0, **unsteered))
    assert alone == pytest.approx(whole / 2)
    assert evaluation_steps(config(diffusion__guidance_min_time=1.0)) == pytest.approx(alone)
    assert whole < evaluation_steps(config(diffusion__guidance_min_time=0.0)) < 1.5 * whole
    assert evaluation_steps(config(diffusion__enabled=False, data__max_frames=100)) > 0


def test_a_run_takes_longer_by_its_evaluations_and_never_by_more_than_their_share() -> None:
    never = with_evaluations(config(evaluation__every_minutes=0.0), HOUR, STEP)
    assert never == HOUR
    usual = with_evaluations(config(), HOUR, STEP)
    assert 3600 < usual.value <= 3600 * 1.02
    often = with_evaluations(config(evaluation__every_minutes=1.0, evaluation__time_share=0.5), HOUR, STEP)
    assert usual.value < often.value <= 3600 * 1.5
    assert often.low <= often.value <= often.high
