"""What evaluating the model during training costs."""

from __future__ import annotations

from stickgen.config.settings import Settings
from stickgen.planner.arithmetic.prediction import Prediction

KINDS = 7  # the actions, and six contrasts
OPPOSED = 0.7  # share of their texts that have an opposite


def evaluation_steps(config: Settings) -> float:
    """Return how many optimizer steps take as long as one evaluation.

    Each motion takes one forward pass per sampling step, a second with guidance and another for an opposite. A
    training clip takes one forward pass and a backward pass that costs twice as much. Without diffusion, frames come
    one at a time, each from all those before it, which are half of them on average.
    """
    motions = KINDS * int(config.evaluation.prompts)
    if config.diffusion.enabled:
        keys = config.diffusion
        more = (keys.guidance_scale != 1) + OPPOSED * (keys.contrast_scale != 0)
        least, shift = float(keys.guidance_min_time), float(keys.time_shift)
        steered = 1 - least / (shift - (shift - 1) * least)  # share of the steps above that time
        passes = keys.sampling_steps * (1 + steered * more)
    else:
        passes = config.data.max_frames // 2
    return motions * passes / 3 / config.effective_batch


def seconds_between(config: Settings, step: Prediction) -> Prediction:
    """Return how long training goes on before an evaluation, the first one too; `step` is the time of one optimizer step."""
    every, share = 60 * float(config.evaluation.every_minutes), float(config.evaluation.time_share)
    cost = step.times(evaluation_steps(config) / share)
    return Prediction(max(every, cost.value), max(every, cost.low), max(every, cost.high))


def evaluates(config: Settings, whole: Prediction | None, step: Prediction) -> bool:
    """Whether a run of `whole` seconds may come to an evaluation; one of unknown length may."""
    if not config.evaluation.every_minutes:
        return False
    return whole is None or whole.high > seconds_between(config, step).low


def with_evaluations(config: Settings, training: Prediction, step: Prediction) -> Prediction:
    """Return `training` seconds plus the evaluations during them; `step` is the time of one optimizer step."""
    if not config.evaluation.every_minutes:
        return training
    cost, wait = step.times(evaluation_steps(config)), seconds_between(config, step)

    def longer(seconds: float, one: float, after: float) -> float:
        return seconds + one * int(seconds // after)

    return Prediction(
        longer(training.value, cost.value, wait.value),
        longer(training.low, cost.low, wait.low),
        longer(training.high, cost.high, wait.high),
    )
