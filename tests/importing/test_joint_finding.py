"""The ten joints are found whatever a rig calls them; a trap of names or of the tree is not fallen into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from walking import BODY, NAMES, Tree, walking_bvh

from stickgen.errors import StickgenError
from stickgen.importing.capture import Capture
from stickgen.importing.formats.bvh import read_bvh
from stickgen.importing.joint_names import JOINTS, find_joints, read_joint_map

KEYS = ("hip", "knee", "foot", "toe", "shoulder", "elbow", "hand")


def family(pattern: str, *parts: str, sides: tuple[str, str] = ("L", "R"), middle: str = "", **others: str) -> dict[str, str]:  # fmt: skip
    """Names of the body's joints: `pattern` with {side} and {part} for limbs, with `middle` for the others."""
    names = {
        f"{short}{key}": pattern.format(side=side, part=part)
        for short, side in zip("lr", sides, strict=True)
        for key, part in zip(KEYS, parts, strict=True)
    }
    trunk = {"hips": "Hips", "spine": "Spine", "neck": "Neck", "head": "Head", **others}
    return names | {
        key: pattern.format(side=middle, part=part) if middle else part for key, part in trunk.items()
    }


FAMILIES = {
    "Mixamo": family("mixamorig:{side}{part}", "UpLeg", "Leg", "Foot", "ToeBase", "Arm", "ForeArm", "Hand", sides=("Left", "Right")),
    "Mixamo, numbered": family("mixamorig1_{side}{part}", "UpLeg", "Leg", "Foot", "ToeBase", "Arm", "ForeArm", "Hand", sides=("Left", "Right")),
    "Maya HumanIK": family("Character1_{side}{part}", "UpLeg", "Leg", "Foot", "ToeBase", "Arm", "ForeArm", "Hand", sides=("Left", "Right"), middle=" ", hips="Hips"),
    "VRoid": family("J_Bip_{side}_{part}", "UpperLeg", "LowerLeg", "Foot", "ToeBase", "UpperArm", "LowerArm", "Hand", middle="C"),
    "VRM": family("{side}{part}", "UpperLeg", "LowerLeg", "Foot", "Toes", "UpperArm", "LowerArm", "Hand", sides=("left", "right")),
    "Rigify": family("DEF-{part}.{side}", "thigh", "shin", "foot", "toe", "upper_arm", "forearm", "hand", hips="DEF-spine", spine="DEF-spine.001", neck="DEF-spine.004", head="DEF-spine.006"),
    "OptiTrack": family("Bob_{side}{part}", "Thigh", "Shin", "Foot", "Toe", "UArm", "FArm", "Hand", middle=" ", hips="Hip", spine="Ab"),
    "DeepMotion": family("{side}_{part}_JNT", "upleg", "leg", "foot", "toebase", "arm", "forearm", "hand", sides=("l", "r"), hips="hips_JNT", spine="spine_JNT", neck="neck_JNT", head="head_JNT"),
    "ARKit": family("{side}_{part}_joint", "upLeg", "leg", "foot", "toes", "arm", "forearm", "hand", sides=("left", "right"), hips="hips_joint", spine="spine_1_joint", neck="neck_1_joint", head="head_joint"),
    "DAZ G3": family("{side}{part}", "ThighBend", "Shin", "Foot", "Toe", "ShldrBend", "ForearmBend", "Hand", sides=("l", "r"), hips="hip", head="head"),
    "DAZ G9": family("{side}_{part}", "thigh", "shin", "foot", "toes", "upperarm", "forearm", "hand", sides=("l", "r"), hips="hip", head="head"),
    "MakeHuman": family("{part}.{side}", "upperleg01", "lowerleg01", "foot", "toe1-1", "upperarm01", "lowerarm01", "wrist", head="head"),
    "MMD": family("{side}{part}", "足", "ひざ", "足首", "つま先", "腕", "ひじ", "手首", sides=("左", "右"), hips="センター", spine="上半身", neck="首", head="頭"),
    "MMD, half width": family("{side}{part}", "足", "ﾋｻﾞ", "足首", "つま先", "腕", "ﾋｼﾞ", "手首", sides=("左", "右"), hips="センター", spine="上半身", neck="首", head="頭"),
    "MMD in English": family("{part}_{side}", "leg", "knee", "ankle", "toe", "arm", "elbow", "wrist", hips="center", head="head"),
    "Unreal": family("{part}_{side}", "thigh", "calf", "foot", "ball", "upperarm", "lowerarm", "hand", sides=("l", "r"), hips="pelvis", head="head"),
    "Xsens": family("{side}{part}", "Hip", "Knee", "Ankle", "Toe", "Shoulder", "Elbow", "Wrist", sides=("Left", "Right")),
    "Xsens MVN": family("{side}{part}", "UpperLeg", "LowerLeg", "Foot", "Toe", "UpperArm", "ForeArm", "Hand", sides=("Left", "Right"), hips="Pelvis", spine="L5"),
    "Rokoko": family("{side}{part}", "Thigh", "Shin", "Foot", "Toe", "Arm", "ForeArm", "Hand", sides=("Left", "Right")),
    "Biped": family("Bip01 {side} {part}", "Thigh", "Calf", "Foot", "Toe0", "UpperArm", "Forearm", "Hand", hips="Bip01 Pelvis", spine="Bip01 Spine", neck="Bip01 Neck", head="Bip01 Head"),
    "Valve": family("ValveBiped.Bip01_{side}_{part}", "Thigh", "Calf", "Foot", "Toe0", "UpperArm", "Forearm", "Hand", head="ValveBiped.Bip01_Head1"),
    "Vicon": family("{side}{part}", "FEMUR", "TIBIA", "FOOT", "TOES", "HUMERUS", "RADIUS", "HAND", hips="PELVIS", spine="THORAX", head="HEAD"),
    "Kinect": family("{part}{side}", "Hip", "Knee", "Ankle", "Foot", "Shoulder", "Elbow", "Wrist", sides=("Left", "Right"), hips="SpineBase"),
    "Azure Kinect": family("{part}_{side}", "HIP", "KNEE", "ANKLE", "FOOT", "SHOULDER", "ELBOW", "WRIST", sides=("LEFT", "RIGHT"), hips="PELVIS", head="HEAD"),
    "SMPL": family("{side}_{part}", "Hip", "Knee", "Ankle", "Foot", "Shoulder", "Elbow", "Wrist", hips="Pelvis"),
    "SMPL-X": family("{side}_{part}", "hip", "knee", "ankle", "foot", "shoulder", "elbow", "wrist", sides=("left", "right"), hips="pelvis", head="head"),
    "Second Life": family("m{part}{side}", "Hip", "Knee", "Ankle", "Foot", "Shoulder", "Elbow", "Wrist", sides=("Left", "Right"), hips="mPelvis", spine="mTorso", neck="mNeck", head="mHead"),
    "Advanced Skeleton": family("{part}_{side}", "Hip", "Knee", "Ankle", "Toes", "Shoulder", "Elbow", "Wrist", hips="Root_M", spine="Chest_M", neck="Neck_M", head="Head_M"),
    "Reallusion": family("CC_Base_{side}_{part}", "Thigh", "Calf", "Foot", "ToeBase", "Upperarm", "Forearm", "Hand", hips="CC_Base_Hip", spine="CC_Base_Waist", neck="CC_Base_NeckTwist01", head="CC_Base_Head"),
    "Poser": family("{side}{part}", "Thigh", "Shin", "Foot", "Toe", "Shldr", "ForeArm", "Hand", sides=("l", "r"), hips="hip", head="head"),
    "a namespace before a bar": family("rig|{side}{part}", "UpLeg", "Leg", "Foot", "ToeBase", "Arm", "ForeArm", "Hand", sides=("Left", "Right")),
    "no names at all": {key: f"joint{number}" for number, key in enumerate(NAMES)},
    "numbers alone": {key: str(number) for number, key in enumerate(NAMES)},
    "another language": dict(zip(NAMES, ["bekken", "rug", "hals", "hoofd", "a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3", "c4", "d1", "d2", "d3", "d4"], strict=True)),
}  # fmt: skip


