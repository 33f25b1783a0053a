"""Makes performances differ: in how somebody stands, sways and keeps time.

It is applied to a finished track of controls, so that every action varies as people do, and planted feet stay planted.
"""

from __future__ import annotations

import numpy as np

from stickgen.data.synthetic.body import INDEX, NEUTRAL, Floats
from stickgen.data.synthetic.phrase import Chance
from stickgen.motion.skeleton import FPS

# how far each control sways about its value, in units and radians
_SWAY = {
    "x": 0.012, "y": 0.003, "yaw": 0.03, "pitch": 0.03, "roll": 0.025,
    "la": 0.07, "lb": 0.05, "le": 0.09, "lc": 0.06, "ra": 0.07, "rb": 0.05, "re": 0.09, "rc": 0.06,
}  # fmt: skip
_HANGING_WITHIN = 0.6  # radians: an arm within this angle of hanging still partly hangs
_UPRIGHT_WITHIN = 0.5
CROP_SECONDS = (0.3, 0.35)  # seconds that may be missing at the beginning and at the end


def standing(track: Floats, chance: Chance, amount: float = 1.0, *, feet: bool = True) -> Floats:
    """The track with an individual posture: arms, lean, knees, and where the feet are.

    An arm or trunk that is in use keeps its place. Feet have a constant offset, so that none slides.
    """
    track = track.copy()
    pitch = track[:, INDEX["pitch"]]
    upright = np.exp(-((pitch / _UPRIGHT_WITHIN) ** 2))
    track[:, INDEX["pitch"]] += amount * chance.between(-0.05, 0.09) * upright
    track[:, INDEX["roll"]] += amount * chance.between(-0.04, 0.04) * upright
    track[:, INDEX["y"]] -= amount * chance.between(0, 0.014)
    for side, out in (("l", 1.0), ("r", -1.0)):
        places = [INDEX[side + name] for name in "abec"]
        off = ((track[:, places] - NEUTRAL[places]) ** 2).sum(axis=1)
        hangs = amount * np.exp(-off / _HANGING_WITHIN**2)
        own = (
            chance.between(-0.15, 0.25),
            chance.between(-0.1, 0.2),
            chance.between(-0.2, 0.7),
            chance.between(-0.15, 0.2),
        )
        track[:, places] += hangs[:, None] * np.array(own)
        if feet:
            track[:, INDEX[f"{side}f"]] += amount * chance.between(-0.07, 0.07)
            track[:, INDEX[f"{side}s"]] += amount * out * chance.between(-0.03, 0.05)
    return track


def swaying(track: Floats, chance: Chance, amount: float = 1.0) -> Floats:
    """The track with sway, because nobody is ever quite still: two slow waves per control."""
    time = np.arange(len(track)) / FPS
    track = track.copy()
    rates = chance.rng.uniform((0.12, 0.5), (0.5, 1.3), (len(_SWAY), 2))
    phases = chance.rng.uniform(0, 2 * np.pi, (len(_SWAY), 2))
    sizes = np.array(list(_SWAY.values())) * amount * chance.between(0.3, 1.3)
    waves = np.sin(2 * np.pi * rates[..., None] * time + phases[..., None])  # [controls, 2, t]
    track[:, [INDEX[name] for name in _SWAY]] += (sizes[:, None] * (waves[:, 0] + 0.35 * waves[:, 1])).T
    return track


def timed(track: Floats, chance: Chance) -> Floats:
    """The track with some parts a little slower and others faster; as long as before."""
    frames = len(track)
    time = np.arange(frames)
    period = chance.between(0.9, 2.5) * FPS
    swing = chance.between(0, 0.28)
    shift = chance.between(0, 2 * np.pi)
    passed = np.cumsum(1 + swing * np.sin(2 * np.pi * time / period + shift))
    at = (passed - passed[0]) / (passed[-1] - passed[0]) * (frames - 1)
    low = np.minimum(at.astype(int), frames - 2)
    part = (at - low)[:, None]
    warped: Floats = track[low] * (1 - part) + track[low + 1] * part
    return warped


def caught(frames: int, chance: Chance) -> tuple[int, int]:
    """The first frame and the end of what a camera catches: often it starts late, or stops before all is at rest."""
    first, last = 0, frames
    before, after = (seconds / chance.pace * FPS for seconds in CROP_SECONDS)
    if chance.rng.random() < 0.7:
        first = round(chance.between(0, before))
    if chance.rng.random() < 0.7:
        last -= round(chance.between(0, after))
    return (first, last) if last - first >= FPS else (0, frames)
