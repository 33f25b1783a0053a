"""What a live change means to the parts of a launch: each reads its keys from the context, and some keep more than that."""

from __future__ import annotations

import logging
import math

from stickgen.runs.live import values_at
from stickgen.train.checkpoints.best import measures_best_otherwise
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.context import LaunchContext
from stickgen.train.measuring.quality import Quality
from stickgen.train.watch import Watch


def steer(context: LaunchContext, state: TrainState, watch: Watch, quality: Quality) -> None:
    """Let the launch's config be what counts at its step, and tell the parts that keep something of it."""
    before = context.config
    context.at_step(state.step)
    config = context.config
    state.live = values_at(context.base, context.changes, state.step)
    quality.take(config)
    watch.take(config)
    if config.logging.level != before.logging.level:
        logging.getLogger("stickgen").setLevel(config.logging.level)
    if measures_best_otherwise(before, config):
        state.best_val, state.best_step = math.inf, None
