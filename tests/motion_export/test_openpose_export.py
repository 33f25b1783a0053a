"""OpenPose's JSON shows the figure where a camera that stands still would see it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from motions import Motion, any_motions, performed
from numpy.typing import NDArray

from stickgen.importing.clips import import_archives
from stickgen.motion.skeleton import FPS, HEAD, JOINTS, NECK_ALONG_SPINE, PELVIS
from stickgen.motion_export.formats.openpose import BODY_25, COCO_18, SIZE, Layout, frame_name, frames

Floats = NDArray[np.float64]
# as OpenPose numbers them (doc/02_output.md); written here once more, by name
ORDER = {
    "BODY_25": "Nose Neck RShoulder RElbow RWrist LShoulder LElbow LWrist MidHip RHip RKnee RAnkle LHip LKnee LAnkle "
    "REye LEye REar LEar LBigToe LSmallToe LHeel RBigToe RSmallToe RHeel",
    "COCO_18": "Nose Neck RShoulder RElbow RWrist LShoulder LElbow LWrist RHip RKnee RAnkle LHip LKnee LAnkle "
    "REye LEye REar LEar",
}
OURS = {
    "Nose": "head", "RElbow": "right_elbow", "RWrist": "right_hand", "LElbow": "left_elbow", "LWrist": "left_hand",
    "MidHip": "pelvis", "RHip": "pelvis", "RKnee": "right_knee", "RAnkle": "right_foot", "LHip": "pelvis",
    "LKnee": "left_knee", "LAnkle": "left_foot",
}  # fmt: skip


def seen(motion: Motion, layout: Layout, size: tuple[int, int] = SIZE) -> dict[str, Floats]:
    """[t, 3] of each keypoint by its name: x, y, confidence."""
    people = [json.loads(frame)["people"] for frame in frames(motion, layout, size)]
    assert all(len(each) == 1 for each in people)
    points = np.array([each[0]["pose_keypoints_2d"] for each in people]).reshape(len(motion), -1, 3)
    return {name: points[:, at] for at, name in enumerate(ORDER[layout.name].split())}


@pytest.mark.parametrize("layout", [BODY_25, COCO_18], ids=lambda layout: layout.name)
def test_every_joint_is_the_keypoint_of_its_name_and_what_the_figure_lacks_is_not_seen(
    layout: Layout,
) -> None:
    motion = performed("walk")
    points = np.array(motion).reshape(len(motion), -1, 2)
    keypoints = seen(motion, layout)
    assert len(keypoints) == len(ORDER[layout.name].split())
    nose, hip = keypoints["Nose"], keypoints["RHip"]
    scale = (hip[0, 1] - nose[0, 1]) / (points[0, HEAD, 1] - points[0, PELVIS, 1])
    for name, found in keypoints.items():
        if name in OURS:
            wanted = points[:, JOINTS.index(OURS[name])]
        elif name in {"Neck", "LShoulder", "RShoulder"}:
            wanted = points[:, PELVIS] + NECK_ALONG_SPINE * (points[:, HEAD] - points[:, PELVIS])
        else:
            assert not found.any()
            continue
        assert (found[:, 2] == 1).all()
        moved = (wanted - points[0, HEAD]) * (scale, -scale)  # y down
        assert np.abs(found[:, :2] - (nose[0, :2] + moved)).max() < 0.01


@given(any_motions())
def test_whatever_moves_is_in_the_picture(motion: Motion) -> None:
    for size in (SIZE, (512, 768), (64, 16)):
        for name, found in seen(motion, COCO_18, size).items():
            if name in OURS:
                assert (found[:, :2] > 0).all() and (found[:, :2] < size).all()


def test_a_frame_says_how_large_its_picture_is_and_has_openposes_name() -> None:
    frame = json.loads(frames(performed("wave"), size=(512, 768))[0])
    assert (frame["canvas_width"], frame["canvas_height"]) == (512, 768)
    assert frame["version"] == 1.3
    assert frame_name("wave", 7) == "wave_000000000007_keypoints.json"


@pytest.mark.parametrize("layout", [BODY_25, COCO_18], ids=lambda layout: layout.name)
@pytest.mark.parametrize("action", ["walk", "wave", "kick"])
def test_our_import_of_keypoints_gives_the_motion_back(tmp_path: Path, layout: Layout, action: str) -> None:
    motion = performed(action)
    for number, frame in enumerate(frames(motion, layout)):
        (tmp_path / frame_name("clip", number)).write_bytes(frame)
    report = import_archives([tmp_path], fps=FPS)
    assert not report.skipped
    (clip,) = report.clips
    read = np.asarray(clip.motion).reshape(-1, len(JOINTS), 2)
    wanted = np.array(motion).reshape(-1, len(JOINTS), 2)[: len(read)]
    read, wanted = read - read[0, PELVIS], wanted - wanted[0, PELVIS]
    # an import turns figures to face +x, and one that stands with both hips at a point may face either way
    away = min(float(np.linalg.norm(read * (sign, 1) - wanted, axis=-1).mean()) for sign in (1, -1))
    assert away < 0.02
