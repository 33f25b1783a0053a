"""The figure is found in the skeletons of the programs and datasets that people use; never another joint in silence."""

from __future__ import annotations

import pytest
from rigs import RIGS, tree_of
from walking import walking_bvh

from stickgen.importing.formats.bvh import read_bvh
from stickgen.importing.joint_names import find_joints


@pytest.mark.parametrize("name", RIGS)
def test_the_figure_is_found(name: str) -> None:
    body, names, expected = tree_of(RIGS[name])
    capture = read_bvh(walking_bvh(names, body=body), "a.bvh")
    found = find_joints(
        capture.names, "a.bvh", parents=capture.parents, rest=capture.rest, positions=capture.positions
    )
    called = {joint: name.rpartition(":")[2] for joint, name in expected.items()}
    assert {joint: capture.names[index] for joint, index in found.items()} == called
