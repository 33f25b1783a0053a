"""The figure is found in the skeletons of the programs and datasets that people use; never another joint in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rigs import RIGS, Rig, tree_of
from walking import walking_bvh

from stickgen.importing.formats.bvh import read_bvh
from stickgen.importing.joint_names import find_joints


def found_in(
    rig: Rig, rename: Callable[[str], str], frames: int = 12
) -> tuple[dict[str, str], dict[str, str]]:
    """The joints that are found in a rig whose names are changed, and those that should be."""
    body, names, expected = tree_of(rig)
    text = walking_bvh({key: rename(name) for key, name in names.items()}, body=body, frames=frames)
    capture = read_bvh(text, "a.bvh")
    found = find_joints(
        capture.names, "a.bvh", parents=capture.parents, rest=capture.rest, positions=capture.positions
    )
    called = {joint: rename(name).rpartition(":")[2] for joint, name in expected.items()}
    return {joint: capture.names[index] for joint, index in found.items()}, called


@pytest.mark.parametrize("name", RIGS)
def test_the_figure_is_found(name: str) -> None:
    found, expected = found_in(RIGS[name], str)
    assert found == expected


# what exporters and people do to the names of all joints
CHANGES: dict[str, Callable[[str], str]] = {
    "lower case": str.lower,
    "upper case": str.upper,
    "a character before": lambda name: f"Bob_{name}",
    "a number before": lambda name: f"actor01_{name}",
    "a namespace": lambda name: f"Bob:{name}",
    "a word after": lambda name: f"{name}_jnt",
    "a copy": lambda name: f"{name}.001",
    "a number after": lambda name: f"{name}_12",
    "other separators": lambda name: name.replace("_", "-"),
}
CHANGED = ("Auto-Rig Pro, with twists", "Unreal Engine 5", "SMPL", "Kinect 2")


@pytest.mark.parametrize("name", CHANGED)
@pytest.mark.parametrize("change", CHANGES)
def test_the_figure_is_found_whatever_an_exporter_did_to_the_names(name: str, change: str) -> None:
    found, expected = found_in(RIGS[name], CHANGES[change])
    assert found == expected


@pytest.mark.parametrize(
    "name", ["Unreal Engine 5", "GTA V", "MakeHuman", "Character Creator", "mGear, with twists"]
)
def test_the_limbs_are_found_without_names(name: str) -> None:
    """By how the skeleton is built, which twist bones and helpers must not mislead."""
    _, names, _ = tree_of(RIGS[name])
    numbers = {called: f"n{number:03}" for number, called in enumerate(names.values())}
    found, expected = found_in(RIGS[name], numbers.__getitem__, frames=30)
    del found["head"], expected["head"]  # what is on top of it looks the same
    assert found == expected
