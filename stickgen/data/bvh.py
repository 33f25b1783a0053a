"""Read BVH motion capture: joint positions in space, whatever the file's order, units and habits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError

Floats = NDArray[np.float64]


@dataclass
class Skeleton:
    """The joints of a file, parents before children; an end site is a joint without channels."""

    names: list[str]
    parents: list[int]
    offsets: Floats  # [j, 3]
    channels: list[list[str]]


@dataclass
class Capture:
    """Global joint positions [t, j, 3] in the file's units."""

    names: list[str]
    positions: Floats
    fps: float
    rest_frame: bool  # the first frame was a T-pose and has been taken away


def read_bvh(text: str, name: str) -> Capture:
    """Parse and pose a BVH file. Raises StickgenError with `name:line`."""
    lines = text.splitlines()
    skeleton, at = _hierarchy(lines, name)
    frame_time, declared, at = _motion_header(lines, at, name)
    width = sum(map(len, skeleton.channels))
    rows = []
    for number, line in enumerate(lines[at:], at + 1):
        values = line.split()
        if not values:
            continue
        if len(values) != width:
            raise StickgenError(
                f"{name}:{number}: {len(values)} values in this frame, the joints have {width}"
            )
        try:
            rows.append([float(value) for value in values])
        except ValueError as error:
            raise StickgenError(f"{name}:{number}: not a number ({error})") from error
    if not rows:
        raise StickgenError(f"{name}: it has no frame of motion")
    if len(rows) < declared:
        raise StickgenError(
            f"{name}: {declared} frames are declared and {len(rows)} are there; the file is cut short"
        )
    values = np.array(rows)
    if not np.isfinite(values).all():
        raise StickgenError(
            f"{name}: frame {int(np.argwhere(~np.isfinite(values))[0][0])} has a value that is not finite"
        )
    positions = _pose(skeleton, values)
    rest = _starts_with_rest(skeleton, values, positions)
    return Capture(skeleton.names, positions[1:] if rest else positions, 1 / frame_time, rest)


def _hierarchy(lines: list[str], name: str) -> tuple[Skeleton, int]:
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[list[str]] = []
    stack: list[int] = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0] in {"HIERARCHY", "{"}:
            continue
        try:
            if words[0] in {"ROOT", "JOINT", "End"}:
                parents.append(stack[-1] if stack else -1)
                is_end = words[0] == "End"
                names.append(f"{names[stack[-1]]} end" if is_end else " ".join(words[1:]).split(":")[-1])
                offsets.append([0.0, 0.0, 0.0])
                channels.append([])
                stack.append(len(names) - 1)
            elif words[0] == "OFFSET":
                offsets[stack[-1]] = [float(word) for word in words[1:4]]
            elif words[0] == "CHANNELS":
                channels[stack[-1]] = words[2 : 2 + int(words[1])]
            elif words[0] == "}":
                stack.pop()
            elif words[0] == "MOTION":
                return Skeleton(names, parents, np.array(offsets), channels), number
            else:
                raise ValueError(f"unexpected {words[0][:20]!r}")
        except (ValueError, IndexError) as error:
            raise StickgenError(f"{name}:{number}: not BVH ({error})") from error
    raise StickgenError(f"{name}: not BVH, or it has no MOTION part")


def _motion_header(lines: list[str], at: int, name: str) -> tuple[float, int, int]:
    try:
        declared = int(lines[at].split(":")[1])
        frame_time = float(lines[at + 1].split(":")[1])
        if not 0 < frame_time < 10:
            raise ValueError(f"a frame time of {frame_time}")
    except (IndexError, ValueError) as error:
        raise StickgenError(f"{name}:{at + 1}: no `Frames:` and `Frame Time:` here ({error})") from error
    return frame_time, declared, at + 2


def _pose(skeleton: Skeleton, values: Floats) -> Floats:
    """Forward kinematics; a position channel replaces the joint's offset, on any joint."""
    frames = len(values)
    count = len(skeleton.names)
    positions = np.zeros((frames, count, 3))
    turns = np.zeros((frames, count, 3, 3))
    column = 0
    for joint, (parent, kinds) in enumerate(zip(skeleton.parents, skeleton.channels, strict=True)):
        local = np.broadcast_to(skeleton.offsets[joint], (frames, 3)).copy()
        turn = np.broadcast_to(np.eye(3), (frames, 3, 3))
        for kind in kinds:
            axis = "XYZ".index(kind[0])
            if kind.endswith("position"):
                local[:, axis] = values[:, column]
            else:
                turn = turn @ _rotation(axis, np.radians(values[:, column]))
            column += 1
        if parent < 0:
            positions[:, joint], turns[:, joint] = local, turn
        else:
            positions[:, joint] = positions[:, parent] + np.einsum("tij,tj->ti", turns[:, parent], local)
            turns[:, joint] = turns[:, parent] @ turn
    return positions


def _rotation(axis: int, angle: Floats) -> Floats:
    matrix = np.zeros((len(angle), 3, 3))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[:, axis, axis] = 1
    matrix[:, first, first] = matrix[:, second, second] = np.cos(angle)
    matrix[:, second, first] = np.sin(angle)
    matrix[:, first, second] = -matrix[:, second, first]
    return matrix


def _starts_with_rest(skeleton: Skeleton, values: Floats, positions: Floats) -> bool:
    """Whether frame 0 is a T-pose: all rotations zero, or a leap to frame 1 that no body makes."""
    if len(values) < 4:
        return False
    kinds = [kind for joint in skeleton.channels for kind in joint]
    rotations = values[:, [i for i, kind in enumerate(kinds) if kind.endswith("rotation")]]
    if np.abs(rotations[0]).max() < 1e-6 and np.abs(rotations[1]).max() > 1:
        return True
    shape = positions - positions[:, :1]
    steps = np.abs(np.diff(shape[:20], axis=0)).max(axis=(1, 2))
    return bool(steps[0] > 10 * np.median(steps[1:]) and steps[0] > 0.1 * np.ptp(shape[0]))
