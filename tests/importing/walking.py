"""A made-up body that walks, as BVH, written in as many ways as programs write it."""

from __future__ import annotations

import math
from collections.abc import Mapping

Tree = tuple[str, tuple[float, float, float], list["Tree"]]

NAMES = {
    "hips": "Hips", "spine": "Spine", "neck": "Neck", "head": "Head",
    "lshoulder": "LeftArm", "lelbow": "LeftForeArm", "lhand": "LeftHand",
    "rshoulder": "RightArm", "relbow": "RightForeArm", "rhand": "RightHand",
    "lhip": "LeftUpLeg", "lknee": "LeftLeg", "lfoot": "LeftFoot", "ltoe": "LeftToeBase",
    "rhip": "RightUpLeg", "rknee": "RightLeg", "rfoot": "RightFoot", "rtoe": "RightToeBase",
}  # fmt: skip


def _mirrored(tree: Tree) -> Tree:
    name, (x, y, z), children = tree
    return "r" + name[1:], (-x, y, z), [_mirrored(child) for child in children]


_ARM: Tree = ("lshoulder", (17, 30, 0), [("lelbow", (28, 0, 0), [("lhand", (25, 0, 0), [])])])
_LEG: Tree = (
    "lhip",
    (9, -2, 0),
    [("lknee", (0, -42, 0), [("lfoot", (0, -40, 0), [("ltoe", (0, -4, 14), [])])])],
)
BODY: Tree = (
    "hips", (0, 0, 0),
    [("spine", (0, 12, 0), [("neck", (0, 36, 0), [("head", (0, 10, 0), [])]), _ARM, _mirrored(_ARM)]), _LEG, _mirrored(_LEG)],
)  # fmt: skip


def walking_bvh(
    names: Mapping[str, str] | None = None,
    *,
    body: Tree = BODY,
    frames: int = 60,
    frame_time: str = "0.033333",
    speed: float = 3.0,
    sideways: float = 0.0,
    still: bool = False,
    scale: float = 1.0,
    root_scale: float = 1.0,
    seed: float = 0.0,
    spikes: Mapping[int, float] | None = None,
    per_line: int = 0,
    separator: str = " ",
) -> str:
    """60 frames of a walk along z, `speed` cm a frame; `spikes` move the root aside in single frames."""
    called = {**NAMES, **(names or {})}
    lines, order = ["HIERARCHY"], []

    def joint(tree: Tree, depth: int) -> None:
        key, offset, children = tree
        order.append(key)
        lines.append(f"{'JOINT' if depth else 'ROOT'} {called[key]}")
        lines.extend(("{", "OFFSET " + " ".join(f"{value * scale:.4f}" for value in offset)))
        channels = "Zrotation Xrotation Yrotation"
        root = f"6 Xposition Yposition Zposition {channels}"
        lines.append(f"CHANNELS {f'3 {channels}' if depth else root}")
        for child in children:
            joint(child, depth + 1)
        if not children:
            lines.extend(("End Site", "{", f"OFFSET 0 {5 * scale} 0", "}"))
        lines.append("}")

    joint(body, 0)
    lines += ["MOTION", f"Frames: {frames}", f"Frame Time: {frame_time}"]
    for frame in range(frames):
        phase = 0.0 if still else 2 * math.pi * frame / 30 + seed
        way = 0.0 if still else frame * speed
        row: list[float] = []
        for key in order:
            side = {"l": 1, "r": -1}.get(key[0], 0)
            if key == "hips":
                aside = (frame * sideways if not still else 0.0) + (spikes or {}).get(frame, 0.0)
                where = (aside, 86 + 2 * math.sin(2 * phase), way)
                row += [value * scale * root_scale for value in where] + [0, 0, 3 * math.sin(phase)]
            elif key[1:] == "hip":
                row += [0, -25 * side * math.sin(phase), 0]
            elif key[1:] == "knee":
                row += [0, 20 + 18 * math.sin(side * phase), 0]
            elif key[1:] == "shoulder":
                row += [-75 * side, 20 * side * math.sin(phase), 0]
            else:
                row += [0, 2 * math.sin(phase), 0]
        words = [f"{value:.5f}" for value in row]
        step = per_line or len(words)
        lines += [separator.join(words[start : start + step]) for start in range(0, len(words), step)]
    return "\n".join(lines) + "\n"
