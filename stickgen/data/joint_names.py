"""Which joint of a capture is which: every studio, exporter and rig has its own names for them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stickgen.errors import StickgenError
from stickgen.text import clean

_SIDES = {"left": "left", "l": "left", "right": "right", "r": "right"}
# prefixes that rigs put before every name: Reallusion, 3ds Max, Mixamo, Rigify
_PREFIXES = {"cc", "base", "bip", "mixamorig", "def", "bone"}
# what is left of a name without side and prefix, the surest first: CMU has both an `LHipJoint` and a
# `LeftUpLeg`, and files that say `LeftHip` for the top of the thigh have no `LeftUpLeg`
_PARTS: dict[str, tuple[str, ...]] = {
    "hip": ("upleg", "upperleg", "thigh", "femur", "hip"),
    "knee": ("lowleg", "lowerleg", "shin", "calf", "knee", "leg", "tibia"),
    "foot": ("foot", "ankle"),
    "elbow": ("forearm", "lowarm", "lowerarm", "elbow", "radius"),
    "hand": ("hand", "wrist"),
}


def split_name(name: str) -> tuple[str, str]:
    """(side or "", part) of a joint's name: `LeftUpLeg`, `UpperLeg_L`, `lThigh`, `CC_Base_L_Thigh`, `thigh.L`."""
    words = [w.lower() for w in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", name)]
    words = [word for word in words if word not in _PREFIXES]
    if words and words[0].isdigit():  # of Bip01
        words = words[1:]
    if words and (match := re.fullmatch(r"(left|right)(.+)", words[0])):
        words[:1] = match.groups()
    sides = [_SIDES[word] for word in words if word in _SIDES]
    return sides[0] if sides else "", "".join(word for word in words if word not in _SIDES)


def find_joints(names: Sequence[str], file: str) -> dict[str, int]:
    """Indices of `head`, `left hip`, … `right hand`. Raises StickgenError that lists what is missing."""
    seen: dict[tuple[str, str], int] = {}
    for index, name in enumerate(names):
        seen.setdefault(split_name(name), index)
    wanted = {"head": [("", "head")]}
    for side in ("left", "right"):
        for part, labels in _PARTS.items():
            wanted[f"{side} {part}"] = [(side, label) for label in labels]
    found = {
        joint: next((seen[candidate] for candidate in candidates if candidate in seen), None)
        for joint, candidates in wanted.items()
    }
    missing = [joint for joint, index in found.items() if index is None]
    if missing:
        there = clean(", ".join(names), single_line=True, limit=300)
        raise StickgenError(
            f"{file}: no joint looks like the {', the '.join(missing)}; its joints are {there}"
        )
    return {joint: index for joint, index in found.items() if index is not None}
