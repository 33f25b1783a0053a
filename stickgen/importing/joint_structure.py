"""Identifies the joints of a capture by how the skeleton is built: two legs, two arms, a head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SIGNIFICANT = 0.2  # of the longest path from the root to a tip: anything shorter is a finger, a jaw, a coat
_FINGER = 0.4  # of the longest finger: a shorter branch is none
_DETOUR = 0.03  # of a bone's length: the joints on it may lie so far off a straight line
_ALIKE = 0.15  # how much the two limbs of a pair may differ, relative to their length


@dataclass(frozen=True)
class Skeleton:
    """A tree of joints with its rest pose [j, 3] and its motion [t, j, 3]."""

    parents: tuple[int, ...]
    rest: Floats | None
    positions: Floats | None = None

    def hangs(self, joint: int, above: int) -> bool:
        """Whether `above` is on the path from `joint` to the root."""
        while joint >= 0:
            joint = self.parents[joint]
            if joint == above:
                return True
        return False

    @cached_property
    def children(self) -> list[list[int]]:
        """The children of each joint."""
        children: list[list[int]] = [[] for _ in self.parents]
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                children[parent].append(joint)
        return children

    @cached_property
    def reach(self) -> Floats:
        """The longest path from each joint down to a tip, [j]."""
        reach = np.zeros(len(self.parents))
        for joint in range(len(self.parents) - 1, -1, -1):  # parents come before their children
            parent = self.parents[joint]
            if parent >= 0:
                reach[parent] = max(reach[parent], reach[joint] + self.distance(joint, parent))
        return reach

    def distance(self, first: int, second: int) -> float:
        """The distance between two joints in the rest pose."""
        assert self.rest is not None
        return float(np.linalg.norm(self.rest[first] - self.rest[second]))

    @cached_property
    def sampled(self) -> Floats | None:
        """At most 200 frames of the motion, [t, j, 3]."""
        moving = self.positions
        return None if moving is None else moving[:: max(len(moving) // 200, 1)][:200]

    def is_straight(self, joints: list[int]) -> bool:
        """Whether joints that hang from each other lie on a line whatever the motion; True if there is none."""
        if len(joints) < 3 or self.sampled is None:
            return True
        way = np.diff(self.sampled[:, joints], axis=1)
        path = np.linalg.norm(way, axis=-1).sum(axis=1)
        short = np.linalg.norm(way.sum(axis=1), axis=-1)
        return bool(np.percentile(path - short, 90) <= _DETOUR * float(np.median(path)))

    def longest_chain(self, joint: int) -> list[int]:
        """The joints from `joint` down to the farthest tip."""
        chain = [joint]
        while self.children[chain[-1]]:
            here = chain[-1]
            chain.append(
                max(self.children[here], key=lambda child: self.reach[child] + self.distance(child, here))
            )
        return chain


def by_structure(skeleton: Skeleton, known: Mapping[str, int], ends: set[int]) -> dict[str, int]:
    """Joints by the tree, as far as it is that of a person; {} if it is not.

    `known` are joints identified by name; they decide which side is left. `ends` are end sites.
    """
    pairs = _pairs(skeleton)
    if len(pairs) < 2:
        return {}
    # the legs branch off nearer to the root, or are longer; where the arms branch off, the neck does too
    best: tuple[float, tuple[int, int, int], tuple[int, int, int]] | None = None
    for legs, arms in combinations(pairs, 2):
        for lower, upper in ((legs, arms), (arms, legs)):
            if lower[0] == upper[0] or skeleton.hangs(lower[0], upper[0]):
                continue
            if any(skeleton.hangs(upper[0], leg) or upper[0] == leg for leg in lower[1:]):
                continue
            size = float(min(skeleton.reach[lower[1]], skeleton.reach[lower[2]]))
            size += float(min(skeleton.reach[upper[1]], skeleton.reach[upper[2]]))
            size *= 1.0 if skeleton.hangs(upper[0], lower[0]) else 0.9
            if best is None or size > best[0]:
                best = size, lower, upper
    if best is None:
        return {}
    _, lower, upper = best
    limbs = {
        "leg": [_joints_of_limb(skeleton, start, ends) for start in lower[1:]],
        "arm": [_joints_of_limb(skeleton, start, ends) for start in upper[1:]],
    }
    head = _head(skeleton, upper, ends)
    if head is None or any(len(joints) < 3 for pair in limbs.values() for joints in pair):
        return {}
    found = {"head": head}
    for parts, pair in (
        (("hip", "knee", "foot"), limbs["leg"]),
        (("shoulder", "elbow", "hand"), limbs["arm"]),
    ):
        first_is_left = _first_is_left(skeleton, pair, limbs["leg"], head, known)
        if first_is_left is None:
            return {}
        for side, joints in zip(("left", "right") if first_is_left else ("right", "left"), pair, strict=True):
            found |= {f"{side} {part}": joint for part, joint in zip(parts, joints, strict=True)}
    return {joint: index for joint, index in found.items() if "shoulder" not in joint}


def _pairs(skeleton: Skeleton) -> list[tuple[int, int, int]]:
    """(branch, child, child): limbs of equal length and structure that branch off at the same joint."""
    least = _SIGNIFICANT * float(skeleton.reach.max(initial=0.0))
    found = []
    for branch, children in enumerate(skeleton.children):
        long = [child for child in children if skeleton.reach[child] > least]
        for first, second in combinations(long, 2):
            one, other = skeleton.reach[first], skeleton.reach[second]
            apart = skeleton.distance(first, second) > 0 or skeleton.distance(
                skeleton.longest_chain(first)[-1], skeleton.longest_chain(second)[-1]
            )
            if apart and abs(one - other) < _ALIKE * max(one, other):
                found.append((branch, first, second))
    return found


def _joints_of_limb(skeleton: Skeleton, start: int, ends: set[int]) -> list[int]:
    """Hip, knee and ankle, or shoulder, elbow and wrist, of a limb that may have twist bones, toes and fingers.

    They are the ends of two bones of about the same length that are as long as possible. Among candidates that are
    nearly as good, the one that ends first wins, because what follows is a foot or a hand. A bone is straight in all
    of the motion, however many joints lie on it: a collar bone is none of the arm. The search stops at a hand.
    """
    chain = []
    for joint in skeleton.longest_chain(start):
        chain.append(joint)
        if len(chain) > 2 and _is_hand(skeleton, joint, ends):
            break
    options = []
    bones = [(upper, lower) for upper, lower in combinations(range(len(chain)), 2)]
    straight = {bone for bone in bones if skeleton.is_straight(chain[bone[0] : bone[1] + 1])}
    for upper, middle, lower in combinations(range(len(chain)), 3):
        if not {(upper, middle), (middle, lower)} <= straight:
            continue
        first = skeleton.distance(chain[upper], chain[middle])
        second = skeleton.distance(chain[middle], chain[lower])
        options.append((min(first, second) - abs(first - second) / 2, lower, upper, middle))
    if not options:
        return []
    best = max(options)[0]
    if best <= 0:
        return []
    lower = min(option[1] for option in options if option[0] > 0.8 * best)
    _, _, upper, middle = max(option for option in options if option[1] == lower)
    return [chain[upper], chain[middle], chain[lower]]


def _is_hand(skeleton: Skeleton, joint: int, ends: set[int]) -> bool:
    """Whether three or more branches of about one length begin at a joint; twist bones beside a forearm are shorter."""
    branches = sorted(
        (
            float(skeleton.reach[child]) + skeleton.distance(child, joint)
            for child in skeleton.children[joint]
            if child not in ends
        ),
        reverse=True,
    )
    return len(branches) >= 3 and branches[2] > _FINGER * branches[0]


def _head(skeleton: Skeleton, arms: tuple[int, int, int], ends: set[int]) -> int | None:
    """The head: upwards from where the arms branch off, the last joint before face, hair or tip."""
    branch, *limbs = arms
    others = [child for child in skeleton.children[branch] if child not in limbs and child not in ends]
    if not others:
        return None
    joint = max(others, key=lambda child: float(skeleton.reach[child]) + skeleton.distance(child, branch))
    while True:
        further = [child for child in skeleton.children[joint] if child not in ends]
        if len(further) != 1:
            return joint
        joint = further[0]


def _first_is_left(
    skeleton: Skeleton, pair: list[list[int]], legs: list[list[int]], head: int, known: Mapping[str, int]
) -> bool | None:
    """Whether the first limb of a pair is the left one: by name, else because knees bend forward.

    None if neither tells.
    """
    for number, joints in enumerate(pair):
        for name, index in known.items():
            if index in joints and name != "head":
                return (number == 0) == name.startswith("left")
    moving = skeleton.positions
    if moving is None:
        return None
    sampled = moving[:: max(len(moving) // 500, 1)]
    up = np.median(sampled[:, head] - (sampled[:, legs[0][2]] + sampled[:, legs[1][2]]) / 2, axis=0)
    across = sampled[:, pair[0][0]] - sampled[:, pair[1][0]]
    bends = np.zeros((len(sampled), 3))
    for hip, knee, foot in legs:
        bends += sampled[:, knee] - (sampled[:, hip] + sampled[:, foot]) / 2
    # up × forward points to the left of the body
    left = np.cross(up, bends)
    side = float(np.median((left * across).sum(axis=-1)))
    scale = float(np.linalg.norm(up)) ** 2 * float(np.median(np.linalg.norm(across, axis=-1)))
    return None if abs(side) < 1e-3 * scale else side > 0
