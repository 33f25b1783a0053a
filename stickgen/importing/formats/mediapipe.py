"""Reads the pose landmarks of MediaPipe (BlazePose) from JSON, in the shapes that people dump them in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError
from stickgen.importing import json_text
from stickgen.importing.detections import Video, takes_of
from stickgen.importing.format import Choices, Claim, Format, Take, with_suffix
from stickgen.importing.frame_files import by_video, claims_of_videos
from stickgen.importing.landmarks import BLAZEPOSE, plain_names
from stickgen.importing.people import Detection
from stickgen.importing.sources import Found

Floats = NDArray[np.float64]
_NAME = "MediaPipe JSON"
_MAX_BYTES = 2**28
_COUNT = len(BLAZEPOSE)
_LANDMARKS = re.compile(rb'andmark|"visibility"\s*:', re.IGNORECASE)
_PICTURE = (
    "pose_landmarks",
    "poselandmarks",
    "landmarks",
    "pose",
    "keypoints",
    "landmark",
    "norm_landmarks",
    "points",
)
_WORLD = ("pose_world_landmarks", "poseworldlandmarks", "world_landmarks", "worldlandmarks", "world")
_FRAMES = ("frames", "data", "results", "poses", "video", "sequence")
_WHEN = (
    "frame",
    "frame_number",
    "frame_index",
    "frame_id",
    "frame_idx",
    "framenumber",
    "frameindex",
    "index",
)
_TIMES = {
    "timestamp_ms": 1e3,
    "timestampms": 1e3,
    "time_ms": 1e3,
    "timestamp": 1.0,
    "time": 1.0,
    "time_s": 1.0,
    "t": 1.0,
}
_SURE = ("visibility", "v", "confidence", "score", "presence")
_PREFIXES = ("", "image_", "video_", "frame_")


def _claim(files: Sequence[Found]) -> Iterable[Claim]:
    frames: list[Found] = []
    for file in with_suffix(files, ".json"):
        head = file.head()
        if not _LANDMARKS.search(head) or b'"x"' not in head and b"andmark" not in head:
            continue
        # a file of one frame has no more than that many landmarks, each with x, and ends soon
        if head.count(b"{") <= _COUNT + 3 and file.size < 12_000:
            frames.append(file)
        else:
            yield Claim(_NAME, file)
    yield from claims_of_videos(_NAME, frames)


class _Seen:
    """What the frames of a file hold, in the picture and in the world."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.picture = Video(name, names=list(BLAZEPOSE))
        self.world = Video(name, names=list(BLAZEPOSE), zero_is_absent=False)
        self.times: list[float] = []
        self.unit = 1.0

    def see(self, number: int, frame: Any) -> None:
        """One frame: landmarks of nobody, of one or of several, in the picture, in the world or both."""
        where = f"{self.name}, frame {number}"
        self.picture.frames.setdefault(number, [])
        self.world.frames.setdefault(number, [])
        if isinstance(frame, Mapping):
            plain = {str(key).casefold(): value for key, value in frame.items()}
            for key, unit in _TIMES.items():
                if isinstance(plain.get(key), (int, float)) and abs(plain[key]) < 1e18:
                    self.times.append(float(plain[key]))
                    self.unit = unit
                    break
            self._size(plain)
            named = _bodies(frame, where)
            if named:
                self._add(self.picture, number, named)
                return
            for keys, video in ((_PICTURE, self.picture), (_WORLD, self.world)):
                found = next((plain[key] for key in keys if plain.get(key)), None)
                self._add(video, number, _bodies(found, where))
        else:
            self._add(self.picture, number, _bodies(frame, where))

    def facts(self, value: Mapping[str, Any]) -> None:
        """What a file says of its video: the rate and the shape of the picture."""
        plain = {str(key).casefold(): found for key, found in value.items()}
        for key in ("metadata", "meta", "video_info", "info", "video"):
            if isinstance(plain.get(key), Mapping):
                self.facts(plain[key])
        rate = next(
            (plain[key] for key in ("fps", "frame_rate", "framerate", "video_fps") if key in plain), None
        )
        self.picture.fps = self.world.fps = json_text.positive(rate) or self.picture.fps
        self._size(plain)

    def _size(self, plain: Mapping[str, Any]) -> None:
        shape = next((plain[key] for key in ("resolution", "image_size", "size") if key in plain), None)
        pairs = [(plain.get(f"{prefix}width"), plain.get(f"{prefix}height")) for prefix in _PREFIXES]
        if isinstance(shape, list) and len(shape) == 2:
            pairs.append((shape[0], shape[1]))
        for width, height in pairs:
            self.picture.size = json_text.size_of(width, height) or self.picture.size

    def _add(self, video: Video, number: int, bodies: Sequence[Floats]) -> None:
        for points in bodies:
            video.see(number, Detection(points))

    def rate(self) -> None:
        """The rate of the times of the frames, if the file gives none itself."""
        steps = np.diff(np.unique(self.times))
        if self.picture.fps or len(steps) < 2 or len(self.times) < len(self.picture.frames):
            return
        step = float(np.median(steps))
        unit = 1e3 if step > 5 else 1e6 if step > 5e3 else self.unit
        self.picture.fps = self.world.fps = round(unit / step, 3)


