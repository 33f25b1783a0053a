"""Finds where the upper arms of a capture begin. The figure has no shoulders, but its arms are measured from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stickgen.importing.joint_names import split_name

Floats = NDArray[np.float64]
# the likeliest first: a rig with both calls the collar bone `LeftShoulder` and the upper arm `LeftArm`
_NAMES = ("upperarm", "uparm", "humerus", "arm", "shldr", "shoulder", "腕", "上臂", "大臂")
_ALONG = 1.003  # the longest detour by a joint that lies on the bone, as twist bones do


def find_shoulders(
    names: Sequence[str], joints: Mapping[str, int], parents: Sequence[int], positions: Floats
) -> tuple[int, int] | None:
    """The joints at the top of the left and the right upper arm; None unless both are found.

    `joints` are those of the figure and `positions` [t, j, 3] the motion.
    """
    found: list[int | None] = []
    for side, other in (("left", "right"), ("right", "left")):
        elbow = joints[f"{side} elbow"]
        above = _above(elbow, parents)
        chain = [joint for joint in above if joint not in {*_above(joints[f"{other} elbow"], parents)}]
        if chain:
            found.append(_top(chain, elbow, positions))
        elif above and len(parents):
            return None  # the arm hangs from the trunk by its elbow
        else:
            called = {split_name(name): index for index, name in reversed(list(enumerate(names)))}
            found.append(next((called[side, name] for name in _NAMES if (side, name) in called), None))
    left, right = found
    return None if left is None or right is None or left == right else (left, right)


def _above(joint: int, parents: Sequence[int]) -> list[int]:
    """The ancestors of a joint, the nearest first."""
    above = []
    while len(parents) and (joint := parents[joint]) >= 0:
        above.append(joint)
    return above


def _top(chain: list[int], elbow: int, positions: Floats) -> int:
    """Of the joints above an elbow, the one where the straight bone to it begins: the nearest, or beyond twist bones."""

    def lengths(first: int, second: int) -> Floats:
        length: Floats = np.linalg.norm(positions[:, first] - positions[:, second], axis=-1)
        return length

    top = chain[0]
    for joint in chain[1:]:
        detour = lengths(joint, top) + lengths(top, elbow)
        if float(np.percentile(detour / np.maximum(lengths(joint, elbow), 1e-9), 90)) > _ALONG:
            break
        top = joint
    return top
