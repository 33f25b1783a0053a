"""Read BVH motion capture: joint positions in space, whatever the file's order, units and habits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError

Floats = NDArray[np.float64]
MAX_JOINTS = 1000
_CHANNELS = {
    f"{axis}{kind}": (index, kind) for index, axis in enumerate("xyz") for kind in ("position", "rotation")
}


@dataclass
class Joint:
    """A joint of the hierarchy; an end site is one without channels."""

    name: str
    parent: int  # -1 for a root
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)
    channels: tuple[str, ...] = ()  # `xposition` … `zrotation`, in the file's order


@dataclass
class Capture:
    """Global joint positions [t, j, 3] and those of the rest pose [j, 3], in the file's units."""

    names: list[str]
    positions: Floats
    rest: Floats
    fps: float
    rest_frames: int  # how many at the start were a T-pose and have been taken away


def read_bvh(text: str, name: str) -> Capture:
    """Parse and pose a BVH file. Raises StickgenError with `name:line`."""
    lines = text.splitlines()
    joints, at = _hierarchy(lines, name)
    declared, frame_time, at = _motion_header(lines, at, name)
    values = _frames(lines, at, name, width=sum(len(joint.channels) for joint in joints))
    if len(values) < declared:
        raise StickgenError(
            f"{name}: {declared} frames are declared and {len(values)} are there; the file is cut short, get it again"
        )
    positions = _pose(joints, values)
    rest = _pose(joints, np.zeros((1, values.shape[1])), rest=True)[0]
    rest_frames = _rest_frames(joints, values, positions)
    names = [joint.name for joint in joints]
    return Capture(names, positions[rest_frames:], rest, 1 / frame_time, rest_frames)


def _hierarchy(lines: list[str], name: str) -> tuple[list[Joint], int]:
    """The joints, parents before children, and the index of the line after MOTION."""
    joints: list[Joint] = []
    stack: list[int] = []
    if not lines or not lines[0].strip().upper().startswith("HIERARCHY"):
        raise StickgenError(f"{name}:1: not BVH: it does not begin with HIERARCHY")
    for number, words in _statements(lines):
        word = words[0].upper()
        try:
            if word == "MOTION":
                if not joints or stack:
                    raise ValueError("MOTION before the hierarchy is closed")
                return joints, number
            elif word in {"ROOT", "JOINT", "END"}:
                if len(joints) >= MAX_JOINTS:
                    raise ValueError(f"more than {MAX_JOINTS} joints")
                parent = stack[-1] if stack else -1
                # a name may hold spaces, and exporters put the character's name before a colon
                label = f"{joints[parent].name} end" if word == "END" else " ".join(words[1:]).split(":")[-1]
                joints.append(Joint(label, parent))
            elif word == "{":
                stack.append(len(joints) - 1)
            elif word == "}":
                stack.pop()
            elif word == "OFFSET":
                joints[stack[-1]].offset = tuple(_numbers(words[1:], 3))
            elif word == "CHANNELS":
                channels = tuple(channel.lower() for channel in words[2:])
                if len(channels) != int(words[1]) or not set(channels) <= set(_CHANNELS):
                    raise ValueError(f"channels {' '.join(words[1:8])}")
                joints[stack[-1]].channels = channels
            else:
                raise ValueError(f"unexpected {words[0][:20]!r}")
        except (ValueError, IndexError) as error:
            raise StickgenError(f"{name}:{number}: not BVH here ({error})") from error
    raise StickgenError(f"{name}:{len(lines)}: the file ends before its MOTION part; get it again")


