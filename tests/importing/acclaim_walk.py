"""The walk of `walking.py` as ASF and AMC: the same joints turn, but about axes of their own, as ASF has it."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray
from walking import walking_bvh

Matrix = NDArray[np.float64]
_ASF_NAMES = {
    "LeftUpLeg": "lhipjoint", "LeftLeg": "lfemur", "LeftFoot": "ltibia", "LeftToeBase": "lfoot",
    "LeftArm": "lclavicle", "LeftForeArm": "lhumerus", "LeftHand": "lradius", "LeftHand end": "lhand",
    "Spine": "lowerback", "Neck": "thorax", "Head": "neck", "Head end": "head", "LeftToeBase end": "ltoes",
}  # fmt: skip
NAMES = _ASF_NAMES | {
    name.replace("Left", "Right"): "r" + bone[1:] for name, bone in _ASF_NAMES.items() if "Left" in name
}
AXES = {"lfemur": (0, 0, 20), "rfemur": (0, 0, -20), "lhumerus": (180, -30, -90), "head": (10, 20, 30)}


def turned(axis: int, degrees: float) -> Matrix:
    """A rotation about x, y or z (0, 1, 2)."""
    angle, matrix = math.radians(degrees), np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[first, first] = matrix[second, second] = math.cos(angle)
    matrix[second, first], matrix[first, second] = math.sin(angle), -math.sin(angle)
    return matrix


def _own_axes(bone: str) -> Matrix:
    x, y, z = AXES.get(bone, (0, 0, 0))
    return turned(2, z) @ turned(1, y) @ turned(0, x)


def _angles(matrix: Matrix) -> list[float]:
    """Degrees about y, then x, then z, each about a fixed axis."""
    y = math.atan2(-matrix[2, 0], matrix[2, 2])
    x = math.asin(max(-1.0, min(1.0, matrix[2, 1])))
    z = math.atan2(-matrix[0, 1], matrix[1, 1])
    return [math.degrees(angle) for angle in (y, x, z)]


def acclaim(
    *, frames: int = 60, radians: bool = False, scale: float = 1.0, seed: float = 0.0
) -> tuple[str, str]:
    """The texts of an ASF and an AMC file."""
    bvh = walking_bvh(frames=frames, seed=seed, scale=scale)
    head, motion = bvh.split("MOTION\n")
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    stack: list[int] = []
    for line in head.splitlines()[1:]:
        words = line.split()
        if words[0] in {"ROOT", "JOINT", "End"}:
            parents.append(stack[-1] if stack else -1)
            names.append(words[1] if words[0] != "End" else f"{names[parents[-1]]} end")
        elif words[0] == "{":
            stack.append(len(names) - 1)
        elif words[0] == "}":
            stack.pop()
        elif words[0] == "OFFSET":
            offsets.append([float(word) for word in words[1:]])
    turning = [name for name in names if not name.endswith(" end")]
    unit = "rad" if radians else "deg"
    bones, hierarchy = [], ["begin", "root " + _children(0, names, parents)]
    for index, name in enumerate(names[1:], 1):
        length = float(np.linalg.norm(offsets[index]))
        direction = " ".join(f"{value / length:.9f}" for value in offsets[index])
        axis = " ".join(
            f"{math.radians(value) if radians else value:.9f}" for value in AXES.get(NAMES[name], (0, 0, 0))
        )
        dof = ["   dof ry rx rz", "   limits (-180.0 180.0)", "     (-180 180)", "     (-180 180)"]
        bones += ["  begin", f"    id {index}", f"    name {NAMES[name]}", f"    direction {direction}",
                  f"    length {length:.9f}", f"    axis {axis}  XYZ", *(dof if parents[index] else []), "  end"]  # fmt: skip
        if children := _children(index, names, parents):
            hierarchy.append(f"{NAMES[name]} {children}")
    asf = [
        "# made for a test", ":version 1.10", ":name walk", ":units", "  mass 1.0", "  length 0.45", f"  angle {unit}",
        ":documentation", "  begin here", ":root", "  order TX TY TZ RY RX RZ", "  axis XYZ", "  position 0 0 0",
        "  orientation 0 0 0", ":bonedata", *bones, ":hierarchy", *hierarchy, "end",
    ]  # fmt: skip
    amc = ["#!OML:ASF walk.asf", ":FULLY-SPECIFIED", ":RADIANS" if radians else ":DEGREES"]
    for number, row in enumerate(motion.splitlines()[2:], 1):
        values = [float(word) for word in row.split()]
        amc.append(str(number))
        turns = {}
        for place, name in enumerate(turning):
            z, x, y = values[3 + 3 * place : 6 + 3 * place]
            turns[name] = turned(2, z) @ turned(0, x) @ turned(1, y)
        amc.append(
            "root " + _written(values[:3], False) + " " + _written(_angles(turns[turning[0]]), radians)
        )
        for index, name in enumerate(names[1:], 1):
            if parents[index]:
                own = _own_axes(NAMES[name])
                amc.append(
                    f"{NAMES[name]} {_written(_angles(own.T @ turns[names[parents[index]]] @ own), radians)}"
                )
    return "\n".join(asf) + "\n", "\n".join(amc) + "\n"


def _children(index: int, names: list[str], parents: list[int]) -> str:
    return " ".join(NAMES[name] for name, parent in zip(names, parents, strict=True) if parent == index)


def _written(values: list[float], radians: bool) -> str:
    return " ".join(f"{math.radians(value) if radians else value:.9g}" for value in values)


def line_of(text: str, pattern: str) -> int:
    """The number of the first line that `pattern` matches."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if re.match(pattern, line))
