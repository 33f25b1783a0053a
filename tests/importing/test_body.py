"""The same motion on two bodies is one figure, and the figure keeps its steps."""

from __future__ import annotations

import functools
import zipfile
from pathlib import Path

import numpy as np
import pytest
from walking import BODY, Tree, walking_bvh

from stickgen.importing.body import FOREARM, HEAD_HEIGHT, LEG, UPPER_ARM, standard_body
from stickgen.importing.capture import Capture
from stickgen.importing.clips import import_archives
from stickgen.importing.formats.bvh import read_bvh
from stickgen.importing.joint_names import find_joints
from stickgen.importing.projection import project
from stickgen.importing.shoulders import find_shoulders
from stickgen.motion.skeleton import (
    BONE_LENGTHS,
    BONES,
    HEAD,
    HIP_ASIDE,
    LEFT_FOOT,
    NECK,
    PELVIS,
    RIGHT_FOOT,
    SHOULDER_ASIDE,
)


def built(tree: Tree, sizes: dict[str, float]) -> Tree:
    """The body with the bones that lead to these joints so many times as long; by key without its side."""
    name, offset, children = tree
    size = sizes.get(name, sizes.get(name[1:], 1.0))
    x, y, z = (size * value for value in offset)
    return name, (x, y, z), [built(child, sizes) for child in children]


BODIES = {
    "long trunk": {"spine": 1.5, "neck": 1.3},
    "short trunk": {"neck": 0.7, "shoulder": 0.8},
    "head at its top": {"head": 2.5},
    "long arms": {"elbow": 1.4, "hand": 1.3},
    "short forearms": {"hand": 0.7},
    "broad": {"shoulder": 1.3, "hip": 1.6},
    "a giant": dict.fromkeys(("spine", "neck", "head", "shoulder", "elbow", "hand", "hip", "knee", "foot", "toe"), 12.0),
}  # fmt: skip


def capture(sizes: dict[str, float]) -> Capture:
    """The walk on a body of other sizes; nothing changes it, so it is read once."""
    return _capture(tuple(sizes.items()))


@functools.cache
def _capture(items: tuple[tuple[str, float], ...]) -> Capture:
    sizes = dict(items)
    scale = sizes.get("knee", 1.0)
    return read_bvh(walking_bvh(body=built(BODY, sizes), root_scale=scale), "a.bvh")


@pytest.mark.parametrize("view", ["side", "front"])
@pytest.mark.parametrize("name", BODIES)
def test_the_same_motion_on_two_bodies_is_one_figure(name: str, view: str) -> None:
    one = project(capture({}), "a.bvh", 30, view=view).motion
    other = project(capture(BODIES[name]), "a.bvh", 30, view=view).motion
    assert np.abs(other - one).max() < 0.02  # of a body height; without one body, up to 0.2
    kept = [
        project(capture(sizes), "a.bvh", 30, view=view, body="keep").motion for sizes in ({}, BODIES[name])
    ]
    if name != "a giant":
        assert np.abs(kept[1] - kept[0]).max() > 0.02


def test_thigh_and_shin_of_other_lengths_leave_the_feet_where_they_are() -> None:
    """A planted foot must stay planted, so the knee goes where both bones have one length."""
    sizes = {"knee": 40 / 42, "foot": 42 / 40}  # the same leg
    kept = project(capture(sizes), "a.bvh", 30, body="keep").motion
    done = project(capture(sizes), "a.bvh", 30).motion
    for foot in (LEFT_FOOT, RIGHT_FOOT):
        np.testing.assert_allclose(
            done[:, 2 * foot : 2 * foot + 2], kept[:, 2 * foot : 2 * foot + 2], atol=0.006
        )


