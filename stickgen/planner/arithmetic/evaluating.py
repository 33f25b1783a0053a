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
        steered = 1 - keys.guidance_min_time
        passes = keys.sampling_steps * (1 + steered * more)
    else:
        passes = config.data.max_frames // 2
    return motions * passes / 3 / config.effective_batch


def with_evaluations(config: Settings, training: Prediction, step: Prediction) -> Prediction:
    """Return `training` seconds plus the evaluations during them; `step` is the time of one optimizer step."""
    every = 60 * float(config.evaluation.every_minutes)
    if not every:
        return training
    cost = step.times(evaluation_steps(config))
    share = float(config.evaluation.time_share)

    def longer(seconds: float, one: float) -> float:
        return seconds + one * int(seconds // max(every, one / share))

    return Prediction(
        longer(training.value, cost.value), longer(training.low, cost.low), longer(training.high, cost.high)
    )
