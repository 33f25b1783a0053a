"""People of synthetic motion as a camera and a pose detector would see them: points in pixels, y down, with confidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stickgen.data.synthetic.compose import perform
from stickgen.motion.skeleton import FPS, HEAD, JOINTS, NECK_ALONG_SPINE, PELVIS

Floats = NDArray[np.float64]
Body = dict[str, Floats]  # [t, 3] by name: x, y, confidence
WIDTH, HEIGHT = 1920, 1080
_SIDES = ("left", "right")
COCO = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
BODY_25 = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist", "mid_hip",
    "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye", "left_eye", "right_ear",
    "left_ear", "left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip
COCO_18 = (*BODY_25[:8], *BODY_25[9:19])
HALPE_26 = (
    *COCO, "crown", "neck", "mid_hip", "left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe", "left_heel",
    "right_heel",
)  # fmt: skip
BLAZEPOSE = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer", "left_ear",
    "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
    "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel", "right_heel", "left_foot_index",
    "right_foot_index",
)  # fmt: skip


def motion_of(action: str, seed: int = 0, frames: int = 75) -> Floats:
    """A synthetic motion [t, 20] that shows an action only."""
    clip = perform(action, seed)
    return clip.motion[: min(frames, int((clip.actions == clip.actions[0]).sum()))].astype(np.float64)


def body_of(
    motion: Floats,
    *,
    fps: float = FPS,
    tall: float = 400.0,
    start: float = 300.0,
    facing: float = 1.0,
    wide: float = 0.01,
    noise: float = 0.0,
) -> Body:
    """A motion [t, 20] as the points of a detector, in pixels of a picture.

    `tall` pixels are a unit; `start` is where the pelvis begins. `facing` is 1 to the right; -1 turns the body round.
    `wide` is the half width of shoulders in units: 0.01 from the side, 0.11 from the front.
    """
    seconds = (len(motion) - 1) / FPS
    times = np.arange(int(seconds * fps + 1e-6) + 1) / fps * FPS
    motion = np.stack([np.interp(times, np.arange(len(motion)), column) for column in motion.T], axis=1)
    points = motion.reshape(len(motion), 10, 2) * (facing, 1)
    at = {
        name.replace("hand", "wrist").replace("foot", "ankle"): points[:, i] for i, name in enumerate(JOINTS)
    }
    pelvis, head = points[:, PELVIS], points[:, HEAD]
    neck = pelvis + NECK_ALONG_SPINE * (head - pelvis)
    at |= {"mid_hip": pelvis, "neck": neck, "crown": head + (0, 0.05)}
    aside, ahead = np.array([wide, 0.0]), np.array([0.05 * facing, 0.0])
    at["nose"] = head + ahead * (wide < 0.05)
    for side, sign in zip(_SIDES, (1, -1), strict=True):
        at[f"{side}_shoulder"], at[f"{side}_hip"] = neck + aside * sign, pelvis + aside * sign * 0.5
        at[f"{side}_ear"], at[f"{side}_eye"] = head + aside * sign * 0.5, at["nose"] + aside * sign * 0.2
        for toe in ("big_toe", "small_toe", "foot_index", "heel"):
            at[f"{side}_{toe}"] = at[f"{side}_ankle"] + ahead
    for name in BLAZEPOSE:
        if name not in at:
            at[name] = (
                at["nose"]
                if name.startswith(("left_eye", "right_eye", "mouth"))
                else at[name.split("_")[0] + "_wrist"]
            )
    rng = np.random.default_rng(0)
    body = {}
    for name, place in at.items():
        x, y = start + place[:, 0] * tall, HEIGHT - 80 - place[:, 1] * tall
        sure = rng.uniform(0.6, 0.98, len(x))
        body[name] = np.stack((x, y, sure), axis=1)
        body[name][:, :2] += rng.normal(0, noise, (len(x), 2))
    return body


def in_order(body: Body, names: Sequence[str]) -> Floats:
    """[t, n, 3]."""
    return np.stack([body[name] for name in names], axis=1)


def write_openpose(
    folder: Path,
    bodies: Sequence[Floats | None],
    *,
    name: str = "walk",
    numbers: Sequence[int] | None = None,
    first: Sequence[int] = (),
) -> Path:
    """Bodies [t, n, 3] as OpenPose writes them, a file a frame; `first` is the frame in which each appears."""
    folder.mkdir(parents=True, exist_ok=True)
    starts = list(first) or [0] * len(bodies)
    last = max(start + len(body) for start, body in zip(starts, bodies, strict=True) if body is not None)
    for frame in range(last):
        people = [
            openpose_person(body[frame - start], numbers[place] if numbers else -1)
            for place, (start, body) in enumerate(zip(starts, bodies, strict=True))
            if body is not None and 0 <= frame - start < len(body)
        ]
        text = json.dumps({"version": 1.3, "people": people}, separators=(",", ":"))
        (folder / f"{name}_{frame:012d}_keypoints.json").write_text(text)
    return folder


def openpose_person(points: Floats, number: int = -1) -> dict[str, Any]:
    """One body [n, 3] as OpenPose writes it; a point without confidence is written as zeros."""
    points = np.where(points[:, 2:] > 0, points, 0.0)
    return {
        "person_id": [number],
        "pose_keypoints_2d": [round(float(value), 3) for value in points.ravel()],
        "face_keypoints_2d": [],
        "hand_left_keypoints_2d": [],
        "hand_right_keypoints_2d": [],
        "pose_keypoints_3d": [],
    }


def away(found: NDArray[np.floating], original: NDArray[np.floating]) -> float:
    """How far, in units, joints of two motions [t, 20] lie apart: the largest mean of a frame, of the best alignment of ±3 frames."""
    best = np.inf
    for shift in range(-3, 4):
        first, second = found[max(shift, 0) :], original[max(-shift, 0) :]
        count = min(len(first), len(second))
        pair = [part[:count].reshape(count, 10, 2).copy() for part in (first, second)]
        for part in pair:
            part[..., 0] -= part[:1, PELVIS : PELVIS + 1, 0]
        best = min(best, float(np.linalg.norm(pair[0] - pair[1], axis=-1).mean(axis=1).max()))
    return best
