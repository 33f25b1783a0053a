"""Motion that a person gives: a clip to continue, or poses to meet at some frames; npz, npy or JSON."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError
from stickgen.generate.bounded import MOST_BYTES, read_bounded
from stickgen.motion.skeleton import FPS, JOINTS, NUM_JOINTS, POSE_DIM
from stickgen.text import clean

Pose = Sequence[float]  # [20]
Motion = Sequence[Pose]  # [t][20]
MOST_FRAMES = 100_000
LARGEST = 1e4  # coordinates beyond are none
SIZE = 0.1, 5.0  # body heights that the larger side of a figure lies in

CLIP_SHAPE = f"an array `motion` of [frames, {POSE_DIM}]"
KEYFRAMES_SHAPE = f"`frames` of [k] and `poses` of [k, {POSE_DIM}]"


def read_clip(path: Path) -> list[list[float]]:
    """The motion [t][20] in a file. Raises StickgenError if there is none that can be continued."""
    content = _content(path)
    if isinstance(content, Mapping):
        _check_rate(path, content)
        _check_joints(path, content)
        content = _motion_in(path, content)
    return clip_of(content, str(path))


def read_keyframes(path: Path) -> dict[int, list[float]]:
    """The poses in a file by their frames. Raises StickgenError if it holds none that can be met.

    JSON may also be a list of `{"frame": 0, "pose": [...]}`.
    """
    content = _content(path)
    if isinstance(content, Mapping):
        _check_rate(path, content)
        if "frames" not in content or "poses" not in content:
            raise StickgenError(f"{path}: keyframes need {KEYFRAMES_SHAPE}; it has {_names(content)}")
        frames, poses = content["frames"], content["poses"]
    elif isinstance(content, list) and all(
        isinstance(each, dict) and {"frame", "pose"} <= set(each) for each in content
    ):
        frames, poses = [each["frame"] for each in content], [each["pose"] for each in content]
    else:
        raise StickgenError(f'{path}: keyframes need {KEYFRAMES_SHAPE}, or a list of {{"frame", "pose"}}')
    return keyframes_of(frames, poses, str(path))


def clip_of(poses: Any, where: str) -> list[list[float]]:
    """A motion [t][20]. Raises StickgenError that begins with `where`."""
    motion: list[list[float]] = check_poses(poses, where, CLIP_SHAPE, lambda row: f"frame {row}").tolist()
    return motion


def keyframes_of(frames: Any, poses: Any, where: str) -> dict[int, list[float]]:
    """Poses by their frames, in order. Raises StickgenError that begins with `where`."""
    numbers = np.asarray(frames).reshape(-1).tolist() if not isinstance(frames, list) else frames
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float) or number != number // 1:
            raise StickgenError(f"{where}: frame {clean(number, limit=40)} is not a whole number")
        if number < 0:
            raise StickgenError(f"{where}: frame {int(number)} lies before the motion; count from 0")
    given = check_poses(poses, where, KEYFRAMES_SHAPE, lambda row: f"pose {row}")
    if len(numbers) != len(given):
        raise StickgenError(f"{where}: {len(numbers)} frames for {len(given)} poses; give one for each")
    if len(set(numbers)) < len(numbers):
        twice = next(number for number in numbers if numbers.count(number) > 1)
        raise StickgenError(f"{where}: frame {int(twice)} has two poses; keep one")
    return {int(number): pose for number, pose in sorted(zip(numbers, given.tolist(), strict=True))}


def check_poses(values: Any, where: str, shape: str, row: Callable[[int], str]) -> NDArray[np.float32]:
    """Poses as float32 [k, 20]; each may also be [10, 2]. Raises StickgenError if they are none of a figure."""
    try:
        poses = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise StickgenError(
            f"{where}: the poses are not all {POSE_DIM} numbers each; it needs {shape}"
        ) from error
    if poses.ndim == 3 and poses.shape[1:] == (NUM_JOINTS, 2):
        poses = poses.reshape(len(poses), POSE_DIM)
    if poses.ndim != 2 or poses.shape[1] != POSE_DIM or not 0 < len(poses) <= MOST_FRAMES:
        raise StickgenError(f"{where}: the poses have the shape {list(poses.shape)}; it needs {shape}")
    sound = np.isfinite(poses) & (np.abs(poses) < LARGEST)
    if not sound.all():
        bad = int(np.argwhere(~sound)[0][0])
        raise StickgenError(f"{where}: {row(bad)} has a value that is not a finite coordinate")
    size = float(np.median(np.ptp(poses.reshape(len(poses), NUM_JOINTS, 2), axis=1).max(axis=1)))
    if not SIZE[0] <= size <= SIZE[1]:
        raise StickgenError(
            f"{where}: the figure is {size:.4g} tall, but poses are counted in body heights; scale it to about 1"
        )
    return poses.astype(np.float32)


def _content(path: Path) -> Any:
    """What a file holds: its arrays by name, one array, or its JSON."""
    data = read_bounded(path, "cut it")
    if data.startswith((b"PK\x03\x04", b"\x93NUMPY")):
        return _arrays(path, data)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise StickgenError(f"{path}: it is neither npz, npy nor JSON; it needs one of them") from error


def _arrays(path: Path, data: bytes) -> Any:
    try:
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                    raise StickgenError(f"{path}: unpacked, it has more than {MOST_BYTES >> 20} MiB; cut it")
        loaded = np.load(io.BytesIO(data), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        return {name: loaded[name] for name in loaded.files}
    except (
        ValueError,
        OSError,
        EOFError,
        KeyError,
        zipfile.BadZipFile,
        NotImplementedError,
        MemoryError,
    ) as error:
        raise StickgenError(f"{path}: its arrays cannot be read; save it again with numpy.savez") from error


def _check_rate(path: Path, content: Mapping[str, Any]) -> None:
    rate = content.get("fps", FPS)
    try:
        same = float(rate) == FPS
    except (TypeError, ValueError):
        same = False
    if not same:
        raise StickgenError(f"{path}: it has {clean(rate, limit=40)} frames a second; resample it to {FPS}")


def _check_joints(path: Path, content: Mapping[str, Any]) -> None:
    if "joints" in content and [str(name) for name in np.asarray(content["joints"]).reshape(-1)] != list(
        JOINTS
    ):
        raise StickgenError(f"{path}: its joints are not {', '.join(JOINTS)}, in this order; arrange them so")


def _motion_in(path: Path, content: Mapping[str, Any]) -> Any:
    """The motion of a file as a run's samples name it, as our exports do, or as others may."""
    clips = content.get("clips")
    if isinstance(clips, list) and all(isinstance(clip, dict) and "frames" in clip for clip in clips):
        if len(clips) != 1:
            raise StickgenError(f"{path}: it has {len(clips)} clips; keep the one to continue")
        return clips[0]["frames"]
    for name in ("motion", "positions", "poses"):
        if name in content:
            return content[name]
    raise StickgenError(f"{path}: a clip needs {CLIP_SHAPE}; it has {_names(content)}")


def _names(content: Mapping[str, Any]) -> str:
    return clean(", ".join(map(str, content)), single_line=True, limit=120) or "nothing"
