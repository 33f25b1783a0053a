"""A made-up walk of SMPL's body: rotations as AMASS has them, joints as HumanML3D and KIT-ML have them."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stickgen.importing.smpl import NAMES, approximate_rest, pose

Floats = NDArray[np.float64]
AT = {name: index for index, name in enumerate(NAMES)}
# each joint of KIT-ML by one of SMPL near it, in KIT-ML's order
_KIT = (
    "pelvis", "spine1", "spine3", "neck", "head",
    "left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist",
    "left_hip", "left_knee", "left_ankle", "left_ankle", "left_foot",
    "right_hip", "right_knee", "right_ankle", "right_ankle", "right_foot",
)  # fmt: skip


def walk(
    frames: int = 60, fps: float = 20.0, *, speed: float = 1.2, seed: float = 0.0
) -> tuple[Floats, Floats]:
    """Rotation vectors [t, 22, 3] and translation [t, 3] of a walk towards +z, Y up, with the left arm waving wider."""
    turns, trans = np.zeros((frames, 22, 3)), np.zeros((frames, 3))
    phase = 1.7 * math.pi * np.arange(frames) / fps + seed
    for side, sign in (("left", 1), ("right", -1)):
        turns[:, AT[f"{side}_hip"], 0] = -0.45 * sign * np.sin(phase)
        turns[:, AT[f"{side}_knee"], 0] = 0.35 + 0.3 * np.sin(sign * phase + 1)
        turns[:, AT[f"{side}_shoulder"], 2] = -1.3 * sign + (0.2 * np.sin(phase) if sign > 0 else 0)
        turns[:, AT[f"{side}_elbow"], 1] = -0.4 * sign
    trans[:, 1] = 0.9 + 0.02 * np.sin(2 * phase)
    trans[:, 2] = speed * np.arange(frames) / fps
    return turns, trans


def joints(frames: int = 60, fps: float = 20.0, **how: float) -> Floats:
    """The walk as `new_joints` of HumanML3D, [t, 22, 3]."""
    turns, trans = walk(frames, fps, **how)
    return pose(approximate_rest(), turns, trans)


def kit_joints(frames: int = 40, *, mirrored: bool = True) -> Floats:
    """The walk as KIT-ML's, [t, 21, 3] in millimetres at 12.5 fps, in the left-handed space of the data set."""
    kit: Floats = joints(frames, 12.5)[:, [AT[name] for name in _KIT]] * 1000
    return kit * np.array([-1.0, 1.0, 1.0]) if mirrored else kit


def amass(path: Path, *, frames: int = 120, fps: float = 60.0, width: int = 156, **other: Any) -> Path:
    """An AMASS file, Z up; `other` adds, replaces or (None) removes arrays."""
    turns, trans = walk(frames, fps)
    upright = np.array([math.pi / 2, 0, 0])  # Y up to Z up; the walk's root has no rotation of its own
    turns[:, 0] = upright
    poses = np.zeros((frames, width))
    poses[:, :66] = turns.reshape(frames, -1)
    arrays: dict[str, Any] = {
        "trans": np.stack((trans[:, 0], -trans[:, 2], trans[:, 1]), axis=-1), "gender": np.array("male"),
        "mocap_framerate": np.array(fps), "betas": np.zeros(16), "poses": poses, **other,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


def npy(array: NDArray[Any]) -> bytes:
    """An array as the bytes of an NPY file."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def place(path: Path, files: dict[str, str | bytes]) -> Path:
    """A folder, or a zip archive for a name that ends in .zip, with these files."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return path
