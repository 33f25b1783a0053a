"""Reads keypoints as COCO's tools write them: AlphaPose, Detectron, MMPose, ViTPose, Ultralytics and annotations."""

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
from stickgen.importing.landmarks import plain_names
from stickgen.importing.people import Detection
from stickgen.importing.sources import Found

Floats = NDArray[np.float64]
_NAME = "COCO keypoints"
_MAX_BYTES = 2**28
_KEYPOINTS = re.compile(rb'"keypoints"\s*:\s*[\[{]|"(meta_info|instance_info|keypoint_scores)"')
_ANNOTATIONS = re.compile(rb'"(images|annotations)"\s*:\s*\[')
_LANDMARKS = re.compile(rb'"visibility"|andmark')  # MediaPipe's
_MANY_FRAMES = re.compile(
    rb'"(image_id|meta_info|instance_info|frames|images|annotations|skeleton|frame_i\w+)"'
)
_WHO = ("track_id", "tracking_id", "idx", "person_id", "instance_id")
_WHEN = ("frame_id", "frame_idx", "frame_index", "frame_number", "frame", "image_id")
_PAIRS = {2 * count for count in (17, 18, 26, 133, 136)}  # so many numbers without scores
_PEOPLE = ("instances", "people", "persons", "predictions", "detections", "keypoints")


def _claim(files: Sequence[Found]) -> Iterable[Claim]:
    frames: list[Found] = []
    for file in with_suffix(files, ".json"):
        head = file.head()
        if _LANDMARKS.search(head) or not (_KEYPOINTS.search(head) or _ANNOTATIONS.search(head)):
            continue
        if _MANY_FRAMES.search(head) or head.lstrip()[:1] == b"{":
            yield Claim(_NAME, file)
        else:
            frames.append(file)
    yield from claims_of_videos(_NAME, frames)


def _read(claim: Claim, choices: Choices) -> Iterator[Take]:
    video = Video(claim.name)
    if claim.uses:
        (files,) = by_video((claim.file, *claim.uses))
        for number, file in files.files:
            _see_frame(video, number, json_text.parse(file.read(), file.name), file.name)
    else:
        _see(video, json_text.parse(claim.file.read(_MAX_BYTES), claim.file.name))
    yield from takes_of(video, choices)


def _see(video: Video, value: Any) -> None:
    """Everybody in a file of many frames. Raises StickgenError if there are no keypoints in it."""
    if isinstance(value, Mapping):
        if isinstance(value.get("annotations"), list):
            _see_annotations(video, value)
            return
        if isinstance(value.get("skeleton"), Mapping) and isinstance(value.get("keypoints"), list):
            _see_vitpose(video, value["keypoints"], value["skeleton"])
            return
        if isinstance(value.get("meta_info"), Mapping):
            video.names = _names(value["meta_info"].get("keypoint_id2name"))
        value = next((value[key] for key in ("instance_info", "frames") if key in value), value)
    if isinstance(value, Mapping):
        _see_by_person(video, value)
    elif isinstance(value, list) and all(_is_person(entry) and "image_id" in entry for entry in value):
        places = _places(entry["image_id"] for entry in value)
        for entry in value:
            _see_person(video, places[str(entry["image_id"])], entry, video.name)
    elif isinstance(value, list) and any(_is_person(entry) for entry in value):
        if not any(key in entry for entry in value if isinstance(entry, Mapping) for key in _WHEN):
            _see_frame(video, 0, value, video.name)
            return
        for place, entry in enumerate(value):
            _see_person(video, _number(entry, place), entry, video.name)
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            number = _number(entry, place)
            _see_frame(video, number, entry, f"{video.name}, frame {number}")
    else:
        raise StickgenError(f"{video.name}: it holds no keypoints of people")


def _see_frame(video: Video, number: int, frame: Any, where: str) -> None:
    """Everybody in a frame: a list of people, or an object with one."""
    video.frames.setdefault(number, [])
    if isinstance(frame, Mapping):
        frame = next((frame[key] for key in _PEOPLE if isinstance(frame.get(key), list)), None)
    if not isinstance(frame, list):
        raise StickgenError(f"{where}: it has no list of people with keypoints")
    for person in frame:
        _see_person(video, number, person, where)


def _see_annotations(video: Video, value: Mapping[str, Any]) -> None:
    """COCO's own form: pictures, and people who refer to them."""
    images = _objects(value.get("images"))
    order = _places(image.get("file_name", image.get("id")) for image in images)
    numbers: dict[str, int] = {}
    for image in images:
        numbers[str(image.get("id"))] = order[str(image.get("file_name", image.get("id")))]
        video.size = json_text.size_of(image.get("width"), image.get("height")) or video.size
    for category in _objects(value.get("categories")):
        if isinstance(category.get("keypoints"), list):
            video.names = _names(dict(enumerate(category["keypoints"])))
    people = [person for person in value["annotations"] if _is_person(person)]
    if not people:
        raise StickgenError(f"{video.name}: its annotations have no keypoints of people")
    others = _places(person.get("image_id") for person in people)
    for person in people:
        picture = str(person.get("image_id"))
        _see_person(video, numbers.get(picture, others[picture]), person, video.name)


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _see_vitpose(video: Video, frames: Sequence[Any], skeleton: Mapping[str, Any]) -> None:
    """easy_ViTPose's form: frames of people by their number, whose points are y, x and score."""
    video.names = _names(skeleton)
    for number, frame in enumerate(frames):
        video.frames.setdefault(number, [])
        for who, points in frame.items() if isinstance(frame, Mapping) else ():
            found = json_text.numbers(points, f"{video.name}, frame {number}", "the keypoints of a body")
            if found.ndim != 2 or found.shape[1] < 3:
                raise StickgenError(f"{video.name}, frame {number}: its points are not y, x and score")
            video.see(number, Detection(found[:, [1, 0, 2]], str(who)))


