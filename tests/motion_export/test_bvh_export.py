"""BVH is read back by our own importer, by bvhio's kinematics, by Blender where there is one, and by the rules of
AnimatedDrawings' parser.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from motions import Motion, any_motions, performed
from numpy.typing import NDArray

from stickgen.importing.capture import Capture
from stickgen.importing.formats.bvh import read_bvh
from stickgen.importing.projection import project
from stickgen.motion.skeleton import FPS, HEAD, JOINTS, PELVIS
from stickgen.motion_export.formats.bvh import CENTIMETRES, bvh
from stickgen.motion_export.rigid import rigid

Floats = NDArray[np.float64]
NAMES = {
    "pelvis": "Hips", "left_elbow": "LeftForeArm", "right_elbow": "RightForeArm", "left_hand": "LeftHand",
    "right_hand": "RightHand", "left_knee": "LeftLeg", "right_knee": "RightLeg", "left_foot": "LeftFoot",
    "right_foot": "RightFoot",
}  # fmt: skip
WRITTEN = 1e-4 / 2 / CENTIMETRES  # half of the last digit of a position, in skeleton units
TOLERANCE = 4e-6  # that, and the last digit of four turns along the longest limb


def joints_of(capture: Capture) -> Floats:
    """The figure's joints [t, 10, 3] in skeleton units; a head is halfway between its joint and its end."""
    at = {name: capture.positions[:, index] for index, name in enumerate(capture.names)}
    named = [(at["Head"] + at["Head end"]) / 2 if j == "head" else at[NAMES[j]] for j in JOINTS]
    return np.stack(named, axis=1) / CENTIMETRES


@given(any_motions())
def test_our_importer_reads_what_was_written(motion: Motion) -> None:
    figure = rigid(motion)
    capture = read_bvh(bvh(figure), "written.bvh")
    assert capture.fps == FPS
    size = max(1.0, float(np.abs(figure.joints).max()))
    read = joints_of(capture)
    assert np.abs(read[..., :2] - figure.joints[capture.rest_frames :]).max() < TOLERANCE * size
    assert capture.rest_frames == 0 or len(motion) >= 8


@pytest.mark.parametrize("action", ["walk", "run", "wave", "jump", "kick", "sit_down", "turn"])
def test_an_import_of_what_was_written_is_the_figure_again(action: str) -> None:
    """The whole import: it finds the joints, the side, the floor and the scale by itself."""
    figure = rigid(performed(action))
    capture = read_bvh(bvh(figure), "written.bvh")
    assert capture.rest_frames == 0
    again = project(capture, "written.bvh", capture.fps, body="keep", view="side")
    first = round(again.start * FPS)
    read = again.motion.reshape(-1, len(JOINTS), 2).astype(np.float64)
    wanted = figure.joints[first : first + len(read)]
    wanted = wanted * 0.5 / (figure.lengths[5] + figure.lengths[6])  # an import makes all legs equally long
    if wanted[-1, PELVIS, 0] < wanted[0, PELVIS, 0] and np.ptp(wanted[:, PELVIS, 0]) > 0.6:
        wanted = wanted * (-1, 1)  # and lets all clips go to +x
    shift = read[0, PELVIS] - wanted[0, PELVIS]
    assert np.abs(read - (wanted + shift)).max() < 2e-4


def test_bvhio_places_the_joints_where_they_are(tmp_path: Path) -> None:
    bvhio = pytest.importorskip("bvhio")
    figure = rigid(performed("walk"))
    file = tmp_path / "walk.bvh"
    file.write_text(bvh(figure))
    root = bvhio.readAsHierarchy(str(file))
    for frame in (0, 7, len(figure.pelvis) - 1):
        root.loadPose(frame)
        for joint, name in NAMES.items():
            found = np.array(root.filter(name)[0].PositionWorld) / CENTIMETRES
            assert found[:2] == pytest.approx(figure.joints[frame, JOINTS.index(joint)], abs=1e-5), (
                frame,
                name,
            )


def test_turns_do_not_leap(tmp_path: Path) -> None:
    """A program that samples between frames must not see a limb spin around."""
    rows = bvh(rigid(performed("spin"))).split("Frame Time: 0.040000\n")[1].splitlines()
    turns = np.array([[float(value) for value in row.split(" ")] for row in rows])[:, 3:]
    assert np.abs(np.diff(turns, axis=0)).max() < 180
    assert np.abs(turns[0]).max() <= 180


def test_all_turns_are_about_z_and_the_figure_stays_in_its_plane() -> None:
    capture = read_bvh(bvh(rigid(performed("walk"))), "walk.bvh")
    depth = joints_of(capture)[..., 2]
    assert np.ptp(depth, axis=0).max() == 0
    assert depth[0, HEAD] == depth[0, PELVIS] == 0


