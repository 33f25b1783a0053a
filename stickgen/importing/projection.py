"""Projects joints in space to the ten joints of the figure in a plane, on the floor, at 25 fps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stickgen.data.soundness import check_body, check_movement, flat, sound_frames
from stickgen.errors import StickgenError
from stickgen.importing.body import LEG, standard_body
from stickgen.importing.capture import Capture
from stickgen.importing.joint_names import find_joints
from stickgen.importing.shoulders import find_shoulders
from stickgen.importing.views import seen_from
from stickgen.motion.skeleton import FPS, JOINTS, LEFT_FOOT, PELVIS, RIGHT_FOOT

Floats = NDArray[np.float64]
HALF_SECOND = 13  # frames
STILL_RANGE = 0.015  # units: a joint that stays within this range for half a second is still (2.5 cm)


@dataclass(frozen=True)
class Figure:
    """A capture as a figure, and facts that the plane no longer shows."""

    motion: NDArray[np.float32]  # [t, 20] at 25 fps, in skeleton units
    view: str  # side, front, turning, or fixed:DEGREES
    forward: float  # mean speed of the pelvis in the direction the body faces, units per second
    leftward: float  # and to the body's left
    stride: float  # how far a foot moves relative to the pelvis: without steps the figure glides, and may face anywhere
    notes: tuple[str, ...] = ()  # what was bridged or dropped
    start: float = 0.0  # seconds of the capture before the first frame of the motion


def project(
    capture: Capture,
    file: str,
    fps: float,
    *,
    view: str = "auto",
    joints: Mapping[str, str] | None = None,
    body: str = "standard",
) -> Figure:
    """The figure's motion from one view. Arguments and errors are those of `figures`."""
    return figures(capture, file, fps, views=(view,), joints=joints, body=body)[0]


def figures(
    capture: Capture,
    file: str,
    fps: float,
    *,
    views: Sequence[str] = ("auto",),
    joints: Mapping[str, str] | None = None,
    body: str = "standard",
) -> list[Figure]:
    """The figure's motion from each of `views` (`views.read_views`), with at most half a second of stillness at either end.

    `fps` is the capture's true rate, which may differ from the file's. `joints` maps joints of the figure to those of
    the file. `body` is standard for the figure's own lengths of bones, or keep for those of the capture. Views that are
    the same are there once. Raises StickgenError if joints are missing, form no body, or move as no body can.
    """
    found = find_joints(
        capture.names,
        file,
        parents=capture.parents,
        rest=capture.rest,
        positions=capture.positions,
        given=joints,
    )
    at = {name: capture.positions[:, index] for name, index in found.items()}
    legs = [
        np.linalg.norm(at[f"{side} hip"] - at[f"{side} knee"], axis=-1)
        + np.linalg.norm(at[f"{side} knee"] - at[f"{side} foot"], axis=-1)
        for side in ("left", "right")
    ]
    leg = float(np.median(legs))
    if not leg > 0:
        raise StickgenError(f"{file}: its legs have no length, so the size of the body is unknown")
    up = up_axis(capture, found)
    arms = find_shoulders(capture.names, found, capture.parents, capture.positions)
    whole = _figure_joints(capture, capture.positions, found, arms) * (LEG / leg)
    whole, notes, dropped = sound_frames(whole, fps, file, first=capture.rest_frames)
    figure, hips, shoulders = _parts(whole)
    check_body(figure, hips, up, file)
    check_movement(figure, up, fps, file)
    if body == "standard":
        rest = _figure_joints(capture, capture.rest[None], found, arms)[0] * (LEG / leg)
        figure, hips = standard_body(figure, hips, shoulders, _parts(rest))
    left = flat(hips[:, 0] - hips[:, 1], up)
    about = figure[:, [LEFT_FOOT, RIGHT_FOOT]] - figure[:, PELVIS, None]
    facts = *_heading(figure[:, PELVIS], left, up, fps), float(np.ptp(about, axis=0).max()), notes
    found_views: dict[str, Figure] = {}
    for view in views:
        plane, seen = seen_from(figure, left, up, fps, view)
        if seen not in found_views:
            motion, still = _on_the_floor(plane, fps)
            start = (capture.rest_frames + dropped) / fps + still / FPS
            found_views[seen] = Figure(motion, seen, *facts, start=start)
    return list(found_views.values())


