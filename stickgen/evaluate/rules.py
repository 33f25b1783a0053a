"""What a motion shows, decided by its coordinates alone: which hand, which direction, how fast, how high, how often.

There is no encoder and no training: each rule is a few lines of geometry that a person can check. A rule that sees
nothing clear returns None, which never counts as right: a figure that stands still obeys no text. Motions are
[t, 20] in skeleton units at 25 fps. The two sides of a choice are named as in `contrast.AXES`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stickgen.motion.skeleton import (
    FPS,
    HEAD,
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    NECK_ALONG_SPINE,
    NUM_JOINTS,
    PELVIS,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_KNEE,
)

Floats = NDArray[np.floating]
Choice = Callable[[Floats], str | None]
Measure = Callable[[Floats], float]

CLEARLY = 1.15  # ratio to the other side: less is not a clear choice
LEAST_PATH = 0.2  # units: a hand or foot that does something moves at least this far
LEAST_TRAVEL = 0.15  # units: a pelvis that goes anywhere moves at least this far
LEAST_REACH = 0.1  # units, all joints together: a figure with a tempo moves at least this far
LEAST_TURN = 0.4  # radians: a spine that falls or flips turns at least this far


def joints_of(motion: Floats) -> Floats:
    """[t, 20] → [t, 10, 2], float64, smoothed over three frames, because shaking is no movement."""
    points = np.asarray(motion, np.float64).reshape(len(motion), NUM_JOINTS, 2)
    if len(points) < 3:
        return points
    padded = np.concatenate((points[:1], points, points[-1:]))
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3


def _neck(points: Floats) -> Floats:
    return points[:, PELVIS] + NECK_ALONG_SPINE * (points[:, HEAD] - points[:, PELVIS])


def _path(track: Floats) -> float:
    """The length of the path [t, 2], in units."""
    return float(np.linalg.norm(np.diff(track, axis=0), axis=-1).sum())


def _greater(left: float, right: float, least: float) -> str | None:
    if max(left, right) < least or max(left, right) < CLEARLY * min(left, right):
        return None
    return "left" if left > right else "right"


# --- which side ---


def busy_hand(motion: Floats) -> str | None:
    """The hand with the longer path relative to the neck."""
    points = joints_of(motion)
    neck = _neck(points)
    return _greater(_path(points[:, LEFT_HAND] - neck), _path(points[:, RIGHT_HAND] - neck), LEAST_PATH)


def busy_foot(motion: Floats) -> str | None:
    """The foot with the longer path over the ground: the one that kicks or steps out."""
    points = joints_of(motion)
    return _greater(_path(points[:, LEFT_FOOT]), _path(points[:, RIGHT_FOOT]), LEAST_PATH)


def standing_foot(motion: Floats) -> str | None:
    """The foot that carries the body while the other is raised, on average over the motion."""
    points = joints_of(motion)
    left, right = points[:, LEFT_FOOT, 1].mean(), points[:, RIGHT_FOOT, 1].mean()
    if abs(left - right) < 0.02:
        return None
    return "left" if left < right else "right"


def lower_knee(motion: Floats) -> str | None:
    """The knee that comes closer to the floor: the one that is knelt on."""
    points = joints_of(motion)
    left, right = points[:, LEFT_KNEE, 1].min(), points[:, RIGHT_KNEE, 1].min()
    if abs(left - right) < 0.02:
        return None
    return "left" if left < right else "right"


# --- which direction ---


def facing(motion: Floats) -> float:
    """+1 if the figure faces +x over most of the motion, -1 if it faces -x, 0 if unclear.

    Knees bend one way and elbows the other, whichever way up the body is. So the signs of their angles, weighted by the
    area that each spans, are summed over the frames.
    """
    points = joints_of(motion)
    neck, area = _neck(points), 0.0
    for elbow, hand in ((LEFT_ELBOW, LEFT_HAND), (RIGHT_ELBOW, RIGHT_HAND)):
        area += float(_cross(points[:, elbow] - neck, points[:, hand] - points[:, elbow]).sum())
    for knee, foot in ((LEFT_KNEE, LEFT_FOOT), (RIGHT_KNEE, RIGHT_FOOT)):
        thigh = points[:, knee] - points[:, PELVIS]
        area -= float(_cross(thigh, points[:, foot] - points[:, knee]).sum())
    return float(np.sign(area)) if abs(area) > 1e-4 * len(points) else 0.0


def _cross(a: Floats, b: Floats) -> Floats:
    product: Floats = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product


def way_of_travel(motion: Floats) -> str | None:
    """Whether the pelvis moves in the direction that the figure faces."""
    x = joints_of(motion)[:, PELVIS, 0]
    travel = (x[-1] - x[0]) * facing(motion)
    if abs(travel) < LEAST_TRAVEL:
        return None
    return "forward" if travel > 0 else "backward"


def way_of_fall(motion: Floats) -> str | None:
    """Whether the spine turns forward or backward, as in a fall or a flip."""
    points = joints_of(motion)
    spine = points[:, HEAD] - points[:, PELVIS]
    angle = np.unwrap(np.arctan2(spine[:, 1], spine[:, 0]))
    turned = -(angle[-1] - angle[0]) * facing(motion)
    if abs(turned) < LEAST_TURN:
        return None
    return "forward" if turned > 0 else "backward"


# --- how fast, how high: measures for comparing two motions ---


def tempo(motion: Floats) -> float:
    """How often per second the joints, relative to the pelvis, cover their full range, while anything moves.

    By speed alone, a small quick clap would be slower than a wide slow one. Moments in which almost nothing moves do not
    count: a quick turn followed by a long wait is quick. 0 if the figure stands still.
    """
    points = joints_of(motion)
    points = points - points[:, PELVIS, None]
    speed = np.linalg.norm(np.diff(points, axis=0), axis=-1) * FPS  # [t - 1, 10]
    reach = np.linalg.norm(np.ptp(points, axis=0), axis=-1).sum()
    if reach < LEAST_REACH:
        return 0.0
    whole = speed.mean(axis=1)
    moving = whole > 0.2 * np.quantile(whole, 0.95)
    return float(speed[moving].mean(axis=0).sum() / reach)


def highest_foot(motion: Floats) -> float:
    """The greatest height of a foot."""
    return float(joints_of(motion)[:, [LEFT_FOOT, RIGHT_FOOT], 1].max())


def highest_hand(motion: Floats) -> float:
    """The greatest height of a hand."""
    return float(joints_of(motion)[:, [LEFT_HAND, RIGHT_HAND], 1].max())


def lowest_pelvis(motion: Floats) -> float:
    """The least height of the pelvis."""
    return float(joints_of(motion)[:, PELVIS, 1].min())


# --- how often ---


def peaks(signal: Floats, least: float, low: float = 0.35, high: float = 0.65) -> int:
    """How often a signal [t] rises above the share `high` of its range after being below the share `low`.

    The gap between the two keeps shaking from being counted. 0 if the range is less than `least`.
    """
    bottom, span = float(signal.min()), float(np.ptp(signal))
    if span < least:
        return 0
    part = (signal - bottom) / span
    count, armed = 0, True
    for value in part:
        if armed and value > high:
            count, armed = count + 1, False
        elif value < low:
            armed = True
    return count


def jumps(motion: Floats) -> int:
    """How often both feet are off the ground at once."""
    return peaks(joints_of(motion)[:, [LEFT_FOOT, RIGHT_FOOT], 1].min(axis=1), 0.04)


def dips(motion: Floats) -> int:
    """How often the pelvis goes down: squats and lunges."""
    return peaks(-joints_of(motion)[:, PELVIS, 1], 0.08)


def nods(motion: Floats) -> int:
    """How often the head goes down: nods, push-ups."""
    return peaks(-joints_of(motion)[:, HEAD, 1], 0.008)


def rises(motion: Floats) -> int:
    """How often the head comes up: sit-ups."""
    return peaks(joints_of(motion)[:, HEAD, 1], 0.1)


def spread_arms(motion: Floats) -> int:
    """How often the arms go up: jumping jacks."""
    points = joints_of(motion)
    hands = points[:, [LEFT_HAND, RIGHT_HAND], 1].mean(axis=1)
    return peaks(hands - points[:, PELVIS, 1], 0.3)


def claps(motion: Floats) -> int:
    """How often the hands come together while raised. Not smoothed, because a quick clap takes five frames."""
    points = np.asarray(motion, np.float64).reshape(len(motion), NUM_JOINTS, 2)
    apart = np.linalg.norm(points[:, LEFT_HAND] - points[:, RIGHT_HAND], axis=-1)
    hands = points[:, [LEFT_HAND, RIGHT_HAND], 1].mean(axis=1)
    raised = hands > (hands.min() + hands.max()) / 2
    return peaks(-apart[raised], 0.03) if raised.sum() > 2 else 0


def punches(motion: Floats) -> int:
    """How often a raised hand is thrust away from the neck."""
    points = joints_of(motion)
    out = np.abs(points[:, [LEFT_HAND, RIGHT_HAND]] - _neck(points)[:, None])  # [t, 2, 2]
    raised = points[:, [LEFT_HAND, RIGHT_HAND], 1] > (_neck(points)[:, None, 1] - 0.22)
    reach = np.where(raised, out[..., 0], np.nan)
    if np.isnan(reach).all():
        return 0
    guard = float(np.nanquantile(reach, 0.1))
    return peaks(np.nan_to_num(reach, nan=guard).max(axis=1), 0.06)


def kicks(motion: Floats) -> int:
    """How often a foot goes up."""
    return peaks(joints_of(motion)[:, [LEFT_FOOT, RIGHT_FOOT], 1].max(axis=1), 0.08)


def raises(motion: Floats) -> int:
    """How often a hand goes up."""
    points = joints_of(motion)
    hands = points[:, [LEFT_HAND, RIGHT_HAND], 1].max(axis=1)
    return peaks(hands - points[:, PELVIS, 1], 0.15)


def inversions(motion: Floats) -> int:
    """How often the head is below the pelvis: cartwheels."""
    points = joints_of(motion)
    below = points[:, PELVIS, 1] - points[:, HEAD, 1]
    return peaks(below, 0.45)


def turns(motion: Floats) -> int:
    """How many full turns about the vertical axis.

    The positions of one side's arms and feet relative to the other's give the sine of the heading, those of the elbows
    relative to the neck its cosine. Together they give the angle.
    """
    points = joints_of(motion)
    neck = _neck(points)
    across = (
        points[:, LEFT_FOOT, 0] - points[:, RIGHT_FOOT, 0]
        + points[:, LEFT_ELBOW, 0] - points[:, RIGHT_ELBOW, 0]
    )  # fmt: skip
    ahead = points[:, LEFT_HAND, 0] + points[:, RIGHT_HAND, 0] - 2 * neck[:, 0]
    if min(np.ptp(across), np.ptp(ahead)) < 0.05:
        return 0
    across, ahead = (signal / np.abs(signal).max() for signal in (across, ahead))
    angle = np.unwrap(np.arctan2(across, ahead))
    return round(abs(float(angle[-1] - angle[0])) / (2 * np.pi))
