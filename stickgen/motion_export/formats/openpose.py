"""OpenPose's JSON: the figure as a pose detector would see it in a video, for ControlNet and pose-to-video models.

One file a frame, pixels from the top left with y down, and a camera that stands still.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import ArrayLike, NDArray

from stickgen.motion.draw import HEAD_RADIUS
from stickgen.motion.skeleton import (
    HEAD,
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    NECK,
    NECK_ALONG_SPINE,
    NUM_JOINTS,
    PELVIS,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_KNEE,
)
from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import Look
from stickgen.outputs import Kind

Floats = NDArray[np.float64]
SIZE = 1280, 720  # pixels of the video
_MARGIN = 0.06  # of the height of the picture, around all that moves
_HIDDEN = 0.0, 0.0, 0.0  # how OpenPose writes a keypoint that it does not see
# The figure has one point for both shoulders and one for both hips. Eyes, ears, toes and heels it does not have.
_BODY: tuple[int, ...] = (
    HEAD, NECK,
    NECK, RIGHT_ELBOW, RIGHT_HAND, NECK, LEFT_ELBOW, LEFT_HAND,
)  # fmt: skip
_LEGS: tuple[int, ...] = (PELVIS, RIGHT_KNEE, RIGHT_FOOT, PELVIS, LEFT_KNEE, LEFT_FOOT)


@dataclass(frozen=True)
class Layout:
    """An order of keypoints: a joint of the figure each, then as many that it does not have."""

    name: str
    joints: tuple[int, ...]
    absent: int


BODY_25 = Layout("BODY_25", (*_BODY, PELVIS, *_LEGS), 10)  # eyes, ears; toes and heels
COCO_18 = Layout("COCO_18", (*_BODY, *_LEGS), 4)  # eyes, ears
LAYOUTS = {layout.name: layout for layout in (BODY_25, COCO_18)}


def pixels(motion: ArrayLike, size: tuple[int, int] = SIZE) -> Floats:
    """The ten joints [t, 10, 2] and, as the eleventh, the neck, in a picture of `size` that shows all of the motion.

    The floor is level with the bottom margin, unless a joint goes below it.
    """
    points = np.asarray(motion, dtype=np.float64).reshape(-1, NUM_JOINTS, 2)
    neck = points[:, PELVIS] + NECK_ALONG_SPINE * (points[:, HEAD] - points[:, PELVIS])
    points = np.concatenate((points, neck[:, None]), axis=1)
    low, high = points.min(axis=(0, 1)) - HEAD_RADIUS, points.max(axis=(0, 1)) + HEAD_RADIUS
    width, height = size
    margin = _MARGIN * height
    scale = min((width - 2 * margin) / (high[0] - low[0]), (height - 2 * margin) / (high[1] - low[1]))
    placed: Floats = np.empty_like(points)
    placed[..., 0] = width / 2 + (points[..., 0] - (low[0] + high[0]) / 2) * scale
    placed[..., 1] = height - margin - (points[..., 1] - low[1]) * scale
    return placed


def frames(motion: ArrayLike, layout: Layout = BODY_25, size: tuple[int, int] = SIZE) -> list[bytes]:
    """The JSON of each frame of a motion [t, 20]."""
    found = []
    for points in pixels(motion, size).round(3).tolist():
        keypoints = [value for joint in layout.joints for value in (*points[joint], 1.0)]
        keypoints += _HIDDEN * layout.absent
        person = {
            "person_id": [-1],  # OpenPose's word for not tracked
            "pose_keypoints_2d": keypoints,
            "face_keypoints_2d": [], "hand_left_keypoints_2d": [], "hand_right_keypoints_2d": [],
            "pose_keypoints_3d": [], "face_keypoints_3d": [],
            "hand_left_keypoints_3d": [], "hand_right_keypoints_3d": [],
        }  # fmt: skip
        frame = {"version": 1.3, "people": [person], "canvas_width": size[0], "canvas_height": size[1]}
        found.append(orjson.dumps(frame))
    return found


def frame_name(clip: str, frame: int) -> str:
    """The name that OpenPose gives the file of a frame."""
    return f"{clip}_{frame:012d}_keypoints.json"


def _several(clips: Sequence[Clip], look: Look, layout: Layout) -> Iterator[tuple[str, bytes]]:
    for number, clip in enumerate(clips, 1):
        name = "motion" if len(clips) == 1 else f"motion-{number}"
        folder = "" if len(clips) == 1 else f"{name}/"
        for frame, content in enumerate(frames(clip.motion, layout, (look.width, look.height))):
            yield folder + frame_name(name, frame), content


def _export(name: str, layout: Layout) -> Export:
    return Export(
        name=name,
        suffixes=(),
        kind=Kind("a folder of OpenPose JSON", lambda path: False),
        about=f"{layout.name} keypoints in pixels, 1280 × 720 without a style, a JSON file a frame",
        opened_by="ControlNet, pose-to-video models, whatever reads OpenPose",
        limits="both shoulders are at the neck and both hips at the pelvis; no eyes, ears, toes and heels",
        several=lambda clips, look: _several(clips, look, layout),
        look=Look(width=SIZE[0], height=SIZE[1]),
    )


BODY = _export("openpose", BODY_25)
COCO = _export("openpose-coco", COCO_18)
