"""Clips played a little slower or faster, where what is said of them allows it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from stickgen.data.clip import Clip
from stickgen.motion.skeleton import MAX_FRAMES

LEAST, MOST = 0.92, 1.08  # times the speed; by so much one person differs from themselves
_OF_SPEED = re.compile(
    r"\b(fast|slow|quick|rapid|swift|brisk|hurr|hast|rush|speed|pace|tempo|sprint|dash|race|racing|leisure|sudden|abrupt|"
    r"explosive|gradual|careful|lazy|lazily|sluggish|second|minute|beat|rhythm)\w*",
    re.IGNORECASE,
)


def speaks_of_speed(clip: Clip) -> bool:
    """Whether a caption says how fast it is done, or how long it takes."""
    return any(_OF_SPEED.search(text) for text in clip.texts)


def retimed(clip: Clip, speed: float) -> Clip:
    """The clip played at `speed` times its speed; a frame keeps the label that it had at its time."""
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
    """The clip at another speed from LEAST to MOST, the same for the same seed; as it is if its captions speak of speed.

    A clip that a model sees whole (MAX_FRAMES) is not made longer than that.
    """
    if speaks_of_speed(clip):
        return clip
    speed = float(np.random.default_rng(seed).uniform(LEAST, MOST))
    fits = len(clip.motion) <= MAX_FRAMES
    return retimed(clip, max(speed, len(clip.motion) / MAX_FRAMES) if fits else speed)