def found(capture: Capture, given: dict[str, str] | None = None) -> dict[str, str]:
    indices = find_joints(
        capture.names,
        "a.bvh",
        parents=capture.parents,
        rest=capture.rest,
        positions=capture.positions,
        given=given,
    )
    return {joint: capture.names[index] for joint, index in indices.items()}


def expected(names: dict[str, str]) -> dict[str, str]:
    called = {**NAMES, **names}
    keys = {
        "head": "head",
        **{
            f"{s} {p}": f"{s[0]}{p}"
            for s in ("left", "right")
            for p in ("hip", "knee", "foot", "elbow", "hand")
        },
    }
    return {joint: called[key].split(":")[-1].split("|")[-1].strip() for joint, key in keys.items()}


@pytest.mark.parametrize("rig", FAMILIES)
def test_a_family_of_names(rig: str) -> None:
    names = FAMILIES[rig]
    assert found(read_bvh(walking_bvh(names), "a.bvh")) == expected(names)


@pytest.mark.parametrize("rig", FAMILIES)
def test_a_family_of_names_on_a_body_that_faces_another_way_and_is_built_in_inches(rig: str) -> None:
    names = FAMILIES[rig]
    capture = read_bvh(walking_bvh(names, scale=1 / 2.54), "a.bvh")
    turn = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], float)
    turned = Capture(capture.names, capture.positions @ turn, capture.rest @ turn, 30.0, 0, capture.parents)
    assert found(turned) == expected(names)


def grown(tree: Tree, *changes: Callable[[Tree], Tree]) -> Tree:
    name, offset, children = tree
    for change in changes:
        name, offset, children = change((name, offset, children))
    return name, offset, [grown(child, *changes) for child in children]


def with_fingers(tree: Tree) -> Tree:
    name, offset, children = tree
    if name[1:] == "hand":
        side = -1 if name[0] == "r" else 1
        fingers: list[Tree] = [(f"{name[0]}finger{n}", (side * 8, 0, 2 * n - 4), [(f"{name[0]}tip{n}", (side * 4, 0, 0), [])]) for n in range(5)]  # fmt: skip
        children = [*children, *fingers]
    return name, offset, children


