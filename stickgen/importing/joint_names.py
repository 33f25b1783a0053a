"""Identifies the joints of a capture by the names that studios, exporters and rigs give them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.importing.decoding import read_text_file
from stickgen.importing.joint_structure import Floats, Skeleton, by_structure
from stickgen.text import clean

_SIDES = {
    "left": "left", "l": "left", "lt": "left", "lft": "left", "左": "left",
    "right": "right", "r": "right", "rt": "right", "rgt": "right", "右": "right",
}  # fmt: skip
# words that rigs add to every name: Reallusion, 3ds Max, Valve, Mixamo, Rigify, VRoid, DeepMotion, ARKit, DAZ, Auto-Rig;
# some also mark the middle of the body
_AROUND = {
    "cc", "base", "bip", "valvebiped", "mixamorig", "def", "org", "bone", "bn", "jnt", "j", "c", "m", "bend",
    "sk", "skel", "stretch", "x",
}  # fmt: skip
# names without side and added words, the most reliable first. Ankle comes before foot and wrist before hand: if a
# skeleton has both (SMPL, Kinect), "foot" is the ball of the foot and "hand" the palm. CMU has both an `LHipJoint`
# and a `LeftUpLeg`; files that call the top of the thigh `LeftHip` have no `LeftUpLeg`.
PARTS: dict[str, tuple[str, ...]] = {
    "hip": ("upleg", "upperleg", "thigh", "femur", "uleg", "hip", "足", "大腿"),
    "knee": (
        "lowleg",
        "lowerleg",
        "shin",
        "calf",
        "knee",
        "leg",
        "tibia",
        "lleg",
        "shank",
        "ひざ",
        "膝",
        "小腿",
    ),
    "foot": ("ankle", "footankle", "talus", "foot", "足首", "脚踝", "脚"),
    "elbow": (
        "forearm",
        "lowarm",
        "lowerarm",
        "elbow",
        "ulna",
        "radius",
        "farm",
        "larm",
        "ひじ",
        "肘",
        "前臂",
        "小臂",
    ),
    "hand": ("wrist", "handwrist", "hand", "手首", "手腕", "手"),
}
_HEAD = ("head", "skull", "頭", "头")
_KNOWN = {label for labels in PARTS.values() for label in labels}
JOINTS = ("head", *(f"{side} {part}" for side in ("left", "right") for part in PARTS))


def split_name(name: str) -> tuple[str, str]:
    """(side or "", part) of a joint's name: `LeftUpLeg`, `UpperLeg_L`, `lThigh`, `CC_Base_L_Thigh`, `左ひざ`."""
    side, part, _ = _split(_words(name))
    return side, part


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", name)
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[左右]|[^\W\d_a-zA-Z左右]+", plain)
    return [word.lower() for word in words]


def _split(words: list[str]) -> tuple[str, str, int]:
    """Side, part, and the number in the name. If a bone is in pieces, the first has no number or the lowest."""
    words = [word for word in words if word not in _AROUND]
    if words and words[0].isdigit():  # as in Bip01
        words = words[1:]
    numbers = [int(word) for word in words if word.isdigit()]
    words = [word for word in words if not word.isdigit() or len(words) == 1]
    if words and (match := re.fullmatch(r"(left|right)(.+)|(.+)(left|right)", words[0])):
        words[:1] = [found for found in match.groups() if found]
    sides = [_SIDES[word] for word in words if word in _SIDES]
    words = [word for word in words if word not in _SIDES]
    if len(words) == 2 and words[1] in {"upper", "lower"}:  # Leg_Upper_L
        words.reverse()
    part = "".join(words)
    if not sides and part[:1] in {"l", "r"} and part[1:] in _KNOWN and part not in _KNOWN:  # LFEMUR, LFArm
        return _SIDES[part[0]], part[1:], min(numbers, default=0)
    if numbers and part not in _KNOWN and part not in _HEAD:
        part += "".join(map(str, numbers))
    return sides[0] if sides else "", part, min(numbers, default=0)


