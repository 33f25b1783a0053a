"""Which point of a pose detector is which, and the figure's ten joints from them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stickgen.importing.joint_names import split_name
from stickgen.motion.skeleton import JOINTS

Floats = NDArray[np.float64]

_COCO = (
    "nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder", "left elbow",
    "right elbow", "left hand", "right hand", "left hip", "right hip", "left knee", "right knee", "left foot", "right foot",
)  # fmt: skip
_OPENPOSE = (
    "nose", "neck", "right shoulder", "right elbow", "right hand", "left shoulder", "left elbow", "left hand",
)  # fmt: skip
_BODY_25 = (
    *_OPENPOSE, "pelvis", "right hip", "right knee", "right foot", "left hip", "left knee", "left foot",
    "right eye", "left eye", "right ear", "left ear", *[""] * 6,
)  # fmt: skip
_COCO_18 = (
    *_OPENPOSE, "right hip", "right knee", "right foot", "left hip", "left knee", "left foot",
    "right eye", "left eye", "right ear", "left ear",
)  # fmt: skip
_MPI = (
    "head", "neck", "right shoulder", "right elbow", "right hand", "left shoulder", "left elbow", "left hand",
    "right hip", "right knee", "right foot", "left hip", "left knee", "left foot", "",
)  # fmt: skip
_MPII = (
    "right foot", "right knee", "right hip", "left hip", "left knee", "left foot", "pelvis", "", "neck", "head",
    "right hand", "right elbow", "right shoulder", "left shoulder", "left elbow", "left hand",
)  # fmt: skip
_HALPE = (*_COCO, "", "neck", "pelvis", *[""] * 6)  # its head is the crown, above the ears
BLAZEPOSE = (
    "nose", "", "left eye", "", "", "right eye", "", "left ear", "right ear", "", "", "left shoulder", "right shoulder",
    "left elbow", "right elbow", "left hand", "right hand", *[""] * 6, "left hip", "right hip", "left knee", "right knee",
    "left foot", "right foot", *[""] * 4,
)  # fmt: skip
_BY_COUNT: Mapping[int, tuple[str, ...]] = {
    10: tuple(joint.replace("_", " ") for joint in JOINTS),
    15: _MPI,
    16: _MPII,
    17: _COCO,
    18: _COCO_18,
    25: _BODY_25,
    26: _HALPE,
    33: BLAZEPOSE,
    133: (*_COCO, *[""] * 116),  # COCO-WholeBody
    136: (*_HALPE, *[""] * 110),
}
KNOWN_COUNTS = ", ".join(map(str, sorted(_BY_COUNT)))
_PARTS = {
    "wrist": "hand", "hand": "hand", "ankle": "foot", "foot": "foot", "midhip": "pelvis", "hipmid": "pelvis",
    "root": "pelvis", "hipcenter": "pelvis", "hips": "pelvis", "pelvis": "pelvis", "neck": "neck", "nose": "nose", "head": "head",
    "eye": "eye", "ear": "ear", "shoulder": "shoulder", "sho": "shoulder", "elbow": "elbow", "elb": "elbow", "hip": "hip",
    "knee": "knee", "wri": "hand", "ank": "foot", "kne": "knee",
}  # fmt: skip
_EXACT = {"wrist", "ankle", "wri", "ank"}  # before hand and foot, where a file has both
_FACE = 0.3  # confidence from which an ear shows where the head is


def names_of_count(count: int, points: Floats) -> tuple[str, ...] | None:
    """The names of `count` points in the usual order of a detector, "" for those of no use; None if unknown.

    `points` [t, n, 2 or more] tell apart the two orders of 18: OpenPose's, and COCO's 17 with the neck at the end.
    """
    if count == 18 and _fits_neck(points, 17, (5, 6)) < _fits_neck(points, 1, (2, 5)):
        return (*_COCO, "neck")
    return _BY_COUNT.get(count)


def _fits_neck(points: Floats, neck: int, shoulders: tuple[int, int]) -> float:
    """How far, typically, the neck is from the middle of the shoulders."""
    xy = np.where(points[..., :2] == 0, np.nan, points[..., :2])
    apart = np.linalg.norm(xy[:, neck] - xy[:, list(shoulders)].mean(axis=1), axis=-1)
    seen = apart[np.isfinite(apart)]
    return float(np.median(seen)) if len(seen) else np.inf


def plain_names(names: Sequence[str], given: Mapping[str, str] | None = None) -> list[str]:
    """The names of a file as ours (`left hand`, `pelvis`, `nose`), "" for those of no use.

    `given` maps joints of the figure to those of the file and goes first.
    """
    told = {name.casefold(): joint for joint, name in (given or {}).items()}
    found: list[str] = []
    exact: set[str] = set()
    for name in names:
        side, part = split_name(name)
        plain = _PARTS.get(re.sub(r"\d", "", part), "")
        plain = "pelvis" if plain == "hip" and not side else plain
        ours = f"{side} {plain}".strip() if plain else ""
        if part in _EXACT:
            exact.add(ours)
        found.append(told.get(name.casefold(), ours))
    taken: set[str] = set()
    for index, (name, ours) in enumerate(zip(names, found, strict=True)):
        loose = ours in exact and split_name(name)[1] not in _EXACT
        if name.casefold() not in told and (loose or ours in taken or ours in told.values()):
            found[index] = ""
        taken.add(found[index])
    return found


def missing_of(names: Sequence[str]) -> list[str]:
    """The joints of the figure that a body with these points does not have."""
    there = set(names)
    wanted = [joint.replace("_", " ") for joint in JOINTS]
    return [
        joint
        for joint in wanted
        if joint not in there
        and not (joint == "pelvis" and {"left hip", "right hip"} <= there)
        and not (joint == "head" and there & {"nose", "left ear", "right ear", "left eye", "right eye"})
    ]


def ten_joints(
    names: Sequence[str], points: Floats, *, zero_is_absent: bool = True
) -> tuple[Floats, Floats, Floats | None, Floats | None]:
    """Points [t, n, 3] (x, y, confidence) as the figure's joints [t, 10, 2], with confidence [t, 10], across and ahead.

    `across` and `ahead` are those of Keypoints. A point that is not finite was not seen; nor was one at exactly 0, 0, where
    detectors put what they do not find.
    """
    at = {name: points[:, index] for index, name in reversed(list(enumerate(names))) if name}
    at = {name: _seen(point, zero_is_absent) for name, point in at.items()}
    joints = []
    for joint in JOINTS:
        name = joint.replace("_", " ")
        if name == "head" and "head" not in at:
            joints.append(_head(at))
        elif name == "pelvis" and {"left hip", "right hip"} <= at.keys():
            joints.append(_middle(at["left hip"], at["right hip"]))
        else:
            joints.append(at[name])
    whole = np.stack(joints, axis=1)
    return whole[..., :2], np.nan_to_num(whole[..., 2]), _across(at), _ahead(at)


def _seen(point: Floats, zero_is_absent: bool) -> Floats:
    absent = ~np.isfinite(point[:, :2]).all(axis=1)
    absent |= zero_is_absent & (point[:, :2] == 0).all(axis=1)
    seen = point.copy()
    seen[absent, :2] = np.nan
    seen[absent | ~np.isfinite(point[:, 2]), 2] = 0.0
    return seen


def _middle(first: Floats, second: Floats) -> Floats:
    middle: Floats = (first + second) / 2
    middle[:, 2] = np.minimum(first[:, 2], second[:, 2])
    return middle


def _head(at: Mapping[str, Floats]) -> Floats:
    """The middle of the ears; else the eyes, else the nose. From the side, one ear is the middle of the head."""
    head = np.full((len(next(iter(at.values()))), 3), np.nan)
    head[:, 2] = 0.0
    for group in (("nose",), ("left eye", "right eye"), ("left ear", "right ear")):
        there = [at[name] for name in group if name in at]
        if not there:
            continue
        stack = np.stack(there)  # [1 or 2, t, 3]
        weight = np.where(np.isfinite(stack[..., 0]), stack[..., 2], 0.0)
        total = weight.sum(axis=0)
        place = np.nansum(stack[..., :2] * weight[..., None], axis=0) / np.maximum(total, 1e-9)[:, None]
        best = weight.max(axis=0)
        better = (best >= _FACE) | (best > head[:, 2])
        better &= total > 0
        head[better, :2], head[better, 2] = place[better], best[better]
    return head


def _across(at: Mapping[str, Floats]) -> Floats | None:
    pairs = [
        at[f"left {part}"][:, 0] - at[f"right {part}"][:, 0]
        for part in ("hip", "shoulder")
        if f"left {part}" in at and f"right {part}" in at
    ]
    return np.mean(pairs, axis=0) if pairs else None


def _ahead(at: Mapping[str, Floats]) -> Floats | None:
    if "nose" not in at:
        return None
    ears = [at[name][:, 0] for name in ("left ear", "right ear") if name in at]
    if ears:
        stack = np.stack(ears)
        count = np.isfinite(stack).sum(axis=0)
        behind = np.nansum(stack, axis=0) / np.where(count, count, np.nan)
    elif "neck" in at:
        behind = at["neck"][:, 0]
    elif "left shoulder" in at and "right shoulder" in at:
        behind = (at["left shoulder"][:, 0] + at["right shoulder"][:, 0]) / 2
    else:
        return None
    ahead: Floats = at["nose"][:, 0] - behind
    return ahead
