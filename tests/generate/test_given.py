"""Clips and keyframes that a person gives are read as they are, or refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stickgen.errors import StickgenError
from stickgen.generate.given import read_clip, read_keyframes
from stickgen.motion_export.formats.json import json as as_json
from stickgen.motion_export.formats.npz import npz

POSE = [round(0.05 * number, 2) for number in range(20)]


def written(path: Path, content: Any) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **content)
    elif path.suffix == ".npy":
        np.save(path, content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("clip.json", {"motion": [POSE] * 3, "fps": 25}),
        ("clip.json", [POSE] * 3),
        ("clip.json", {"text": "a person", "motion": [np.reshape(POSE, (10, 2)).tolist()] * 3}),
        ("clip.npz", {"motion": np.tile(POSE, (3, 1)), "fps": np.array(25)}),
        ("clip.npz", {"poses": np.tile(POSE, (3, 1)).reshape(3, 10, 2)}),
        ("clip.npy", np.tile(POSE, (3, 1)).astype(np.float32)),
    ],
)
def test_a_clip_is_read(tmp_path: Path, name: str, content: Any) -> None:
    np.testing.assert_allclose(read_clip(written(tmp_path / name, content)), [POSE] * 3, atol=1e-6)


def test_what_we_export_can_be_continued(tmp_path: Path) -> None:
    motion = [POSE, POSE[::-1], POSE]
    (tmp_path / "clip.npz").write_bytes(npz("a person", motion))
    (tmp_path / "clip.json").write_bytes(as_json([("a person", motion)]))
    for name in ("clip.npz", "clip.json"):
        np.testing.assert_allclose(read_clip(tmp_path / name), motion, atol=1e-5)
    (tmp_path / "two.json").write_bytes(as_json([("a", motion), ("b", motion)]))
    with pytest.raises(StickgenError, match="it has 2 clips; keep the one to continue"):
        read_clip(tmp_path / "two.json")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("keys.json", {"frames": [9, 0], "poses": [POSE, POSE[::-1]]}),
        ("keys.json", [{"frame": 9, "pose": POSE}, {"frame": 0, "pose": POSE[::-1]}]),
        ("keys.npz", {"frames": np.array([9, 0]), "poses": np.array([POSE, POSE[::-1]])}),
        ("keys.npz", {"frames": np.array([9.0, 0.0]), "poses": np.reshape([POSE, POSE[::-1]], (2, 10, 2))}),
    ],
)
def test_keyframes_are_read_in_order(tmp_path: Path, name: str, content: Any) -> None:
    keyframes = read_keyframes(written(tmp_path / name, content))
    assert list(keyframes) == [0, 9]
    np.testing.assert_allclose(list(keyframes.values()), [POSE[::-1], POSE], atol=1e-6)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"motion": [POSE[:19]] * 3}, "have the shape [3, 19]"),
        ({"motion": []}, "have the shape [0]"),
        ({"motion": [POSE, POSE[:4]]}, "are not all 20 numbers each"),
        (
            {"motion": [POSE, [*POSE[:19], float("nan")]]},
            "frame 1 has a value that is not a finite coordinate",
        ),
        ({"motion": [[*POSE[:19], 1e300]]}, "frame 0 has a value"),
        ({"motion": [[300 * value for value in POSE]] * 3}, "counted in body heights"),
        ({"motion": [[0.5] * 20] * 3}, "counted in body heights"),
        ({"motion": [POSE], "joints": ["hip"]}, "its joints are not head, pelvis"),
        ({"motion": [POSE], "fps": 30}, "it has 30 frames a second; resample it to 25"),
        ({"motion": [POSE], "fps": "fast"}, "it has fast frames a second"),
        (
            {"angles": [POSE], "more": 1},
            "a clip needs an array `motion` of [frames, 20]; it has angles, more",
        ),
        ({"motion": {"a": 1}}, "are not all 20 numbers each"),
        ("7", "have the shape []"),
        ("not json", "it is neither npz, npy nor JSON"),
        ("[" * 100_000, "it is neither npz, npy nor JSON"),
    ],
)
def test_what_is_no_clip_is_refused_in_a_sentence(tmp_path: Path, content: Any, says: str) -> None:
    path = written(tmp_path / "clip.json", content)
    with pytest.raises(StickgenError) as refused:
        read_clip(path)
    assert str(refused.value).startswith(f"{path}: ") and says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"frames": [0, 0], "poses": [POSE, POSE]}, "frame 0 has two poses"),
        ({"frames": [0, 1], "poses": [POSE]}, "2 frames for 1 poses"),
        ({"frames": [-1], "poses": [POSE]}, "frame -1 lies before the motion"),
        ({"frames": [1.5], "poses": [POSE]}, "frame 1.5 is not a whole number"),
        ({"frames": ["a"], "poses": [POSE]}, "frame a is not a whole number"),
        ({"frames": [True], "poses": [POSE]}, "frame True is not a whole number"),
        ({"frames": [float("nan")], "poses": [POSE]}, "frame nan is not a whole number"),
        ({"frames": [float("inf")], "poses": [POSE]}, "frame inf is not a whole number"),
        ({"frames": [3], "poses": [[float("inf")] * 20]}, "pose 0 has a value that is not a finite"),
        ({"frames": [3]}, "keyframes need `frames` of [k] and `poses` of [k, 20]; it has frames"),
        ({"frames": 3, "poses": [POSE, POSE]}, "1 frames for 2 poses"),
        ([POSE], "or a list of"),
    ],
)
def test_what_are_no_keyframes_is_refused_in_a_sentence(tmp_path: Path, content: Any, says: str) -> None:
    path = written(tmp_path / "keys.json", content)
    with pytest.raises(StickgenError) as refused:
        read_keyframes(path)
    assert str(refused.value).startswith(f"{path}: ") and says in str(refused.value)


def test_damaged_and_pickled_arrays_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "clip.npz", {"motion": np.tile(POSE, (3, 1))})
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(StickgenError, match="its arrays cannot be read"):
        read_clip(path)
    np.save(tmp_path / "bad.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(StickgenError, match="its arrays cannot be read"):
        read_clip(tmp_path / "bad.npy")
    np.savez_compressed(tmp_path / "bomb.npz", motion=np.zeros((2_000_000, 20)))
    with pytest.raises(StickgenError, match="unpacked, it has more than 64 MiB"):
        read_clip(tmp_path / "bomb.npz")
    with pytest.raises(StickgenError, match="it cannot be read"):
        read_clip(tmp_path)