def find_joints(
    names: Sequence[str],
    file: str,
    *,
    parents: Sequence[int] = (),
    rest: Floats | None = None,
    positions: Floats | None = None,
    given: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Indices of `head`, `left hip`, … `right hand` (JOINTS).

    Names decide as long as they agree with the tree of `parents`, where a knee hangs from its hip. The rest follows
    from the tree and the `rest` pose [j, 3], with `positions` [t, j, 3] to tell left from right. `given` maps joints
    of the figure to those of the file and takes precedence. Raises StickgenError that lists what is missing.
    """
    found = _given(names, file, given or {})
    skeleton = Skeleton(tuple(parents), rest, positions) if len(parents) and rest is not None else None
    ends = {index for index, name in enumerate(names) if name.endswith(" end")}
    candidates = _candidates(names, ends)
    for side in ("left", "right"):
        for limb in (("hip", "knee", "foot"), ("elbow", "hand")):
            found.update(_limb(side, limb, candidates, found, skeleton))
            top = f"{side} {limb[0]}"
            if skeleton is not None and top in found and top not in (given or {}):
                found[top] = _before_twists(found[top], names, skeleton)
    if "head" not in found and candidates["head"]:
        found["head"] = candidates["head"][0]
    if skeleton is not None and len(found) < len(JOINTS):
        built = by_structure(skeleton, found, ends)
        _correct(found, built, given or {})
        for joint, index in built.items():
            if index not in found.values():
                found.setdefault(joint, index)
    missing = [joint for joint in JOINTS if joint not in found]
    if missing:
        there = clean(", ".join(names), single_line=True, limit=300)
        raise StickgenError(
            f"{file}: no joint looks like the {', the '.join(missing)}; name it with --joints; the file's joints are {there}"
        )
    return {joint: found[joint] for joint in JOINTS}


def _candidates(names: Sequence[str], ends: set[int]) -> dict[str, list[int]]:
    """For each of JOINTS, the joints that it may be by their names, the likeliest first."""
    words = [_words(re.sub(r"\[.*\]", "", name) or name) for name in names]
    for at in (0, -1):
        while (word := _common(words, at, ends)) is not None:
            kept = slice(1, None) if at == 0 else slice(None, -1)
            words = [found[kept] if len(found) > 1 and found[at] == word else found for found in words]
    split = [_split(found) for found in words]
    ranked: dict[str, list[int]] = {}
    wanted = {"head": ("", _HEAD), **{f"{s} {p}": (s, PARTS[p]) for s in ("left", "right") for p in PARTS}}
    for joint, (side, labels) in wanted.items():
        fitting = [
            (labels.index(part), number, index)
            for index, (where, part, number) in enumerate(split)
            if where == side and part in labels and index not in ends
        ]
        ranked[joint] = [index for _, _, index in sorted(fitting)]
    return ranked


def _common(words: Sequence[list[str]], at: int, ends: set[int]) -> str | None:
    """A word that starts or ends nearly all names: it belongs to the character or the rig."""
    common = Counter(found[at] for i, found in enumerate(words) if len(found) > 1 and i not in ends)
    for word, count in common.most_common(1):
        if count > 0.8 * (len(words) - len(ends)) and word not in _SIDES and word not in _KNOWN:
            return word
    return None


def _correct(found: dict[str, int], built: Mapping[str, int], given: Mapping[str, str]) -> None:
    """Forget the names of a limb if what they call its knee is, by the tree, its hip: `leg_0`, `leg_1`, `leg_end`."""
    for side in ("left", "right"):
        for limb in (("hip", "knee", "foot"), ("elbow", "hand")):
            joints = [f"{side} {part}" for part in limb]
            named = {found[joint] for joint in joints if joint in found}
            if any(joint not in found and built.get(joint) in named for joint in joints):
                for joint in joints:
                    if joint not in given:
                        found.pop(joint, None)


def _limb(
    side: str,
    parts: Sequence[str],
    candidates: Mapping[str, list[int]],
    found: Mapping[str, int],
    skeleton: Skeleton | None,
) -> dict[str, int]:
    """The joints of one limb that hang from each other, as far as names show."""
    joints = [f"{side} {part}" for part in parts]
    choices = [[found[joint]] if joint in found else list(candidates[joint][:6]) for joint in joints]
    if skeleton is None:
        return {joint: choice[0] for joint, choice in zip(joints, choices, strict=True) if choice}
    first = [choice[0] for choice in choices if choice]
    if len(first) == len(joints) and len({skeleton.parents[joint] for joint in first}) == 1:
        return dict(zip(joints, first, strict=True))  # a flat file without a tree
    # everything that names show if the tree confirms it; if they contradict the tree, none of it
    told = [(joint, choice) for joint, choice in zip(joints, choices, strict=True) if choice]
    for chain in product(*(choice for _, choice in told)):
        if all(skeleton.hangs(lower, upper) for upper, lower in pairwise(chain)):
            return {joint: index for (joint, _), index in zip(told, chain, strict=True)}
    return {}


def _before_twists(joint: int, names: Sequence[str], skeleton: Skeleton) -> int:
    """Where the bone of a joint begins: at its twist bone, if the rig has that first (`thigh_twist`, then `thigh`)."""
    above = skeleton.parents[joint]
    if above < 0:
        return joint
    own, before = set(_words(names[joint])), set(_words(names[above]))
    return above if before - own == {"twist"} and own - before <= _AROUND else joint


def _given(names: Sequence[str], file: str, given: Mapping[str, str]) -> dict[str, int]:
    plain = {name.casefold(): index for index, name in reversed(list(enumerate(names)))}
    found = {}
    for joint, name in given.items():
        index = plain.get(name.casefold(), plain.get(re.split(r"[:|]", name)[-1].strip().casefold()))
        if index is None:
            raise StickgenError(
                f"{file}: it has no joint {clean(name, limit=60)!r}, which --joints gives for the {joint}; its joints are "
                f"{clean(', '.join(names), single_line=True, limit=300)}"
            )
        found[joint] = index
    return found


def read_joint_map(text: str, option: str = "--joints") -> dict[str, str]:
    """Read `left_hip=Thigh_L,left_knee=Calf_L`, or a file with one such entry per line: file joints by figure joints.

    `option` is what it was given with. Raises StickgenError if a name is not one of JOINTS or nothing is given.
    """
    where = option
    if "=" not in text:
        where = text
        try:
            text = read_text_file(Path(text))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no file name"
            raise StickgenError(
                f"{option} {clean(text, limit=80)}: no such file of joints ({reason})"
            ) from error
    found: dict[str, str] = {}
    for entry in re.split(r"[\n,]", text):
        entry = entry.split("#")[0].strip().strip("{}").strip()
        if not entry:
            continue
        joint, sign, name = entry.partition("=") if "=" in entry else entry.partition(":")
        key = " ".join(re.split(r"[\s_-]+", joint.strip().strip("\"'").lower()))
        if key not in JOINTS or not sign or not name.strip():
            known = ", ".join(joint.replace(" ", "_") for joint in JOINTS)
            raise StickgenError(
                f"{where}: {clean(entry, single_line=True, limit=60)!r} names no joint of the figure; write JOINT=NAME "
                f"with a JOINT of {known}"
            )
        found[key] = name.strip().strip("\"'")
    if not found:
        raise StickgenError(f"{where}: it names no joint")
    return found