def _read(claim: Claim, choices: Choices) -> Iterator[Take]:
    seen = _Seen(claim.name)
    if claim.uses:
        (files,) = by_video((claim.file, *claim.uses))
        for number, file in files.files:
            seen.see(number, json_text.parse(file.read(), file.name))
    else:
        _see_file(seen, json_text.parse(claim.file.read(_MAX_BYTES), claim.file.name))
    seen.rate()
    yield from takes_of(seen.picture if any(seen.picture.frames.values()) else seen.world, choices)


def _see_file(seen: _Seen, value: Any) -> None:
    if isinstance(value, Mapping):
        seen.facts(value)
        plain = {str(key).casefold(): found for key, found in value.items()}
        frames = next((plain[key] for key in _FRAMES if isinstance(plain.get(key), (list, Mapping))), None)
        if frames is None:
            keys = [re.search(r"\d+$", str(key)) for key in value]
            if value and all(keys):  # by the number of the frame
                frames = value
            else:
                frames = next(
                    (plain[key] for key in (*_PICTURE, *_WORLD) if isinstance(plain.get(key), list)), None
                )
                world = next((plain[key] for key in _WORLD if isinstance(plain.get(key), list)), None)
                if frames is not None and _is_frames(frames):
                    if world is not None and world is frames:
                        frames = [{"world_landmarks": frame} for frame in world]
                else:
                    seen.see(0, value)
                    return
        value = frames
    if isinstance(value, Mapping):
        for key, frame in value.items():
            digits = re.search(r"\d+$", str(key))
            seen.see(int(digits[0]) if digits else len(seen.picture.frames), frame)
    elif isinstance(value, list) and _is_frames(value):
        for place, frame in enumerate(value):
            number = place
            if isinstance(frame, Mapping):
                plain = {str(key).casefold(): found for key, found in frame.items()}
                number = next((plain[key] for key in _WHEN if type(plain.get(key)) is int), place)
            seen.see(number, frame)
    else:
        seen.see(0, value)


def _is_frames(value: Sequence[Any]) -> bool:
    """Whether a list is one of frames, not of the landmarks of one."""
    return not (len(value) == _COUNT and all(_is_landmark(entry) for entry in value))


def _is_landmark(entry: Any) -> bool:
    if isinstance(entry, Mapping):
        return "x" in entry and "y" in entry
    return (
        isinstance(entry, list)
        and 2 <= len(entry) <= 6
        and all(isinstance(cell, (int, float)) for cell in entry)
    )


def _bodies(value: Any, where: str) -> list[Floats]:
    """Landmarks of a frame as bodies [33, 3]; [] if there are none."""
    if isinstance(value, Mapping):
        inner = value.get("landmark", value.get("landmarks"))
        if isinstance(inner, list) and inner:
            return _bodies(inner, where)
        if value and all(_is_landmark(entry) for entry in value.values()):  # by their names
            names = plain_names([str(name) for name in value])
            body = np.full((_COUNT, 3), np.nan)
            for name, entry in zip(names, value.values(), strict=True):
                if name and name in BLAZEPOSE:
                    body[BLAZEPOSE.index(name)] = _landmark(entry, where)
            return [body] if np.isfinite(body[:, 0]).sum() >= 8 else []
        return []
    if not isinstance(value, list) or not value:
        return []
    if all(_is_landmark(entry) for entry in value):
        if len(value) != _COUNT:
            raise StickgenError(f"{where}: a body has {len(value)} landmarks; MediaPipe's has {_COUNT}")
        return [np.array([_landmark(entry, where) for entry in value])]
    if all(isinstance(cell, (int, float)) or cell is None for cell in value):  # all numbers in a row
        for each in (4, 5, 3):
            if len(value) == each * _COUNT:
                table = json_text.numbers(value, where, "the landmarks").reshape(_COUNT, each)
                sure = table[:, 3] if each > 3 else np.ones(_COUNT)
                return [np.column_stack((table[:, :2], sure))]
        raise StickgenError(f"{where}: {len(value)} numbers are not {_COUNT} landmarks")
    return [body for entry in value for body in _bodies(entry, where)]


def _landmark(entry: Any, where: str) -> Floats:
    """x, y and how visible it is."""
    if isinstance(entry, Mapping):
        cells = [entry["x"], entry["y"], next((entry[key] for key in _SURE if key in entry), 1.0)]
    else:
        cells = [*entry[:2], entry[3] if len(entry) > 3 else 1.0]
    return json_text.numbers(cells, where, "the landmarks")


FORMAT = Format(
    name=_NAME,
    reads="MediaPipe's 33 pose landmarks as JSON: frames as a list, by number, in `frames`, or a file each; in the picture or in the world, "
    "of one person or several; as objects with x, y and visibility, as lists, or by name. As CSV: a table of joints",
    limits="landmarks in the picture are fractions of it: `--aspect`, unless the file gives width and height; those in the world have no "
    "path, so jumps stay on the floor; `--fps`, unless the file has times",
    claim=_claim,
    read=_read,
    max_bytes=_MAX_BYTES,
)
