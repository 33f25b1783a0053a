"""What the evaluation beside the training costs."""

from __future__ import annotations

from stickgen.config.settings import Settings
from stickgen.planner.arithmetic.prediction import Prediction

KINDS = 7  # the actions, and six contrasts
OPPOSED = 0.7  # the share of their texts that have an opposite


def evaluation_steps(config: Settings) -> float:
    """How many optimizer steps take as long as one evaluation.

    Each motion goes through the model forward at each sampling step, twice with guidance and once more for an
    opposite, where a training clip goes forward once and backward at twice the cost. Without diffusion, frames
    come one by one, each from all before it: half of them on average.
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
    """`training` seconds, and the evaluations that come within them, each of them some `step`s long."""
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