def strictly(text: str) -> tuple[list[str], Floats]:
    """Names and frames by the rules of AnimatedDrawings' own parser, which forgives nothing."""
    lines = text.splitlines()
    assert lines.pop(0) == "HIERARCHY"
    names: list[str] = []
    channels = 0

    def joint() -> None:
        nonlocal channels
        head = lines.pop(0).strip()
        if head != "End Site":
            kind, name = head.split(" ")
            assert kind in {"ROOT", "JOINT"}
            names.append(name)
        assert lines.pop(0).strip() == "{"
        word, *offset = lines.pop(0).strip().split(" ")
        assert word == "OFFSET" and len([float(value) for value in offset]) == 3
        if lines[0].strip().startswith("CHANNELS"):
            _, count, *order = lines.pop(0).strip().split(" ")
            assert int(count) == len(order)
            channels += len(order)
        while lines[0].strip() != "}":
            joint()
        lines.pop(0)

    joint()
    assert lines.pop(0) == "MOTION"
    frames = int(lines.pop(0).split(":")[-1])
    assert float(lines.pop(0).split(":")[-1]) == 1 / FPS
    values = np.array([[float(value) for value in line.strip().split(" ")] for line in lines])
    assert values.shape == (frames, channels)
    return names, values


def test_animated_drawings_parser_takes_it_and_sees_the_figure_face_the_side() -> None:
    text = bvh(rigid(performed("walk")))
    names, _ = strictly(text)
    assert len(set(names)) == len(names)
    capture = read_bvh(text, "walk.bvh")
    at = {name: capture.positions[:, index] for index, name in enumerate(capture.names)}
    right = np.mean([at[f"Right{part}"] - at[f"Left{part}"] for part in ("Arm", "UpLeg")], axis=0)
    forward = np.cross([0.0, 1.0, 0.0], right)  # what it calls the counter-clockwise perpendicular
    forward /= np.linalg.norm(forward, axis=-1, keepdims=True)
    assert np.abs(forward - [1.0, 0.0, 0.0]).max() < 1e-6


IN_BLENDER = """
import bpy, json, sys
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_anim.bvh(filepath=sys.argv[-1], global_scale=0.01, axis_forward="-Z", axis_up="Y", use_fps_scale=False)
rig = bpy.context.object
places = {}
for frame in (1, 8, 20):
    bpy.context.scene.frame_set(frame)
    places[frame] = {bone.name: list(rig.matrix_world @ bone.head) for bone in rig.pose.bones}
print("PLACES" + json.dumps(places))
"""


def blender() -> str:
    """A Python that has `bpy`: this one, or the one that STICKGEN_BPY names."""
    named = os.environ.get("STICKGEN_BPY")
    if named is None and importlib.util.find_spec("bpy") is None:
        pytest.skip("no Blender: pip install bpy, or set STICKGEN_BPY to a Python that has it")
    return named or sys.executable


def test_blender_imports_it_with_every_joint_in_its_place(tmp_path: Path) -> None:
    python = blender()
    figure = rigid(performed("walk"))
    file = tmp_path / "walk.bvh"
    file.write_text(bvh(figure))
    done = subprocess.run(
        [python, "-c", IN_BLENDER, str(file)], capture_output=True, text=True, timeout=120, check=True
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("PLACES"))
    for frame, places in json.loads(line.removeprefix("PLACES")).items():
        for joint, name in NAMES.items():
            x, _, up = np.array(places[name]) * 100 / CENTIMETRES  # in Blender Z is up
            wanted = figure.joints[int(frame) - 1, JOINTS.index(joint)]
            assert (x, up) == pytest.approx(wanted, abs=1e-4), (frame, name)


class Configs(yaml.SafeLoader):
    """YAML as AnimatedDrawings reads it: with tuples."""


def _tuple(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> tuple[object, ...]:
    return tuple(loader.construct_sequence(node))


Configs.add_constructor("tag:yaml.org,2002:python/tuple", _tuple)


def test_the_configs_in_the_docs_name_joints_that_are_there(repo: Path) -> None:
    page = (repo / "docs" / "motion-data.md").read_text()
    blocks = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]
    motion, retarget = (yaml.load(block, Loader=Configs) for block in blocks)  # noqa: S506
    names, _ = strictly(bvh(rigid(performed("walk"))))
    used = [motion["groundplane_joint"], *sum(motion["forward_perp_joint_vectors"], [])]
    groups = retarget["bvh_projection_bodypart_groups"]
    grouped = [name for group in groups for name in group["bvh_joint_names"]]
    used += [name for pair in retarget["char_joint_bvh_joints_mapping"].values() for name in pair]
    used += [name for group in retarget["char_bodypart_groups"] for name in group["bvh_depth_drivers"]]
    used += sum(retarget["char_bvh_root_offset"]["bvh_joints"], [])
    assert sorted(grouped) == sorted(names)  # each in one plane
    assert set(used) <= set(names)
    assert retarget["char_bvh_root_offset"]["bvh_projection_bodypart_group_for_offset"] in {
        group["name"] for group in groups
    }
    for pair in retarget["char_joint_bvh_joints_mapping"].values():
        assert isinstance(pair, tuple) and len(pair) == 2


def test_every_limb_lies_in_one_depth_as_the_method_of_the_docs_needs() -> None:
    """`pca` takes the direction in which a group varies least for that from the viewer."""
    capture = read_bvh(bvh(rigid(performed("kick"))), "kick.bvh")
    at = {name: capture.positions[:, index] for index, name in enumerate(capture.names)}
    for limb in (("Arm", "ForeArm", "Hand"), ("UpLeg", "Leg", "Foot")):
        for side, sign in (("Left", -1), ("Right", 1)):
            depth = np.stack([at[side + part][:, 2] for part in limb])
            assert np.ptp(depth) == 0 and np.sign(depth[0, 0]) == sign
