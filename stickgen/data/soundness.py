"""Checks that a capture shows a moving person: leaps, bones, speed, trembling, stillness.

The limits lie well outside the range of 231 captures of CMU and Bandai-Namco (in brackets, the extreme). They are in
skeleton units; one is about the height of a person. Measured by `benchmarks/capture_limits.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError
from stickgen.motion.skeleton import (
    FPS,
    HEAD,
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    PELVIS,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_KNEE,
)

Floats = NDArray[np.float64]
LEAP = 0.5  # of a joint between two frames [0.24]
LEAP_SPEED = 25.0  # units per second of a joint, in a leap [28, in steps of 0.24]
BRIDGED_SECONDS = 0.5  # the longest gap that is filled
BRIDGED_SHARE = 0.2  # of the frames
MAX_SECONDS = 3600.0
TRUNK = 0.3, 1.1  # pelvis to head [0.55 to 0.71 of a leg of 1]
THIGH_BY_SHIN = 0.4, 2.5  # [0.74 to 1.04]
FOREARM = 0.1, 0.9  # of a leg of 1 [0.17 to 0.28]
HIP_WIDTH = 0.9  # of a leg of 1 [0.29]
BONE_CHANGE = 0.35  # of its length, in nine tenths of the frames [0.00]
TRAVEL_SPEED = 7.0  # units per second, sustained: the fastest man alive [3.0]
# a pelvis faster than that, whose feet go along with it for so much of its speed
SLIDING_SPEED, SLIDING = 4.5, 0.6
JERK = 5000.0  # units per second cubed at 25 fps, the median [834]
STILL = 0.01  # units, the range of every joint over the whole capture [0.016]


def sound_frames(
    points: Floats, fps: float, file: str, first: int = 0
) -> tuple[Floats, tuple[str, ...], int]:
    """[t, j, 3] without the frames that leap away from the rest, sentences about what was done, and how many frames
    were dropped at the start.

    A leap that returns within half a second is bridged. If it takes longer, only the longest piece is kept. `first` is
    the number of the first frame in the file. Raises StickgenError if too little is left.
    """
    if len(points) / fps > MAX_SECONDS:
        raise StickgenError(
            f"{file}: {len(points):,} frames at {fps:g} a second are more than an hour; give the true rate with --fps, or "
            "split the file"
        )
    limit = max(LEAP, LEAP_SPEED / fps)
    leaps = np.flatnonzero(np.linalg.norm(np.diff(points, axis=0), axis=-1).max(axis=1) > limit) + 1
    if not len(leaps):
        return points, (), 0
    edges = [0, *leaps.tolist(), len(points)]
    pieces = list(zip(edges[:-1], edges[1:], strict=True))
    main = max(range(len(pieces)), key=lambda number: pieces[number][1] - pieces[number][0])
    kept = [pieces[main]]
    for later in pieces[main + 1 :]:
        if _joins(points, kept[-1][1] - 1, later[0], limit, fps):
            kept.append(later)
    for earlier in reversed(pieces[:main]):
        if _joins(points, earlier[1] - 1, kept[0][0], limit, fps):
            kept.insert(0, earlier)
    start, end = kept[0][0], kept[-1][1]
    good = np.concatenate([np.arange(low, high) for low, high in kept])
    bridged = end - start - len(good)
    if bridged > BRIDGED_SHARE * (end - start) or len(good) < len(points) / 4:
        raise StickgenError(
            f"{file}: {len(points) - len(good)} of {len(points)} frames leap away from the rest; no body moves like that"
        )
    frames = np.arange(start, end)
    shape = points.shape[1:]
    filled = np.stack(
        [np.interp(frames, good, column) for column in points[good].reshape(len(good), -1).T], axis=1
    ).reshape(-1, *shape)
    notes = []
    if bridged:
        bad = sorted(set(frames.tolist()) - set(good.tolist()))
        notes.append(
            f"{bridged} frame{'s' * (bridged > 1)} that leap{'s' * (bridged == 1)} away bridged, the first {bad[0] + first + 1}"
        )
    if start or end < len(points):
        notes.append(
            f"frames {start + first + 1} to {end + first} of {len(points) + first} kept, because of leaps"
        )
    return filled, tuple(notes), start


def _joins(points: Floats, end: int, start: int, limit: float, fps: float) -> bool:
    """Whether a body can get from its pose at `end` to that at `start`."""
    gap = start - end
    if gap > max(BRIDGED_SECONDS * fps, 2):
        return False
    return bool(np.linalg.norm(points[start] - points[end], axis=-1).max() <= limit * min(gap, 3))


def check_body(body: Floats, hips: Floats, up: Floats, file: str) -> None:
    """Raise StickgenError unless [t, 10, 3] has the bones of a person; `hips` are [t, 2, 3]."""

    def length(start: Floats, end: Floats) -> Floats:
        distance: Floats = np.linalg.norm(start - end, axis=-1) * 2  # a leg is 1
        return distance

    joint = body.swapaxes(0, 1)
    thighs = length(hips[:, 0], joint[LEFT_KNEE]), length(hips[:, 1], joint[RIGHT_KNEE])
    shins = length(joint[LEFT_KNEE], joint[LEFT_FOOT]), length(joint[RIGHT_KNEE], joint[RIGHT_FOOT])
    forearms = length(joint[LEFT_ELBOW], joint[LEFT_HAND]), length(joint[RIGHT_ELBOW], joint[RIGHT_HAND])
    trunk = length(joint[PELVIS], joint[HEAD])
    typical = {
        "trunk": (float(np.median(trunk)), TRUNK),
        "left thigh by its shin": (_ratio(thighs[0], shins[0]), THIGH_BY_SHIN),
        "right thigh by its shin": (_ratio(thighs[1], shins[1]), THIGH_BY_SHIN),
        "left forearm": (float(np.median(forearms[0])), FOREARM),
        "right forearm": (float(np.median(forearms[1])), FOREARM),
        "left leg by the right": (_ratio(thighs[0] + shins[0], thighs[1] + shins[1]), (0.7, 1.4)),
        "hips": (float(np.median(length(hips[:, 0], hips[:, 1]))), (0.0, HIP_WIDTH)),
    }
    for name, (found, (least, most)) in typical.items():
        if not least <= found <= most:
            raise StickgenError(
                f"{file}: not the bones of a person: its {name} is {found:.2f} of a leg, a person's {least} to {most}; "
                "name the joints with --joints"
            )
    for name, bone in {"thigh": thighs[0], "shin": shins[0], "forearm": forearms[0]}.items():
        low, middle, high = np.percentile(bone, (5, 50, 95))
        if high - low > BONE_CHANGE * middle:
            raise StickgenError(
                f"{file}: not the bones of a person: its left {name} changes its length by {(high - low) / middle:.0%}"
            )
    legs = flat_up(hips.mean(axis=1) - (joint[LEFT_FOOT] + joint[RIGHT_FOOT]) / 2, up)
    arms_down = np.minimum(joint[LEFT_HAND] @ up, joint[RIGHT_HAND] @ up)
    feet = np.minimum(joint[LEFT_FOOT] @ up, joint[RIGHT_FOOT] @ up)
    level = np.abs(flat_up(joint[HEAD] - joint[PELVIS], up)) < 0.5
    on_fours = level & (legs > 0.8) & (np.abs(arms_down - feet) < 0.15)
    if np.mean(on_fours) > 0.9:
        raise StickgenError(f"{file}: it walks on four legs, which the figure cannot do; remove it")


def _ratio(first: Floats, second: Floats) -> float:
    return float(np.median(first)) / max(float(np.median(second)), 1e-9)


def check_movement(body: Floats, up: Floats, fps: float, file: str) -> None:
    """Raise StickgenError if [t, 10, 3] moves as no person can, or not at all."""
    if np.ptp(body, axis=0).max() < STILL:
        raise StickgenError(f"{file}: it stands still throughout, so there is nothing to learn from it")
    window = max(round(fps / 5), 1)
    if len(body) > 2 * window:
        travel = flat(body[window:, PELVIS] - body[:-window, PELVIS], up) * (fps / window)
        pelvis = np.linalg.norm(travel, axis=-1)
        feet = body[:, [LEFT_FOOT, RIGHT_FOOT]]
        slower = np.linalg.norm(flat(feet[window:] - feet[:-window], up), axis=-1).min(axis=1) * (
            fps / window
        )
        fast = float(np.percentile(pelvis, 90))
        slides = float(np.median(slower)) > SLIDING * float(np.median(pelvis))
        if fast > TRAVEL_SPEED or (fast > SLIDING_SPEED and slides):
            raise StickgenError(
                f"{file}: it travels at {fast * 1.7:.0f} m/s; its positions are in another unit than its bones, or its frame "
                "rate is wrong (--fps)"
            )
    step = max(round(fps / FPS), 1)
    sampled = body[::step]
    if len(sampled) > 8:
        rate = fps / step
        jerk = np.linalg.norm(np.diff(sampled, n=3, axis=0), axis=-1).max(axis=1) * rate**3
        if float(np.median(jerk)) > JERK:
            raise StickgenError(f"{file}: its joints tremble more than any body; it is noise, or no motion")


def flat(vectors: Floats, up: Floats) -> Floats:
    """The horizontal part of vectors [..., 3]."""
    level: Floats = vectors - (vectors @ up)[..., None] * up
    return level


def flat_up(vectors: Floats, up: Floats) -> Floats:
    """The upward share of vectors [..., 3], relative to their length; [...]."""
    share: Floats = (vectors @ up) / np.maximum(np.linalg.norm(vectors, axis=-1), 1e-9)
    return share
