"""How good a clip is as an example: what may be wrong with it is measured, graded and named."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from stickgen.data.doubts import SIZE
from stickgen.data.soundness import LEAP, LEAP_SPEED
from stickgen.evaluate.physics import LOW, METRES, body_of
from stickgen.motion.skeleton import FPS, HEAD, LEFT_FOOT

_STILL = 0.1  # units per second: nothing moves if no joint is faster


@dataclass(frozen=True)
class Measures:
    """What is measured of one motion."""

    seconds: float
    size: float  # the larger side of the figure, body heights, median over frames
    upright: float  # height of the head over the feet, body heights, median over frames
    leap: float  # the largest step of a coordinate between two frames, relative to `size`
    still: float  # share of the frames in which nothing moves
    jerk: float  # mean over joints and frames, m/s³
    slide: float  # speed of the slower foot on the floor in its slowest quarter of the frames, m/s
    depth: float  # mean depth of the lower foot below the floor, cm
    stretch: float  # the largest excess of a bone over its full length, relative to that


def measure(motion: Tensor) -> Measures:
    """What is measured of a motion [t, 20]."""
    body = body_of(motion)
    joints = motion.unflatten(-1, (-1, 2))
    size = float((joints.amax(1) - joints.amin(1)).amax(-1).median())
    steps = joints.diff(dim=0)
    feet = joints[:, LEFT_FOOT:]
    low = (feet[1:, :, 1] < LOW) & (feet[:-1, :, 1] < LOW)
    slower = torch.where(low, feet.diff(dim=0)[..., 0].abs(), torch.inf).amin(1)
    slower = slower[slower.isfinite()]
    return Measures(
        seconds=len(motion) / FPS,
        size=size,
        upright=float((joints[:, HEAD, 1] - feet[..., 1].mean(1)).median()),
        leap=float(steps.abs().max()) / max(size, 1e-9),
        still=float((steps.norm(dim=-1).amax(1) * FPS < _STILL).float().mean()),
        jerk=body.jerk,
        slide=float(slower.quantile(0.25)) * FPS * METRES if len(slower) else 0.0,
        depth=body.floor_depth,
        stretch=body.bone_stretch,
    )


@dataclass(frozen=True)
class Limits:
    """What a clip may have at most, or must have at least, to be trained on.

    The defaults lie beyond all but one or two in a hundred of 321 captures of CMU and Bandai-Namco, and see what
    `evaluate/damage.py` does to them.
    """

    seconds: float = 1.0
    still: float = 0.9
    jerk: float = 1500.0
    slide: float = 0.3
    depth: float = 2.0
    stretch: float = 1.2


@dataclass(frozen=True)
class Fault:
    """A way in which a clip is unfit: a name for the report, and whether a clip has it."""

    name: str
    has: Callable[[Measures, Limits], bool]


FAULTS = (
    Fault("another unit or size", lambda m, _: not SIZE[0] <= m.size <= SIZE[1]),
    Fault("leaps between frames", lambda m, _: m.leap > max(LEAP, LEAP_SPEED / FPS)),
    Fault("too short", lambda m, limits: m.seconds < limits.seconds),
    Fault("stands still", lambda m, limits: m.still > limits.still),
    Fault("trembles (jerk)", lambda m, limits: m.jerk > limits.jerk),
    Fault("feet slide", lambda m, limits: m.slide > limits.slide),
    Fault("sinks into the floor", lambda m, limits: m.depth > limits.depth),
    Fault("bones too long", lambda m, limits: m.stretch > limits.stretch),
)


def fault_of(measures: Measures, limits: Limits) -> str | None:
    """The name of the first fault; None if the clip is fit to be trained on."""
    return next((fault.name for fault in FAULTS if fault.has(measures, limits)), None)


def quality(measures: Measures, limits: Limits) -> float:
    """From 0 to 1: the product of a grade for each measure, 1 up to a third of the limit, 0 at the limit."""
    pairs = (
        (measures.jerk, limits.jerk), (measures.slide, limits.slide), (measures.depth, limits.depth),
        (measures.stretch, limits.stretch), (measures.still, limits.still),
    )  # fmt: skip
    return math.prod(
        min(max(1.5 * (1 - value / most), 0.0), 1.0) if most > 0 else 1.0 for value, most in pairs
    )
