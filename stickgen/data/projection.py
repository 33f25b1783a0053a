"""From joints in space to the ten joints of the figure in a plane, on the floor, at 25 fps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stickgen.data.bvh import Capture
from stickgen.data.joint_names import find_joints
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import FPS, JOINTS, LEFT_FOOT, PELVIS, RIGHT_FOOT

Floats = NDArray[np.float64]
LEG = 0.5  # thigh and shin together, in skeleton units
TRAVEL = 0.6  # units: a pelvis that moves about more than this is seen from the side of its way
HALF_SECOND = 13  # frames
STILL_RANGE = 0.015  # units: a joint that stays within so much for half a second is still (2.5 cm)


def project(capture: Capture, file: str, fps: float) -> NDArray[np.float32]:
    """The figure's motion [t, 20] at 25 fps, in skeleton units, without more than half a second of stillness
    at either end.

    `fps` is the capture's true rate, which the file may have wrong. Raises StickgenError where joints are
    missing or make no body.
    """
    joints = find_joints(capture.names, file)
    at = {name: capture.positions[:, index] for name, index in joints.items()}
    legs = [
        np.linalg.norm(at[f"{side} hip"] - at[f"{side} knee"], axis=-1)
        + np.linalg.norm(at[f"{side} knee"] - at[f"{side} foot"], axis=-1)
        for side in ("left", "right")
    ]
    leg = float(np.median(legs))
    if not leg > 0:
        raise StickgenError(f"{file}: its legs have no length, so nothing tells how large it is")
    up = _up(capture, joints)
    body = _ten_joints(capture, at) * (LEG / leg)
    across = _flat(np.median(at["left hip"] - at["right hip"], axis=0), up)
    along = _axis(body, up, across)
    flat = np.stack((body @ along, body @ up), axis=-1)  # [t, 10, 2]
    flat[..., 1] -= np.percentile(flat[:, [LEFT_FOOT, RIGHT_FOOT], 1].min(axis=1), 2)
    motion = trim(resample(flat.reshape(len(flat), -1), fps))
    motion[:, 0::2] -= motion[0, 2 * PELVIS]
    return motion.astype(np.float32)


def _ten_joints(capture: Capture, at: dict[str, Floats]) -> Floats:
    """[t, 10, 3] in the order of JOINTS, in the file's units."""
    tips = [index for index, name in enumerate(capture.names) if name.lower() == "head end"]
    head = at["head"]
    if tips:  # the joint is at the base of the skull, its end on top: the middle is between them
        head = (head + capture.positions[:, tips[0]]) / 2
    at = {**at, "head": head, "pelvis": (at["left hip"] + at["right hip"]) / 2}
    return np.stack([at[name.replace("_", " ")] for name in JOINTS], axis=1)


def _up(capture: Capture, joints: dict[str, int]) -> Floats:
    """The unit vector against gravity: Y or Z.

    The rest pose stands; its axis counts if the body is along it in one frame of twenty at least. A body
    that never is (some exporters turn the root by 90°) tells by how it mostly stands itself.
    """

    def spine(points: Floats) -> Floats:
        vector = (
            points[..., joints["head"], :]
            - (points[..., joints["left foot"], :] + points[..., joints["right foot"], :]) / 2
        )
        length: Floats = vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)
        return length

    standing, moving = spine(capture.rest), spine(capture.positions)
    axis = int(np.abs(standing).argmax())
    if np.mean(moving[:, axis] * np.sign(standing[axis]) > 0.7) < 0.05:
        standing = np.median(moving, axis=0)
        axis = int(np.abs(standing).argmax())
    up = np.zeros(3)
    up[axis] = np.sign(standing[axis]) or 1.0
    return up


def _axis(body: Floats, up: Floats, across: Floats) -> Floats:
    """The horizontal unit vector [3] that becomes +x, for a body [t, 10, 3] in skeleton units.

    Who travels is seen from the side of the way, going to +x, forwards or not. Who stays is seen from where
    most of the movement shows: from the side, facing +x (a bow, a punch), or from the front, with the left
    of the body at +x (a wave, a jumping jack).
    """
    path = _flat(body[:, PELVIS], up)
    way = np.linalg.svd(path - path.mean(axis=0), full_matrices=False)[2][0]
    along = path @ way
    if np.ptp(along) > TRAVEL:
        direction: Floats = way * (np.sign(along[-1] - along[0]) or 1.0)
        return direction
    across = across / max(float(np.linalg.norm(across)), 1e-9)
    forward = np.cross(across, up)
    pose = body - body[:, PELVIS, None]
    from_side, from_front = (float(np.var(pose @ axis, axis=0).sum()) for axis in (forward, across))
    return forward if from_side > from_front else across


def _flat(vectors: Floats, up: Floats) -> Floats:
    """The horizontal part of vectors [..., 3]."""
    level: Floats = vectors - (vectors @ up)[..., None] * up
    return level


def resample(motion: Floats, fps: float) -> Floats:
    """[t, 20] at `fps` → at 25, between neighbouring frames."""
    seconds = (len(motion) - 1) / fps
    times = np.arange(int(seconds * FPS + 1e-6) + 1) / FPS * fps
    low = np.minimum(times.astype(int), len(motion) - 1)
    high = np.minimum(low + 1, len(motion) - 1)
    part = (times - low)[:, None]
    blended: Floats = motion[low] * (1 - part) + motion[high] * part
    return blended


def trim(motion: Floats) -> Floats:
    """Without the stillness at either end, [t, 20], but for half a second of it where there is more than one.

    A motion that is still all along (a pose that is held) stays as it is.
    """
    if len(motion) <= FPS:
        return motion
    windows = np.lib.stride_tricks.sliding_window_view(motion, HALF_SECOND, axis=0)  # [t - 12, 20, 13]
    moving = np.flatnonzero(np.ptp(windows, axis=2).max(axis=1) > STILL_RANGE)
    if not len(moving):
        return motion
    # the first window that moves has its movement at its end, so half a second of stillness before it
    before, after = int(moving[0]), len(motion) - (int(moving[-1]) + HALF_SECOND)
    start = before if before > HALF_SECOND else 0
    end = len(motion) - after if after > HALF_SECOND else len(motion)
    return motion[start:end]