def _on_the_floor(plane: Floats, fps: float) -> tuple[NDArray[np.float32], int]:
    """A body in the plane [t, 10, 2] as a motion [t, 20] at 25 fps, and how many of its still frames were cut before it."""
    plane[..., 1] -= np.percentile(plane[:, [LEFT_FOOT, RIGHT_FOOT], 1].min(axis=1), 2)
    motion = resample(plane.reshape(len(plane), -1), fps)
    moving = trim(motion)
    motion = motion[moving]
    motion[:, 0::2] -= motion[0, 2 * PELVIS]
    return motion.astype(np.float32), moving.start


def _heading(pelvis: Floats, left: Floats, up: Floats, fps: float) -> tuple[float, float]:
    """Mean speed forwards and to the left, from the positions of the pelvis and the directions to its left, [t, 3]."""
    if len(pelvis) < 2:
        return 0.0, 0.0
    left = left / np.maximum(np.linalg.norm(left, axis=-1, keepdims=True), 1e-9)
    velocity = np.diff(pelvis, axis=0) * fps
    forward = np.cross(left, up)
    return (
        float((velocity * forward[1:]).sum(axis=-1).mean()),
        float((velocity * left[1:]).sum(axis=-1).mean()),
    )


def _figure_joints(
    capture: Capture, positions: Floats, found: Mapping[str, int], shoulders: tuple[int, int] | None
) -> Floats:
    """The ten joints, the two hips and, if there are any, the two shoulders: [t, 12 or 14, 3]."""
    at = {name: positions[:, index] for name, index in found.items()}
    more = [at["left hip"], at["right hip"], *(positions[:, index] for index in shoulders or ())]
    return np.concatenate((ten_joints(capture, at, positions), np.stack(more, axis=1)), axis=1)


def _parts(whole: Floats) -> tuple[Floats, Floats, Floats | None]:
    """The ten joints, the hips and the shoulders of [..., 12 or 14, 3]."""
    count = len(JOINTS)
    shoulders = whole[..., count + 2 :, :]
    return whole[..., :count, :], whole[..., count : count + 2, :], shoulders if shoulders.size else None


def ten_joints(capture: Capture, at: dict[str, Floats], positions: Floats | None = None) -> Floats:
    """The positions of the ten joints [t, 10, 3], in the order of JOINTS and the file's units.

    `positions` are those of all joints, the capture's own by default.
    """
    tips = [index for index, name in enumerate(capture.names) if name.lower() == "head end"]
    head = at["head"]
    if tips:  # the joint is at the base of the skull and its end on top, so the centre is between them
        head = (head + (capture.positions if positions is None else positions)[:, tips[0]]) / 2
    at = {**at, "head": head, "pelvis": (at["left hip"] + at["right hip"]) / 2}
    return np.stack([at[name.replace("_", " ")] for name in JOINTS], axis=1)


def up_axis(capture: Capture, joints: dict[str, int]) -> Floats:
    """The unit vector that points up: Y or Z.

    The rest pose stands, so its axis counts if the body is aligned with it in at least one frame of twenty. If it never
    is (some exporters turn the root by 90°), the usual posture of the body decides.
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


def resample(motion: Floats, fps: float) -> Floats:
    """[t, 20] at `fps` → at 25 fps, interpolated between neighbouring frames."""
    seconds = (len(motion) - 1) / fps
    times = np.arange(int(seconds * FPS + 1e-6) + 1) / FPS * fps
    low = np.minimum(times.astype(int), len(motion) - 1)
    high = np.minimum(low + 1, len(motion) - 1)
    part = (times - low)[:, None]
    blended: Floats = motion[low] * (1 - part) + motion[high] * part
    return blended


def trim(motion: Floats) -> slice:
    """The frames of [t, 20] that cut the stillness at either end to half a second.

    A motion that is still throughout (a held pose) stays as it is.
    """
    everything = slice(0, len(motion))
    if len(motion) <= FPS:
        return everything
    windows = np.lib.stride_tricks.sliding_window_view(motion, HALF_SECOND, axis=0)  # [t - 12, 20, 13]
    moving = np.flatnonzero(np.ptp(windows, axis=2).max(axis=1) > STILL_RANGE)
    if not len(moving):
        return everything
    # the first moving window has its movement at its end, after half a second of stillness
    before, after = int(moving[0]), len(motion) - (int(moving[-1]) + HALF_SECOND)
    start = before if before > HALF_SECOND else 0
    end = len(motion) - after if after > HALF_SECOND else len(motion)
    return slice(start, end)