def _see_by_person(video: Video, people: Mapping[str, Any]) -> None:
    """Frames by person, as trackers behind AlphaPose write them: {"1": {"0": {"keypoints": […]}}}."""
    for who, frames in people.items():
        if not isinstance(frames, Mapping) or not all(_is_person(frame) for frame in frames.values()):
            raise StickgenError(f"{video.name}: it holds no keypoints of people in a form that is known")
        for number, person in frames.items():
            if not str(number).isdigit():
                raise StickgenError(f"{video.name}: {str(number)[:20]!r} is no number of a frame")
            _see_person(video, int(number), {**person, "track_id": who}, video.name)


def _is_person(entry: Any) -> bool:
    if not isinstance(entry, Mapping) or "keypoints" not in entry:
        return False
    points = entry["keypoints"]
    return not (isinstance(points, list) and points and isinstance(points[0], Mapping))


def _see_person(video: Video, number: int, person: Any, where: str) -> None:
    video.frames.setdefault(number, [])
    if not _is_person(person) or not person["keypoints"]:
        return
    told = next((person[key] for key in _WHO if person.get(key) is not None), None)
    who = np.ravel(np.asarray(told, dtype=object))[0] if told not in (None, []) else ""
    video.see(number, Detection(_points(person, where), str(who)))


def _points(person: Mapping[str, Any], where: str) -> Floats:
    """[n, 3]: x, y and confidence."""
    found, what = person["keypoints"], "the keypoints of a body"
    if isinstance(found, Mapping):  # Ultralytics
        columns = [found.get("x"), found.get("y"), found.get("visible", found.get("confidence"))]
        if columns[2] is None:
            columns[2] = [1.0] * len(columns[0]) if isinstance(columns[0], list) else None
        table = json_text.numbers(columns, where, what)
        return table.T if table.ndim == 2 else np.zeros((0, 3))
    points = json_text.numbers(found, where, what)
    scores = person.get("keypoint_scores", person.get("keypoints_scores", person.get("scores")))
    sure = None if scores is None else json_text.numbers(scores, where, "the scores of keypoints").ravel()
    if points.ndim == 1:
        pairs = len(points) == 2 * len(sure) if sure is not None else len(points) in _PAIRS
        width = 2 if pairs else 3
        if len(points) % width:
            raise StickgenError(
                f"{where}: a body has {len(points)} numbers, which are not x, y and score a point"
            )
        points = points.reshape(-1, width)
    if points.ndim != 2 or points.shape[1] < 2:
        raise StickgenError(f"{where}: the keypoints of a body are not x, y and score a point")
    if sure is not None and len(sure) == len(points):
        return np.column_stack((points[:, :2], sure))
    if points.shape[1] < 3:
        return np.column_stack((points, np.ones(len(points))))
    return points[:, :3]


def _names(told: Any) -> list[str] | None:
    """The names of points, by their numbers."""
    if not isinstance(told, Mapping):
        return None
    by_number = {int(number): str(name) for number, name in told.items() if str(number).isdigit()}
    if not by_number or max(by_number) > 10_000:
        return None
    return plain_names([by_number.get(number, "") for number in range(max(by_number) + 1)])


def _number(entry: Any, place: int) -> int:
    """The number of a frame that says it, else its place."""
    if isinstance(entry, Mapping):
        for key in _WHEN:
            if isinstance(entry.get(key), (int, str)) and str(entry[key]).isdigit():
                return int(entry[key])
    return place


def _places(names: Iterable[Any]) -> dict[str, int]:
    """The numbers of pictures: the last number in each name, if that tells them apart, else their order."""
    found = list(dict.fromkeys(str(name) for name in names))
    digits = {name: re.findall(r"\d+", name.rpartition(".")[0] or name) for name in found}
    if all(digits.values()):
        numbers = {name: int(digits[name][-1]) for name in found}
        if len(set(numbers.values())) == len(numbers):
            return numbers
    return {name: place for place, name in enumerate(sorted(found))}


FORMAT = Format(
    name=_NAME,
    reads="people in a video, as AlphaPose, Detectron, MMPose, ViTPose and Ultralytics write them, and COCO's annotations: 17 points, "
    "18 with the neck, 26, 133 or 136, or named; `image_id` tells the frames, `idx` or `track_id` the people",
    limits="as for OpenPose JSON",
    claim=_claim,
    read=_read,
    max_bytes=_MAX_BYTES,
)
