"""Videos of which every frame has a file of its own, named by its number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stickgen.importing.format import Claim
from stickgen.importing.sources import Found

# walk_000000000012_keypoints.json, frame-12.json, 000012.json, walk.mp4_12.json
_NUMBERED = re.compile(r"^(?P<video>.*?)[ _.-]*(?P<number>\d+)(?:[_.-](?:keypoints|pose|landmarks|result))?$")
_WORDS_FOR_A_FRAME = {"frame", "frames", "img", "image", "image_", ""}


@dataclass
class FrameFiles:
    """The files of one video, by the number of the frame."""

    name: str  # of the video, with its folder
    files: list[tuple[int, Found]] = field(default_factory=list)


def by_video(files: Iterable[Found]) -> list[FrameFiles]:
    """The videos whose frames these files are; a file without a number in its name is a video of one frame."""
    videos: dict[tuple[Path, str, str], FrameFiles] = {}
    for file in files:
        match = _NUMBERED.match(file.stem)
        video, number = (match["video"], int(match["number"])) if match else (file.stem, 0)
        if video.casefold().rstrip("_-") in _WORDS_FOR_A_FRAME:  # the folder has the name
            name = file.folder or Path(file.archive).stem or video
        else:
            name = f"{file.folder}/{video}" if file.folder else video
        place = file.path if file.entry is not None else file.path.parent
        key = (place, file.folder, video)
        videos.setdefault(key, FrameFiles(name)).files.append((number, file))
    for found in videos.values():
        found.files.sort(key=lambda numbered: (numbered[0], numbered[1].name))
    return list(videos.values())


def claims_of_videos(format_name: str, files: Iterable[Found]) -> Iterator[Claim]:
    """A claim for each video whose frames these files are, called by the video if it has several."""
    for video in by_video(files):
        first, *rest = (file for _, file in video.files)
        yield Claim(format_name, first, tuple(rest), called=video.name if rest else "")
