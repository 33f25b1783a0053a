"""From joints in space to the ten joints of the figure in a plane, on the floor, at 25 fps."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from stickgen.data.bvh import Capture
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import FPS, LEFT_FOOT, LEFT_KNEE, PELVIS, RIGHT_FOOT, RIGHT_KNEE

Floats = NDArray[np.float64]
TRAVEL = 0.8  # units of travel from which a clip is seen from the side
LEG = 0.5  # thigh and shin together, in skeleton units

# names that captures give to the parts, compared in lower case without separators
_HEAD = ("head",)
_SIDED = {
    "hip": ("upleg", "leftupleg", "hip", "thigh", "upperleg", "lefthip"),
    "knee": ("leg", "knee", "shin", "lowerleg", "calf"),
    "foot": ("foot", "ankle"),
    "elbow": ("forearm", "elbow", "lowerarm"),
    "hand": ("hand", "wrist"),
}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _sided(name: str) -> tuple[str, str] | None:
    """`LeftUpLeg`, `UpperLeg_L`, `lThigh`, `Hip_R` → (side, part in lower case)."""
    if match := re.fullmatch(r"(left|right)(.+)", _plain(name)):
        return match.group(1), match.group(2)
    if match := re.fullmatch(r"(.+?)[._ ]?([LR])", name):
        return {"L": "left", "R": "right"}[match.group(2)], _plain(match.group(1))
    if match := re.fullmatch(r"([lrLR])[._ ]?([A-Z].*)", name):
        return {"l": "left", "r": "right"}[match.group(1).lower()], _plain(match.group(2))
    return None


def find_joints(capture: Capture, file: str) -> dict[str, int]:
    """Columns of `head`, `left hip` … `right hand`. Raises StickgenError that lists what is missing."""
    found: dict[str, int] = {}
    for index, name in enumerate(capture.names):
        if _plain(name) in _HEAD:
            found.setdefault("head", index)
        sided = _sided(name)
        if sided is None:
            continue
        for part, names in _SIDED.items():
            if sided[1] in names:
                found.setdefault(f"{sided[0]} {part}", index)
    wanted = ["head", *(f"{side} {part}" for side in ("left", "right") for part in _SIDED)]
    missing = [name for name in wanted if name not in found]
    if missing:
        raise StickgenError(
            f"{file}: no joint for {', '.join(missing)}; it has {', '.join(capture.names[:40])}"
        )
    return found


def project(capture: Capture, file: str, fps: float) -> NDArray[np.float32]:
    """The figure's motion [t, 20] at 25 fps, in skeleton units.

    Seen from the side along the pelvis's path, travelling to +x, when it travels more than 0.8 units; from
    the front otherwise. `fps` is the capture's true rate, which the file may have wrong.
    """
    joints = find_joints(capture, file)
    points = capture.positions
    at = {name: points[:, index] for name, index in joints.items()}
    pelvis = (at["left hip"] + at["right hip"]) / 2
    up = _up_axis(at["head"] - (at["left foot"] + at["right foot"]) / 2)
    ground = [axis for axis in range(3) if axis != up]
    legs = [
        np.linalg.norm(at[f"{s} hip"] - at[f"{s} knee"], axis=-1)
        + np.linalg.norm(at[f"{s} knee"] - at[f"{s} foot"], axis=-1)
        for s in ("left", "right")
    ]
    scale = LEG / float(np.median(legs))
    if not np.isfinite(scale):
        raise StickgenError(f"{file}: its legs have no length")

    path = pelvis[:, ground] * scale
    centred = path - path.mean(0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    along = centred @ axis
    if np.ptp(along) > TRAVEL:
        axis = axis * np.sign(along[-1] - along[0] or 1.0)
    else:
        across = np.median((at["left hip"] - at["right hip"])[:, ground], axis=0)
        axis = across / (np.linalg.norm(across) or 1.0)  # from the front: the figure's left is at +x

    head = at["head"]
    end = f"{capture.names[joints['head']]} end"
    if end in capture.names:  # a head joint is at the base of the skull: take the middle of the head
        head = (head + points[:, capture.names.index(end)]) / 2
    order = [head, pelvis]
    for part in ("elbow", "hand", "knee", "foot"):
        order += [at[f"left {part}"], at[f"right {part}"]]
    flat = np.stack([np.stack((p[:, ground] @ axis, p[:, up]), axis=-1) for p in order], axis=1) * scale
    flat[..., 1] -= np.percentile(flat[:, [LEFT_FOOT, RIGHT_FOOT], 1].min(1), 2)
    flat[..., 0] -= flat[0, PELVIS, 0]
    return resample(flat.reshape(len(flat), -1), fps).astype(np.float32)


def _up_axis(spine: Floats) -> int:
    return int(np.abs(np.median(spine, axis=0)).argmax())


def resample(motion: Floats, fps: float) -> Floats:
    """[t, 20] at `fps` → at 25, between neighbouring frames."""
    seconds = (len(motion) - 1) / fps
    times = np.arange(int(seconds * FPS + 1e-6) + 1) / FPS * fps
    low = np.minimum(times.astype(int), len(motion) - 1)
    high = np.minimum(low + 1, len(motion) - 1)
    part = (times - low)[:, None]
    return motion[low] * (1 - part) + motion[high] * part


assert (LEFT_KNEE, RIGHT_KNEE, LEFT_FOOT, RIGHT_FOOT) == (6, 7, 8, 9)
