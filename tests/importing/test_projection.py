"""A body in space becomes the figure: right joints, right way round, on the floor, in its units, at 25 fps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stickgen.errors import StickgenError
from stickgen.importing.capture import Capture
from stickgen.importing.joint_names import find_joints, split_name
from stickgen.importing.projection import project, resample, trim
from stickgen.motion.skeleton import (
    HEAD,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    PELVIS,
    RIGHT_FOOT,
    RIGHT_HAND,
)

# a body that stands in centimetres, y up, facing +z, so that its left is at +x
STANDING = {
    "Hips": (0, 90, 0), "Head": (0, 150, 0), "Head end": (0, 170, 0),
    "LeftUpLeg": (9, 88, 0), "LeftLeg": (9, 48, 0), "LeftFoot": (9, 8, 0),
    "RightUpLeg": (-9, 88, 0), "RightLeg": (-9, 48, 0), "RightFoot": (-9, 8, 0),
    "LeftForeArm": (20, 115, 0), "LeftHand": (22, 90, 0),
    "RightForeArm": (-20, 115, 0), "RightHand": (-22, 90, 0),
}  # fmt: skip
UNIT = 160.0  # cm: twice the leg of 80
NAMES = list(STANDING)
BODY = np.array(list(STANDING.values()), float)


def capture(positions: np.ndarray, rest: np.ndarray = BODY) -> Capture:
    return Capture(NAMES, positions, rest, 25.0, 0)


def standing(frames: int = 40) -> np.ndarray:
    return np.tile(BODY, (frames, 1, 1))


def walking(direction: tuple[float, float, float], frames: int = 40) -> np.ndarray:
    moved: np.ndarray = standing(frames) + np.arange(frames)[:, None, None] * 5 * np.array(direction)
    return moved


def rotated(points: np.ndarray) -> np.ndarray:
    """The same with z up."""
    turned: np.ndarray = points @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float)
    return turned


def figure(*arguments: Any) -> np.ndarray:
    return project(*arguments).motion


def x(motion: np.ndarray, joint: int) -> np.ndarray:
    return motion[:, 2 * joint]


def y(motion: np.ndarray, joint: int) -> np.ndarray:
    return motion[:, 2 * joint + 1]


@pytest.mark.parametrize("direction", [(0, 0, 1), (0, 0, -1), (1, 0, 0), (-0.6, 0, 0.8)])
def test_who_walks_goes_to_plus_x_wherever_it_goes_in_space(direction: tuple[float, float, float]) -> None:
    motion = figure(capture(walking(direction)), "walk", 25)
    assert motion.dtype == np.float32
    assert motion.shape == (40, 20)
    np.testing.assert_allclose(x(motion, PELVIS), np.arange(40) * 5 / UNIT, atol=1e-5)


def test_feet_are_on_the_floor_and_lengths_are_in_legs() -> None:
    motion = figure(capture(walking((0, 0, 1))), "walk", 25)
    np.testing.assert_allclose(y(motion, LEFT_FOOT), 0, atol=1e-6)
    np.testing.assert_allclose(y(motion, PELVIS), 0.5, atol=1e-6)
    np.testing.assert_allclose(y(motion, LEFT_KNEE), 0.25, atol=1e-6)
    np.testing.assert_allclose(y(motion, HEAD), 0.5 + 0.35, atol=1e-6)
    kept = project(capture(walking((0, 0, 1))), "walk", 25, body="keep").motion
    np.testing.assert_allclose(y(kept, HEAD), (160 - 8) / UNIT, atol=1e-6)


@pytest.mark.parametrize("scale", [0.01, 1 / 2.54, 17.0])
def test_units_do_not_matter(scale: float) -> None:
    points = walking((0, 0, 1))
    np.testing.assert_allclose(
        figure(capture(points * scale, BODY * scale), "a", 25), figure(capture(points), "b", 25), atol=1e-5
    )


def test_the_up_axis_is_found() -> None:
    points = walking((0, 0, 1))
    expected = figure(capture(points), "y", 25)
    np.testing.assert_allclose(figure(capture(rotated(points), rotated(BODY)), "z", 25), expected, atol=1e-5)
    # a root turned by 90° leaves the rest pose standing along another axis than the body ever does
    np.testing.assert_allclose(figure(capture(rotated(points), BODY), "turned", 25), expected, atol=1e-5)


def test_who_lies_most_of_the_time_is_not_stood_up() -> None:
    points = standing(60)
    for frame in range(3, 60):  # falls on its back within a third of a second
        angle = min(frame - 3, 9) / 9 * np.pi / 2
        turn = [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
        points[frame] = BODY @ np.array(turn, float) + [0, 20 * angle, 0]
    motion = figure(capture(points), "lie", 25)
    assert np.ptp(motion[-1, 1::2]) < 0.2
    assert y(motion, HEAD)[0] > 0.8


def test_who_waves_is_seen_from_the_front_and_who_bows_from_the_side() -> None:
    swing = np.sin(np.arange(40) / 3)
    waves = standing()
    waves[:, NAMES.index("RightHand"), 0] -= 20 * swing
    front = figure(capture(waves), "wave", 25)
    assert x(front, LEFT_HAND)[0] > 0.1 > -0.1 > x(front, RIGHT_HAND)[0]  # the body's left is at +x

    bows = standing()
    bows[:, [NAMES.index("Head"), NAMES.index("Head end")], 2] += 40 * np.abs(swing)[:, None]
    side = figure(capture(bows), "bow", 25)
    assert x(side, HEAD).max() > 0.15 > x(side, HEAD).min()  # it faces +x
    np.testing.assert_allclose(x(side, LEFT_FOOT), x(side, RIGHT_FOOT), atol=1e-6)


def test_120_fps_become_25() -> None:
    times = np.arange(241) / 120
    motion = np.tile(times[:, None], (1, 20))
    np.testing.assert_allclose(resample(motion, 120)[:, 0], np.arange(51) / 25, atol=1e-9)
    np.testing.assert_allclose(resample(motion[:2], 12)[:, 0], np.arange(3) / 25 * 12 / 120, atol=1e-9)


def test_stillness_at_the_ends_is_cut_to_half_a_second() -> None:
    motion = np.zeros((200, 20))
    motion[80:120, 4] = np.linspace(0, 1, 40)
    motion[120:, 4] = 1
    cut = motion[trim(motion)]
    assert len(cut) == pytest.approx(40 + 2 * 12, abs=3)
    assert cut[0, 4] == cut[10, 4] == 0
    assert cut[-1, 4] == cut[-10, 4] == 1
    assert (
        len(motion[70:130][trim(motion[70:130])]) == 60
    )  # less than half a second more than is kept: let it be
    held = motion[:50] * 0
    assert len(held[trim(held)]) == 50  # a pose that is held


@pytest.mark.parametrize(
    ("name", "side", "part"),
    [
        ("LeftUpLeg", "left", "upleg"), ("RightForeArm", "right", "forearm"), ("UpperLeg_L", "left", "upperleg"),
        ("lThigh", "left", "thigh"), ("rForeArm", "right", "forearm"), ("CC_Base_L_Thigh", "left", "thigh"),
        ("mixamorig_RightHand", "right", "hand"), ("thigh.L", "left", "thigh"), ("lowerarm_r", "right", "lowerarm"),
        ("Bip01 L Calf", "left", "calf"), ("lefthip", "left", "hip"), ("L_Ankle", "left", "ankle"),
        ("LHipJoint", "left", "hipjoint"), ("Head", "", "head"), ("LeftHandThumb1", "left", "handthumb1"),
    ],
)  # fmt: skip
def test_names_of_many_studios(name: str, side: str, part: str) -> None:
    assert split_name(name) == (side, part)


def test_the_surer_name_wins() -> None:
    names = ["Hips", "LHipJoint", "LeftUpLeg", "LeftLeg", "LeftFoot", "LeftForeArm", "LeftHand", "Head"]
    mirrored = [name.replace("Left", "Right").replace("LHip", "RHip") for name in names[1:-1]]
    found = find_joints([*names, *mirrored], "a.bvh")
    assert found["left hip"] == 2
    assert find_joints([n.replace("UpLeg", "Hip") for n in [*names, *mirrored]], "a.bvh")["left hip"] == 2


def test_missing_joints_are_listed() -> None:
    with pytest.raises(StickgenError, match="robot.bvh: no joint looks like the head, the left hip"):
        find_joints(["base", "wheel", "\x1b[31marm"], "robot.bvh")


def test_legs_without_length_are_refused() -> None:
    with pytest.raises(StickgenError, match="no length"):
        figure(capture(standing() * 0), "dot.bvh", 25)
