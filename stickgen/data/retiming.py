"""Plays clips a little slower or faster, if their captions allow it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from stickgen.data.clip import Clip
from stickgen.motion.skeleton import MAX_FRAMES

LEAST, MOST = 0.92, 1.08  # times the speed: the variation of one person
_OF_SPEED = re.compile(
    r"\b(fast|slow|quick|rapid|swift|brisk|hurr|hast|rush|speed|pace|tempo|sprint|dash|race|racing|leisure|sudden|abrupt|"
    r"explosive|gradual|careful|lazy|lazily|sluggish|second|minute|beat|rhythm)\w*",
    re.IGNORECASE,
)


def speaks_of_speed(clip: Clip) -> bool:
    """Whether the caption says how fast something is done, or how long it takes."""
    return any(_OF_SPEED.search(text) for text in clip.texts)


def retimed(clip: Clip, speed: float) -> Clip:
    """The clip played at `speed` times its speed. Labels keep their place in the motion."""
    frames = max(round(len(clip.motion) / speed), 2)
    times = np.linspace(0, len(clip.motion) - 1, frames)
    low = np.minimum(times.astype(int), len(clip.motion) - 2)
    part = (times - low)[:, None].astype(np.float32)
    return replace(
        clip,
        motion=clip.motion[low] * (1 - part) + clip.motion[low + 1] * part,
        actions=clip.actions[np.round(times).astype(int)],
    )


def varied(clip: Clip, seed: int) -> Clip:
    """The clip at a speed from LEAST to MOST that follows from the seed; unchanged if its captions mention speed.

    A clip that fits the model's window (MAX_FRAMES) is not made longer than that.
    """
    if speaks_of_speed(clip):
        return clip
    speed = float(np.random.default_rng(seed).uniform(LEAST, MOST))
    fits = len(clip.motion) <= MAX_FRAMES
    return retimed(clip, max(speed, len(clip.motion) / MAX_FRAMES) if fits else speed)