def _statements(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """(line number, words) of the hierarchy, a brace being a statement wherever it stands."""
    for number, line in enumerate(lines[1:], 2):
        words: list[str] = []
        for word in line.replace("{", " { ").replace("}", " } ").split():
            if word in "{}":
                if words:
                    yield number, words
                    words = []
                yield number, [word]
            else:
                words.append(word)
        if words:
            yield number, words


def _numbers(words: list[str], count: int) -> list[float]:
    if len(words) != count:
        raise ValueError(f"{len(words)} numbers where {count} belong")
    numbers = [float(word) for word in words]
    if not np.isfinite(numbers).all():
        raise ValueError("a number that is not finite")
    return numbers


def _motion_header(lines: list[str], at: int, name: str) -> tuple[int, float, int]:
    """The declared number of frames, the frame time in seconds, and the index of the first frame's line."""
    found: dict[str, float] = {}
    for number, line in enumerate(lines[at:], at + 1):
        key, colon, value = line.partition(":")
        if not line.strip():
            continue
        try:
            if not colon:
                raise ValueError("it says something else")
            found[" ".join(key.lower().split())] = _numbers([value], 1)[0]
        except ValueError as error:
            raise StickgenError(
                f"{name}:{number}: `Frames:` and `Frame Time:` belong here ({error})"
            ) from error
        if {"frames", "frame time"} <= set(found):
            if not 0 < found["frame time"] < 10:
                raise StickgenError(
                    f"{name}:{number}: a frame time of {found['frame time']:g} s cannot be; mend it"
                )
            return int(found["frames"]), found["frame time"], number
    raise StickgenError(
        f"{name}:{len(lines)}: the file ends before `Frames:` and `Frame Time:`; get it again"
    )


def _frames(lines: list[str], at: int, name: str, width: int) -> Floats:
    """Channel values [t, width]."""
    rows = []
    for number, line in enumerate(lines[at:], at + 1):
        words = line.split()
        if not words:
            continue
        try:
            rows.append(_numbers(words, width))
        except ValueError as error:
            raise StickgenError(f"{name}:{number}: this frame does not fit the joints ({error})") from error
    if not rows:
        raise StickgenError(f"{name}:{at}: it has no frame of motion")
    return np.array(rows)


def _pose(joints: list[Joint], values: Floats, *, rest: bool = False) -> Floats:
    """Forward kinematics, [t, j, 3]; a position channel replaces the joint's offset, on any joint.

    `rest` takes every joint at its offset instead.
    """
    frames = len(values)
    positions = np.zeros((frames, len(joints), 3))
    turns = np.zeros((frames, len(joints), 3, 3))
    column = 0
    for index, joint in enumerate(joints):
        local = np.tile(np.array(joint.offset), (frames, 1))
        turn = np.broadcast_to(np.eye(3), (frames, 3, 3))
        for channel in joint.channels:
            axis, kind = _CHANNELS[channel]
            if kind == "rotation":
                turn = turn @ _rotation(axis, np.radians(values[:, column]))
            elif not rest:
                local[:, axis] = values[:, column]
            column += 1
        if joint.parent < 0:
            positions[:, index], turns[:, index] = local, turn
        else:
            above = turns[:, joint.parent]
            positions[:, index] = positions[:, joint.parent] + (above @ local[..., None])[..., 0]
            turns[:, index] = above @ turn
    return positions


def _rotation(axis: int, angle: Floats) -> Floats:
    matrix = np.zeros((len(angle), 3, 3))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[:, axis, axis] = 1
    matrix[:, first, first] = matrix[:, second, second] = np.cos(angle)
    matrix[:, second, first] = np.sin(angle)
    matrix[:, first, second] = -matrix[:, second, first]
    return matrix


def _rest_frames(joints: list[Joint], values: Floats, positions: Floats) -> int:
    """How many frames at the start are a T-pose: all rotations zero, or a leap after it that no body makes.

    Neither test finds all: of 129 files with a T-pose, nine begin so near to it that there is no leap, and
    some exporters leave small rotations in it, or a frame on the way from it to the first real one.
    """
    if len(values) < 8:
        return 0
    channels = [channel for joint in joints for channel in joint.channels]
    rotations = values[:, [i for i, channel in enumerate(channels) if channel.endswith("rotation")]]
    shape = positions - positions[:, :1]
    steps = np.abs(np.diff(shape[:20], axis=0)).max(axis=(1, 2))
    leaps = (steps[:2] > 10 * np.median(steps[2:])) & (steps[:2] > 0.1 * np.ptp(shape[0]))
    if leaps.any():
        return int(np.flatnonzero(leaps)[-1]) + 1
    zero = rotations.size and np.abs(rotations[0]).max() < 1e-6 and np.abs(rotations[1]).max() > 1
    return int(bool(zero))
