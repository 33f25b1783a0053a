"""Small BVH files written by hand, each with one habit that a studio or exporter has."""

from __future__ import annotations

import numpy as np
import pytest

from stickgen.errors import StickgenError
from stickgen.importing.capture import Capture
from stickgen.importing.formats.bvh import read_bvh

ARM = """HIERARCHY
ROOT Hips
{
	OFFSET 0 0 0
	CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
	JOINT mixamorig:LeftArm
	{
		OFFSET 2 0 0
		CHANNELS 3 Zrotation Xrotation Yrotation
		End Site
		{
			OFFSET 1 0 0
		}
	}
}
MOTION
Frames:	2
Frame Time:	0.008333
0 10 0 0 0 0 90 0 0
0 10 0 0 0 90 0 0 0
"""


def read(text: str) -> Capture:
    return read_bvh(text, "arm.bvh")


def test_joints_turn_with_their_parents() -> None:
    capture = read(ARM)
    assert capture.names == ["Hips", "LeftArm", "LeftArm end"]
    assert capture.fps == pytest.approx(120, rel=1e-3)
    # the arm turned by 90° about z: its end is above it; then the root by 90° about y: both lie along -z
    np.testing.assert_allclose(capture.positions[0], [[0, 10, 0], [2, 10, 0], [2, 11, 0]], atol=1e-9)
    np.testing.assert_allclose(capture.positions[1], [[0, 10, 0], [0, 10, -2], [0, 10, -3]], atol=1e-9)
    np.testing.assert_allclose(capture.rest, [[0, 0, 0], [2, 0, 0], [3, 0, 0]])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("\t", "    "),
        ("0 10 0 0 0 0 90 0 0", "0.0e+00 1e1 -0 0 0 0 9.0E1 0 0   "),
        ("ROOT Hips\n{", "ROOT Hips {"),
        ("Frames:\t2", "Frames: 2"),
        ("Frames:\t2\nFrame Time:\t0.008333", "\nFrame Time: 0.008333\n\nFrames: 2\n"),
        ("Zposition Zrotation", "ZPOSITION zrotation"),
        ("mixamorig:", ""),
        ("90 0 0\n", "90 0 0\n\n"),
    ],
)
def test_writings_that_mean_the_same(old: str, new: str) -> None:
    assert old in ARM
    changed = read(ARM.replace(old, new))
    np.testing.assert_allclose(changed.positions, read(ARM).positions, atol=1e-9)
    assert changed.names == read(ARM).names


def test_the_order_of_rotations_is_the_file_s() -> None:
    text = ARM.replace("0 10 0 0 0 0 90 0 0", "0 0 0 90 90 0 0 0 0")
    np.testing.assert_allclose(
        read(text).positions[0, 1], [0, 2, 0], atol=1e-9
    )  # z after x: x leaves the arm
    first_y = text.replace("Zrotation Xrotation Yrotation\n\tJOINT", "Yrotation Xrotation Zrotation\n\tJOINT")
    np.testing.assert_allclose(read(first_y).positions[0, 1], [0, 0, -2], atol=1e-9)


def test_a_position_channel_replaces_the_offset_on_any_joint() -> None:
    text = ARM.replace(
        "CHANNELS 3 Zrotation Xrotation Yrotation", "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
    )  # fmt: skip
    text = text.replace("0 10 0 0 0 0 90 0 0", "0 10 0 0 0 0 5 6 7 0 0 0").replace(
        "0 90 0 0 0\n", "0 90 5 6 7 0 0 0\n"
    )
    np.testing.assert_allclose(read(text).positions[0], [[0, 10, 0], [5, 16, 7], [6, 16, 7]])
    np.testing.assert_allclose(read(text).rest, [[0, 0, 0], [2, 0, 0], [3, 0, 0]])


def frames(rows: list[str]) -> str:
    head = ARM[: ARM.index("Frames:")]
    return head + f"Frames: {len(rows)}\nFrame Time: 0.04\n" + "\n".join(rows) + "\n"


def moving(first: float) -> list[str]:
    return [f"0 10 0 0 0 0 {first + 2 * step:g} 0 0" for step in range(12)]


def test_a_t_pose_before_the_motion_is_taken_away() -> None:
    leap = read(frames(["0 10 0 0 0 0 0 0 0", *moving(80)]))
    zero = read(frames(["0 10 0 0 0 0 0 0 0", *moving(3)]))  # too near to the motion for a leap
    between = read(frames(["0 10 0 1 0 0 0 0 0", "0 10 0 1 0 0 30 0 0", *moving(80)]))
    assert [c.rest_frames for c in (leap, zero, between)] == [1, 1, 2]
    assert {len(c.positions) for c in (leap, zero, between)} == {12}
    assert read(frames(moving(40))).rest_frames == 0
    assert read(frames(["0 10 0 0 0 0 0 0 0"] * 12)).rest_frames == 0


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        (ARM, "", "arm.bvh:1", "HIERARCHY"),
        (ARM, "a,b\n1,2\n", "arm.bvh:1", "HIERARCHY"),
        (ARM[ARM.index("MOTION") :], "", "arm.bvh:15", "before its MOTION"),
        ("OFFSET 2 0 0", "OFFSET 2 0", "arm.bvh:8", "2 numbers where 3"),
        ("OFFSET 2 0 0", "OFFSET 2 nan 0", "arm.bvh:8", "not finite"),
        ("CHANNELS 3", "CHANNELS 4", "arm.bvh:9", "channels"),
        ("CHANNELS 3 Zrotation", "CHANNELS 3 Wrotation", "arm.bvh:9", "channels 3 Wrotation"),
        ("}\nMOTION", "MOTION", "arm.bvh:15", "before the hierarchy is closed"),
        ("MOTION\n", "}\nMOTION\n", "arm.bvh:16", "not BVH here"),
        ("Frames:\t2", "Frames:\ttwo", "arm.bvh:17", "belong here"),
        ("Frames:\t2", "Frames:\tinf", "arm.bvh:17", "not finite"),
        ("Frames:\t2", "Frames:\t3", "arm.bvh", "3 frames are declared, but only 2 are there"),
        ("0 10 0 0 0 0 90 0 0", "0 10 0 0 0 0 90 0", "arm.bvh:19", "8 numbers where 9"),
        ("0 10 0 0 0 0 90 0 0", "0 10 0 0 0 0 90 0 nan", "arm.bvh:19", "not finite"),
        ("0 10 0 0 0 0 90 0 0", "0 10.5 0 0 0 0 9,5 0 0", "arm.bvh:19", "10 numbers where 9"),
        (ARM[ARM.index("0 10") :], "", "arm.bvh:18", "no frame"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, where: str, says: str) -> None:
    assert old in ARM
    with pytest.raises(StickgenError) as caught:
        read(ARM.replace(old, new, 1))
    assert str(caught.value).startswith(where + ":")
    assert says in str(caught.value)


def test_a_hierarchy_without_end_is_refused() -> None:
    nested = "HIERARCHY\nROOT a\n{\n" + "JOINT b\n{\n" * 2000
    with pytest.raises(StickgenError, match="more than 1000 joints"):
        read(nested)