def with_twists(tree: Tree) -> Tree:
    """Half of every thigh and forearm is a bone of its own, as game rigs have it."""
    name, offset, children = tree
    if name[1:] in {"knee", "hand"} and not name.startswith("twist"):
        half = offset[0] / 2, offset[1] / 2, offset[2] / 2
        return f"twist{name}", half, [(name, half, children)]
    return name, offset, children


def with_collars(tree: Tree) -> Tree:
    name, offset, children = tree
    if name[1:] == "shoulder":
        side = -1 if name[0] == "r" else 1
        return f"{name[0]}collar", (side * 4, 28, 0), [(name, (side * 13, 2, 0), children)]
    if name[1:] == "hip":
        return f"{name[0]}hipjoint", (0, 0, 0), [(name, offset, children)]
    return name, offset, children


EXTRA = {
    f"{s}{k}{n}": f"x{s}{k}{n}"
    for s in "lr"
    for k in ("finger", "tip", "collar", "hipjoint")
    for n in ("", *range(5))
} | {f"twist{s}{k}": f"x{s}{k}twist" for s in "lr" for k in ("knee", "hand")}


def once(change: Callable[[Tree], Tree], tree: Tree) -> Tree:
    """Apply a change once from the tips up, so that what it adds is not changed again."""
    name, offset, children = tree
    return change((name, offset, [once(change, child) for child in children]))


@pytest.mark.parametrize("changes", [(with_fingers,), (with_twists,), (with_collars,), (with_collars, with_twists, with_fingers)])  # fmt: skip
@pytest.mark.parametrize("rig", ["no names at all", "VRoid", "SMPL"])
def test_collars_twists_and_fingers_do_not_mislead(
    rig: str, changes: tuple[Callable[[Tree], Tree], ...]
) -> None:
    body = BODY
    for change in changes:
        body = once(change, body)
    names = {**FAMILIES[rig], **EXTRA}
    assert found(read_bvh(walking_bvh(names, body=body), "a.bvh")) == expected(names)


def test_where_both_are_there_the_ankle_and_the_wrist_count() -> None:
    """A hand behind the wrist, a foot behind the ankle; and a foot before an ankle, as one rig has it."""
    names = {**FAMILIES["Kinect"], "ltoe": "FootLeft", "rtoe": "FootRight"}
    body = once(
        lambda tree: (tree[0], tree[1], [*tree[2], (f"{tree[0][0]}palm", (0, 2, 0), [])]) if tree[0][1:] == "hand" else tree,
        BODY,
    )  # fmt: skip
    names |= {"lpalm": "HandLeft", "rpalm": "HandRight"}
    where = found(read_bvh(walking_bvh(names, body=body), "a.bvh"))
    assert (where["left foot"], where["left hand"]) == ("AnkleLeft", "WristLeft")


def test_a_knee_that_does_not_hang_from_its_hip_is_not_believed() -> None:
    """Names that lie about the tree: the tree wins."""
    names = {"lknee": "LeftUpLeg", "lhip": "LeftLeg"}  # exchanged
    where = found(read_bvh(walking_bvh(names), "a.bvh"))
    assert (where["left hip"], where["left knee"]) == ("LeftLeg", "LeftUpLeg")


def test_a_map_names_what_is_not_found(tmp_path: Path) -> None:
    capture = read_bvh(walking_bvh(FAMILIES["no names at all"]), "a.bvh")
    bare = Capture(capture.names, capture.positions, capture.rest, 30.0, 0)  # without its tree
    with pytest.raises(StickgenError, match="no joint looks like the head.*--joints"):
        found(bare)
    lines = "\n".join(
        f"{joint.replace(' ', '_')}: {name}" for joint, name in expected(FAMILIES["no names at all"]).items()
    )
    (tmp_path / "map.txt").write_text(f"# the studio's rig\n{lines}\n")
    given = read_joint_map(str(tmp_path / "map.txt"))
    assert found(bare, given) == expected(FAMILIES["no names at all"])
    assert read_joint_map("left_hip=a:b, Left Knee=c") == {"left hip": "a:b", "left knee": "c"}
    with pytest.raises(StickgenError, match="no joint 'tail'"):
        found(capture, {"head": "tail"})
    for wrong in ("tail=x", "left_hip=", "none.txt"):
        with pytest.raises(StickgenError, match="--joints"):
            read_joint_map(wrong)


def test_what_has_no_person_s_tree_is_refused() -> None:
    snake = "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
    snake += "".join(f"JOINT b{n}\n{{\nOFFSET 0 10 0\n" for n in range(15)) + "}\n" * 16
    capture = read_bvh(snake + "MOTION\nFrames: 1\nFrame Time: 0.04\n0 0 0\n", "snake.bvh")
    with pytest.raises(StickgenError, match="no joint looks like the head"):
        found(capture)
    assert len(JOINTS) == 11
