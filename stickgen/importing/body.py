"""One body for all captures: every bone keeps its direction and gets the figure's length.

Sources differ by up to a half in what they call a head and in how long a trunk or an upper arm is. The same motion
would then be two figures, and a model would learn the sources instead of people. A bone's factor is one number for a
whole capture, so what changes from frame to frame (a spine that curls, shoulders that shrug) is kept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stickgen.motion.skeleton import (
    BONE_LENGTHS,
    HEAD,
    HIP_ASIDE,
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    NECK,
    NECK_ALONG_SPINE,
    PELVIS,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_KNEE,
    SHOULDER_ASIDE,
)

Floats = NDArray[np.float64]
LEG = BONE_LENGTHS[PELVIS, LEFT_KNEE] + BONE_LENGTHS[LEFT_KNEE, LEFT_FOOT]
TRUNK = BONE_LENGTHS[PELVIS, NECK]
HEAD_HEIGHT = TRUNK + BONE_LENGTHS[NECK, HEAD]
UPPER_ARM = BONE_LENGTHS[NECK, LEFT_ELBOW]
FOREARM = BONE_LENGTHS[LEFT_ELBOW, LEFT_HAND]
_SAME_BODY = 0.05  # a rest pose whose legs differ by more is another body, or none


def standard_body(
    body: Floats, hips: Floats, shoulders: Floats | None, rest: tuple[Floats, Floats, Floats | None]
) -> tuple[Floats, Floats]:
    """The ten joints [t, 10, 3] and the hips [t, 2, 3] with the figure's lengths, in skeleton units.

    `shoulders` are [t, 2, 3], None if the capture has none. `rest` is the rest pose: the same three, without t. The
    pelvis stays where it is, and a foot stays where it is relative to its hip, so that steps and contacts with the floor
    remain; only the knee moves, in the plane in which it bends.
    """
    pelvis = body[:, PELVIS]
    done = body.copy()
    wide = _factor(HIP_ASIDE, (hips - pelvis[:, None]))
    new_hips = pelvis[:, None] + (hips - pelvis[:, None]) * wide
    for side, (knee, foot) in enumerate(((LEFT_KNEE, LEFT_FOOT), (RIGHT_KNEE, RIGHT_FOOT))):
        moved = new_hips[:, side] - hips[:, side]
        done[:, knee] = _knee(hips[:, side], body[:, knee], body[:, foot]) + moved
        done[:, foot] = body[:, foot] + moved
    same = _is_same_body(body, hips, rest)
    at_rest = rest if same else None
    tall = HEAD_HEIGHT / _straight(body[:, HEAD] - pelvis, at_rest and at_rest[0][HEAD] - at_rest[0][PELVIS])
    done[:, HEAD] = pelvis + (body[:, HEAD] - pelvis) * tall
    arms = ((LEFT_ELBOW, LEFT_HAND), (RIGHT_ELBOW, RIGHT_HAND))
    if shoulders is None:
        neck = pelvis + NECK_ALONG_SPINE * (body[:, HEAD] - pelvis)
        new_neck = pelvis + (neck - pelvis) * tall
        elbows = [new_neck + (body[:, elbow] - neck) * tall for elbow, _ in arms]
    else:
        middle = shoulders.mean(axis=1)
        resting = None
        if at_rest is not None and at_rest[2] is not None:
            resting = at_rest[2].mean(axis=0) - at_rest[0][PELVIS]
        high = TRUNK / _straight(middle - pelvis, resting)
        new_middle = pelvis + (middle - pelvis) * high
        broad = _factor(SHOULDER_ASIDE, shoulders - middle[:, None])
        upper = body[:, [LEFT_ELBOW, RIGHT_ELBOW]] - shoulders
        long = _factor(UPPER_ARM, upper)
        both = new_middle[:, None] + (shoulders - middle[:, None]) * broad + upper * long
        elbows = [both[:, 0], both[:, 1]]
    lower = body[:, [LEFT_HAND, RIGHT_HAND]] - body[:, [LEFT_ELBOW, RIGHT_ELBOW]]
    fore = _factor(FOREARM, lower)
    for side, (elbow, hand) in enumerate(arms):
        done[:, elbow] = elbows[side]
        done[:, hand] = elbows[side] + lower[:, side] * fore
    return done, new_hips


def _factor(length: float, bones: Floats) -> float:
    """What makes bones [..., 3] as long as they should be; 1 if they have no length."""
    found = float(np.median(np.linalg.norm(bones, axis=-1)))
    return length / found if found > 1e-3 * length else 1.0


def _straight(spine: Floats, at_rest: Floats | None) -> float:
    """The length of a spine [t, 3] when it is straight: that of the rest pose, as somebody who crawls never stands.

    Without a rest pose, or if it is more bent than the motion, nearly the longest that the motion shows.
    """
    seen = float(np.percentile(np.linalg.norm(spine, axis=-1), 95))
    resting = 0.0 if at_rest is None else float(np.linalg.norm(at_rest))
    return resting if 0.95 * seen < resting < 2 * seen else seen


def _is_same_body(body: Floats, hips: Floats, rest: tuple[Floats, Floats, Floats | None]) -> bool:
    """Whether the rest pose has the legs of the motion."""

    def legs(joints: Floats, tops: Floats) -> float:
        knees, feet = joints[..., [LEFT_KNEE, RIGHT_KNEE], :], joints[..., [LEFT_FOOT, RIGHT_FOOT], :]
        lengths = np.linalg.norm(knees - tops, axis=-1) + np.linalg.norm(feet - knees, axis=-1)
        return float(np.median(lengths))

    moving = legs(body, hips)
    return abs(legs(rest[0], rest[1]) - moving) < _SAME_BODY * moving


def _knee(hip: Floats, knee: Floats, foot: Floats) -> Floats:
    """The knee [t, 3] of a thigh and a shin of one length, between the same hip and foot, on the same side of them."""
    thigh, shin, reach = knee - hip, foot - knee, foot - hip
    bone = (np.linalg.norm(thigh, axis=-1) + np.linalg.norm(shin, axis=-1)) / 2
    length = np.linalg.norm(reach, axis=-1)
    way = reach / np.maximum(length, 1e-9)[:, None]
    aside = thigh - (thigh * way).sum(axis=-1, keepdims=True) * way
    aside /= np.maximum(np.linalg.norm(aside, axis=-1, keepdims=True), 1e-9)
    out = np.sqrt(np.maximum(bone**2 - (length / 2) ** 2, 0))
    bent: Floats = hip + reach / 2 + aside * out[:, None]
    return bent