def in_space(sizes: dict[str, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The walk's ten joints, hips and shoulders in space, in skeleton units."""
    taken = capture(sizes)
    found = find_joints(taken.names, "a", parents=taken.parents, rest=taken.rest, positions=taken.positions)
    at = {name: taken.positions[:, index] / 164 for name, index in found.items()}
    at["pelvis"] = (at["left hip"] + at["right hip"]) / 2
    order = ["head", "pelvis", "left elbow", "right elbow", "left hand", "right hand", "left knee", "right knee", "left foot", "right foot"]  # fmt: skip
    shoulders = find_shoulders(taken.names, found, taken.parents, taken.positions)
    assert shoulders is not None
    return (
        np.stack([at[name] for name in order], axis=1),
        np.stack([at["left hip"], at["right hip"]], axis=1),
        taken.positions[:, list(shoulders)] / 164,
    )


def test_every_bone_has_the_figure_s_length_and_its_own_direction() -> None:
    body, hips, shoulders = in_space(BODIES["long arms"])
    done, tops = standard_body(body, hips, shoulders, (body[0], hips[0], shoulders[0]))

    def length(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.asarray(np.linalg.norm(first - second, axis=-1))

    np.testing.assert_allclose(length(done[:, 0], done[:, PELVIS]), HEAD_HEIGHT, rtol=0.02)
    np.testing.assert_allclose(length(tops[:, 0], tops[:, 1]), 2 * HIP_ASIDE, rtol=1e-3)
    for side in (0, 1):
        np.testing.assert_allclose(length(done[:, 2 + side], done[:, 4 + side]), FOREARM, rtol=1e-3)
        np.testing.assert_allclose(length(tops[:, side], done[:, 6 + side]), LEG / 2, rtol=1e-3)
        np.testing.assert_allclose(length(done[:, 6 + side], done[:, 8 + side]), LEG / 2, rtol=1e-3)
        before, after = body[:, 4 + side] - body[:, 2 + side], done[:, 4 + side] - done[:, 2 + side]
        np.testing.assert_allclose(after / length(after, after * 0)[:, None], before / length(before, before * 0)[:, None], atol=1e-9)  # fmt: skip
    np.testing.assert_array_equal(done[:, PELVIS], body[:, PELVIS])
    np.testing.assert_allclose(done[:, 8] - tops[:, 0], body[:, 8] - hips[:, 0], atol=1e-12)


def test_a_spine_that_curls_stays_curled() -> None:
    """The factor is one for the whole capture: somebody who curls up for most of it is not stretched."""
    body, hips, shoulders = in_space({})
    rest = body[0], hips[0], shoulders[0]
    body[5:, HEAD] = body[5:, PELVIS] + (body[5:, HEAD] - body[5:, PELVIS]) * 0.6
    done, _ = standard_body(body, hips, shoulders, rest)
    heights = np.linalg.norm(done[:, HEAD] - done[:, PELVIS], axis=-1)
    np.testing.assert_allclose(heights[:5], HEAD_HEIGHT, rtol=0.02)
    np.testing.assert_allclose(heights[5:], 0.6 * HEAD_HEIGHT, rtol=0.02)


def test_no_rest_pose_and_no_shoulders_still_give_a_body() -> None:
    body, hips, _ = in_space(BODIES["long trunk"])
    done, _ = standard_body(body, hips, None, (body[0] * 0, hips[0] * 0, None))
    assert np.percentile(np.linalg.norm(done[:, HEAD] - done[:, PELVIS], axis=-1), 95) == pytest.approx(
        HEAD_HEIGHT
    )
    assert np.isfinite(done).all()


def test_bones_in_the_plane_are_never_longer_than_they_are() -> None:
    for sizes in BODIES.values():
        for view in ("side", "front"):
            joints = project(capture(sizes), "a.bvh", 30, view=view).motion.reshape(-1, 10, 2)
            neck = joints[:, PELVIS] + 0.78 * (joints[:, HEAD] - joints[:, PELVIS])
            at = {**{number: joints[:, number] for number in range(10)}, NECK: neck}
            for start, end in BONES:
                width = (
                    {NECK: SHOULDER_ASIDE, PELVIS: HIP_ASIDE}.get(start, 0.0)
                    if end not in {HEAD, NECK}
                    else 0.0
                )
                most = (
                    float(np.hypot(BONE_LENGTHS[start, end], width))
                    if start == PELVIS
                    else BONE_LENGTHS[start, end] + width
                )
                assert np.linalg.norm(at[end] - at[start], axis=-1).max() < 1.03 * most + 0.02 * (
                    start == NECK
                )
    assert UPPER_ARM > FOREARM


@pytest.mark.parametrize("sides", [("Left{}", "Right{}"), ("{}_L", "{}_R")])
def test_the_upper_arm_begins_at_the_shoulder_not_at_the_collar_or_at_a_twist_bone(
    sides: tuple[str, str],
) -> None:
    positions = np.zeros((30, 10, 3))
    names = [
        "Chest",
        *(side.format(part) for side in sides for part in ("Collar", "Arm", "Twist", "ForeArm", "Hand")),
    ]
    parents = [-1, 0, 1, 2, 3, 4, 0, 6, 7, 8, 9]
    positions = np.zeros((30, 11, 3))
    for first, side in ((1, 1), (6, -1)):
        for frame in range(30):
            lift = frame / 10
            arm = np.array([side * np.cos(lift), np.sin(lift), 0])
            positions[frame, first : first + 5] = np.array([side * 4, 20, 0])
            positions[frame, first + 1] += [side * 13, 2, 0]
            for step in (2, 3, 4):
                positions[frame, first + step] = positions[frame, first + 1] + arm * 14 * (step - 1)
    found = {"left elbow": 4, "left hand": 5, "right elbow": 9, "right hand": 10}
    assert find_shoulders(names, found, parents, positions) == (2, 7)
    assert find_shoulders(names, found, (), positions) == (2, 7)  # by name, where there is no tree
    called = [name.replace("Arm", "Thing") if "Fore" not in name else name for name in names]
    assert find_shoulders(called, found, (), positions) is None


@pytest.mark.real_data
def test_real_captures_of_all_sources_have_one_body(real_data: Path, tmp_path: Path) -> None:
    """CMU's trunk and head are a tenth longer than Bandai-Namco's; the figure's are not."""
    picks = {
        "cmu_bvh.zip": ("02/02_01", "07/07_12"),
        "bandai_namco_1.zip": ("walk_tired_001", "walk_happy_001"),
    }
    heights = []
    for archive, wanted in picks.items():
        with zipfile.ZipFile(real_data / "motions" / archive) as source:
            target = tmp_path / archive
            with zipfile.ZipFile(target, "w") as packed:
                for name in source.namelist():
                    if any(part in name for part in wanted):
                        packed.writestr(name, source.read(name))
        for clip in import_archives([target], index=real_data / "index.csv").clips:
            joints = clip.motion.reshape(-1, 10, 2)
            heights.append(
                float(np.percentile(np.linalg.norm(joints[:, HEAD] - joints[:, PELVIS], axis=-1), 95))
            )
    assert len(heights) == 4
    assert max(heights) / min(heights) < 1.05  # seen from the side, a spine that leans aside looks shorter


@pytest.mark.real_data
def test_a_trial_that_exists_as_bvh_and_as_amc_is_one_figure(real_data: Path, tmp_path: Path) -> None:
    """The BVH lacks the thorax and has other heads: unnormalised, head and arms differ by up to a tenth of the body."""
    trials = ("02_04", "16_21", "49_06")
    motions: dict[str, dict[str, np.ndarray]] = {}
    for archive in ("cmu_bvh.zip", "cmu_asfamc.zip"):
        with zipfile.ZipFile(real_data / "motions" / archive) as source:
            target = tmp_path / archive
            with zipfile.ZipFile(target, "w") as packed:
                for name in source.namelist():
                    if any(trial in name for trial in trials) or name.endswith(
                        (f"{trials[0][:2]}.asf", "16.asf", "49.asf")
                    ):
                        packed.writestr(name, source.read(name))
        clips = import_archives([target], index=real_data / "index.csv").clips
        motions[archive] = {Path(clip.name).stem: clip.motion for clip in clips}
    first, second = motions.values()
    assert sorted(first) == sorted(second) == sorted(trials)
    for trial in trials:
        assert np.abs(first[trial] - second[trial]).max() < 0.05
