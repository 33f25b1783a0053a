"""From what a detector saw in each frame of a video to one take a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import gcd

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError
from stickgen.importing.capture import Keypoints
from stickgen.importing.format import Choices, Take
from stickgen.importing.hip_centred import NOTE, is_hip_centred, on_its_feet
from stickgen.importing.landmarks import KNOWN_COUNTS, missing_of, names_of_count, ten_joints
from stickgen.importing.people import Detection, Person, told_apart
from stickgen.motion.skeleton import HEAD, LEFT_FOOT, RIGHT_FOOT
from stickgen.text import clean

Floats = NDArray[np.float64]
LEAST_FRAMES = 8  # of a person; fewer are no motion
_FRACTIONS = 2.0  # no picture is so small: coordinates below are fractions of its width and height
_LONGEST = 1_000_000  # frames of a video: more than nine hours


@dataclass
class Video:
    """What a detector saw."""

    name: str  # as reports call it
    frames: dict[int, list[Detection]] = field(
        default_factory=dict
    )  # by number; a frame without anybody may be absent
    names: Sequence[str] | None = None  # of the points, as plain_names; None: their number tells
    size: tuple[float, float] | None = None  # width and height of the picture in pixels
    fps: float = 0.0
    y_down: bool | None = True  # None: the posture decides
    alone: bool = False  # whether it is of one person, who need not be followed
    zero_is_absent: bool = True  # whether a point at exactly 0, 0 was not seen
    notes: list[str] = field(default_factory=list)

    def see(self, frame: int, detection: Detection) -> None:
        """Add somebody in a frame."""
        self.frames.setdefault(frame, []).append(detection)


def takes_of(video: Video, choices: Choices, about: Mapping[str, str] | None = None) -> Iterator[Take]:
    """A take for each person who was seen in enough frames. Raises StickgenError if there is none."""
    everybody = [found for frame in video.frames.values() for found in frame]
    if not everybody:
        raise StickgenError(f"{video.name}: nobody was seen in any of its {max(len(video.frames), 1)} frames")
    notes = list(video.notes)
    counts = Counter(len(found.points) for found in everybody)
    count = counts.most_common(1)[0][0]
    if len(counts) > 1:
        others = len(everybody) - counts[count]
        notes.append(
            f"{others} of {len(everybody)} bodies have another number of points than {count}, and are left out"
        )
        frames = {
            frame: [found for found in here if len(found.points) == count]
            for frame, here in video.frames.items()
        }
        everybody = [found for here in frames.values() for found in here]
    else:
        frames = video.frames
    names = _names(video, count, everybody)
    down = video.y_down
    if down is None:
        down = _grows_down(names, everybody)
        notes += ["y grows downwards in it, as in pictures"] if down else []
    centred = is_hip_centred(names, np.stack([found.points for found in everybody]))
    notes += [NOTE] if centred else []
    shape = _shape(video, everybody, choices) if down and not centred else (1.0, 1.0)
    step = _step(sorted(frames))
    if step > 1:
        notes.append(
            f"its frames are numbered in steps of {step}; the rate is that of the frames that are there"
        )
    frames = {frame // step: here for frame, here in frames.items()}
    people, said = _alone(frames) if video.alone else told_apart(frames)
    notes += said
    short = [person for person in people if len(person.frames) < LEAST_FRAMES]
    long = [person for person in people if len(person.frames) >= LEAST_FRAMES]
    if not long:
        most = max(len(person.frames) for person in short)
        raise StickgenError(
            f"{video.name}: nobody is seen in {LEAST_FRAMES} frames or more; the longest sight of a person has {most}"
        )
    if short:
        who = "person who is" if len(short) == 1 else "people who are"
        notes.append(f"{len(short)} {who} seen in fewer than {LEAST_FRAMES} frames left out")
    for person in long:
        part = clean(person.number, single_line=True, limit=20) if len(long) > 1 else ""
        motion = _keypoints(person, names, shape, video, step, down)
        yield Take(on_its_feet(motion) if centred else motion, part, about or {}, notes=notes)
        notes = []  # what is true of all of them is said once


def _names(video: Video, count: int, everybody: Sequence[Detection]) -> Sequence[str]:
    names = video.names
    if names is None or len(names) != count:
        names = names_of_count(count, np.stack([found.points for found in everybody]))
    if names is None:
        raise StickgenError(
            f"{video.name}: its bodies have {count} points, of which nobody knows which is which; known are bodies of "
            f"{KNOWN_COUNTS}"
        )
    if missing := missing_of(names):
        raise StickgenError(f"{video.name}: its points have no {', no '.join(missing)}")
    return names


def _shape(video: Video, everybody: Sequence[Detection], choices: Choices) -> tuple[float, float]:
    """What x and y are to be multiplied by, so that pixels are square."""
    places = np.concatenate([found.points[:, :2] for found in everybody])
    places = places[np.isfinite(places).all(axis=1)]
    if not len(places) or np.percentile(np.abs(places), 95) > _FRACTIONS:
        return 1.0, 1.0
    aspect = choices.aspect or (video.size[0] / video.size[1] if video.size else 0.0)
    if not aspect:
        raise StickgenError(
            f"{video.name}: its places are fractions of the picture's width and height, and it does not say how wide a picture "
            "is; say --aspect 16:9, or 9:16 for a phone held upright"
        )
    return aspect, 1.0


def _step(numbers: Sequence[int]) -> int:
    """By how much the numbers of the frames grow: 1, or more if every frame was numbered so."""
    step = 0
    for before, after in zip(numbers[:-1], numbers[1:], strict=True):
        step = gcd(step, after - before)
    return max(step, 1) if len(numbers) >= LEAST_FRAMES else 1


def _keypoints(
    person: Person, names: Sequence[str], shape: tuple[float, float], video: Video, step: int, down: bool
) -> Keypoints:
    first, last = person.frames[0], person.frames[-1]
    if last - first > _LONGEST:
        raise StickgenError(
            f"{video.name}: somebody is seen in frames {first} and {last}, which are too far apart; fix their numbers"
        )
    whole = np.full((last - first + 1, len(names), 3), np.nan)
    whole[..., 2] = 0.0
    for frame, points in zip(person.frames, person.points, strict=True):
        whole[frame - first] = points
    whole[..., :2] *= shape
    points, confidence, across, ahead = ten_joints(names, whole, zero_is_absent=video.zero_is_absent)
    return Keypoints(
        points, confidence, video.fps, y_down=down, across=across, ahead=ahead, first=first * step
    )


def _alone(frames: Mapping[int, Sequence[Detection]]) -> tuple[list[Person], list[str]]:
    person = Person("1")
    for frame in sorted(frames):
        for found in frames[frame][:1]:
            person.add(frame, found.points)
    return [person], []


def _grows_down(names: Sequence[str], everybody: Sequence[Detection]) -> bool:
    """Whether heads are mostly below feet as the numbers grow."""
    points, _, _, _ = ten_joints(names, np.stack([found.points for found in everybody]), zero_is_absent=False)
    height = points[:, HEAD, 1] - points[:, [LEFT_FOOT, RIGHT_FOOT], 1].mean(axis=1)
    return float(np.mean(height[np.isfinite(height)] < 0)) > 0.5 if np.isfinite(height).any() else False
