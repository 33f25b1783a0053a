"""Reads the JSON of OpenPose, a file a frame, which AlphaPose, Sports2D, Pose2Sim and RTMLib write as well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from stickgen.errors import StickgenError
from stickgen.importing import json_text
from stickgen.importing.detections import Video, takes_of
from stickgen.importing.format import Choices, Claim, Format, Take, with_suffix
from stickgen.importing.frame_files import by_video, claims_of_videos
from stickgen.importing.people import Detection
from stickgen.importing.sources import Found

_NAME = "OpenPose JSON"
_PEOPLE = re.compile(rb'"(people|bodies)"\s*:\s*\[')
_BODIES = ("pose_keypoints_2d", "pose_keypoints", "joints")  # OpenPose, its first versions, AlphaPose's `cmu`
_POSE = re.compile(rb'"(pose_keypoints(_2d)?|joints|person_id|face_keypoints(_2d)?)"')


def _claim(files: Sequence[Found]) -> Iterable[Claim]:
    frames: list[Found] = []
    for file in with_suffix(files, ".json"):
        head = file.head()
        people = _PEOPLE.search(head)
        if people is None or (_POSE.search(head) is None and head[people.end() :].lstrip()[:1] != b"]"):
            continue
        if head[: people.start()].count(b"{") > 1 or head.lstrip()[:1] == b"[":  # all frames in one file
            yield Claim(_NAME, file)
        else:
            frames.append(file)
    yield from claims_of_videos(_NAME, frames)


def _read(claim: Claim, choices: Choices) -> Iterator[Take]:
    video = Video(claim.name)
    if not claim.uses:
        value = json_text.parse(claim.file.read(), claim.file.name)
        if isinstance(value, list):  # ComfyUI's
            for place, frame in enumerate(value):
                _see(video, place, frame, f"{claim.name}, frame {place}")
        elif isinstance(value, Mapping) and not {"people", "bodies"} & value.keys():
            for place, (name, frame) in enumerate(value.items()):
                digits = re.findall(r"\d+", name)
                _see(video, int(digits[-1]) if digits else place, frame, f"{claim.name}, {name}")
        else:
            _see(video, 0, value, claim.name)
    else:
        broken = []
        (files,) = by_video((claim.file, *claim.uses))
        for number, file in files.files:
            try:
                _see(video, number, json_text.parse(file.read(), file.name), file.name)
            except StickgenError as error:
                broken.append(str(error))
                video.frames.setdefault(number, [])
        if len(broken) > len(files.files) / 2:
            raise StickgenError(f"{broken[0]}; {len(broken)} of its {len(files.files)} frames are like that")
        if broken:
            video.notes.append(
                f"{len(broken)} of {len(files.files)} frames cannot be read; the first: {broken[0]}"
            )
    yield from takes_of(video, choices)


def _see(video: Video, number: int, frame: Any, where: str) -> None:
    people = frame.get("people", frame.get("bodies")) if isinstance(frame, Mapping) else None
    if not isinstance(people, list):
        raise StickgenError(f"{where}: it has no list of people, as OpenPose writes")
    video.frames.setdefault(number, [])
    video.size = json_text.size_of(frame.get("canvas_width"), frame.get("canvas_height")) or video.size
    for person in people:
        key = next((key for key in _BODIES if isinstance(person, Mapping) and person.get(key)), None)
        if key is None:
            continue  # only a face, or hands
        points = json_text.numbers(person[key], where, "the keypoints of a body").ravel()
        if len(points) % 3:
            raise StickgenError(
                f"{where}: a body has {len(points)} numbers, which are not three a point (x, y, confidence)"
            )
        video.see(number, Detection(points.reshape(-1, 3), _number(person)))


def _number(person: Mapping[str, Any]) -> str:
    """The detector's number of a person; "" if it does not track."""
    told = np.ravel(np.asarray(person.get("person_id", person.get("idx", [])), dtype=object))
    numbers = [int(value) for value in told if isinstance(value, (int, float)) and value >= 0]
    return str(numbers[0]) if numbers else ""


FORMAT = Format(
    name=_NAME,
    reads="people in a video, a file a frame (OpenPose, Sports2D, Pose2Sim, RTMLib, AlphaPose's `open` and `cmu`): BODY_25, COCO "
    "18 and 17, HALPE 26, MPI 15; several people become several clips",
    limits="needs `--fps`; the camera must stand still, and the whole body be in the picture; joints that are missing for "
    "more than half a second end the clip; places as fractions need `--aspect`",
    claim=_claim,
    read=_read,
)
