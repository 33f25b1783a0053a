"""Reads BVH motion capture as joint positions in space, whatever the file's channel order, units and habits."""

from __future__ import annotations

import re
import warnings
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stickgen.errors import StickgenError
from stickgen.importing.capture import Capture, Floats
from stickgen.importing.decoding import decode
from stickgen.importing.format import Choices, Claim, Format, Take, with_suffix
from stickgen.importing.rotations import about_axis
from stickgen.importing.sources import Found

MAX_JOINTS = 1000
MAX_POINTS = (
    8_000_000  # frames times joints: ten minutes of a hundred joints at 120 fps, with three numbers each
)
MAX_LINE = 10_000  # characters of a line of the hierarchy
_POSED_AT_ONCE = 1_000_000  # frames times joints whose rotations are held at a time
_CHANNELS = {
    f"{axis}{kind}": (index, kind)
    for index, axis in enumerate("xyz")
    for kind in ("position", "rotation", "scale")
}
_LINE = re.compile(r"[^\r\n]+")
_COMMENT = re.compile(r"(?:^|\s)(?://|#|;).*")
_HEADER = re.compile(r"\s*(frames|frame\s*time)\b\s*[:=]?(.*)", re.IGNORECASE)


@dataclass
class Joint:
    """A joint of the hierarchy; an end site is one without channels."""

    name: str
    parent: int  # -1 for a root
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)
    channels: tuple[str, ...] = ()  # `xposition` … `zrotation`, in the file's order


def read_bvh(data: bytes | str, name: str) -> Capture:
    """Parse and pose a BVH file. Raises StickgenError with `name:line`.

    Tolerated are blank lines, comments, any line ends and encoding, commas between or in numbers, frames wrapped
    over several lines, and anything after the last frame.
    """
    source = _Source(decode(data) if isinstance(data, bytes) else data.removeprefix("\ufeff"), name)
    joints = _hierarchy(source)
    declared, frame_time = _motion_header(source)
    values = _frames(source, declared, sum(len(joint.channels) for joint in joints))
    if len(values) * len(joints) > MAX_POINTS:
        raise StickgenError(
            f"{name}: {len(values):,} frames of {len(joints)} joints are too many for one capture; split the file"
        )
    positions = _pose(joints, values)
    rest = _pose(joints, np.zeros((1, values.shape[1])), rest=True)[0]
    rest_frames = _rest_frames(joints, values, positions)
    names = [joint.name for joint in joints]
    parents = tuple(joint.parent for joint in joints)
    fps = 1 / frame_time if frame_time > 0 else 0.0
    return Capture(names, positions[rest_frames:], rest, fps, rest_frames, parents)


class _Source:
    """The text of a file, read line by line: a list of a hostile file's lines would exhaust the memory."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name, self.at = text, name, 0  # `at`: where the next line begins

    def lines(self) -> Iterator[tuple[int, str]]:
        """Each line's position and text without comments; blank lines are skipped."""
        for match in _LINE.finditer(self.text, self.at):
            self.at = match.end()
            line = match[0]
            if any(sign in line for sign in "/#;"):
                line = _COMMENT.sub("", line)
            if line and not line.isspace():
                yield match.start(), line

    def fault(self, at: int, what: object) -> StickgenError:
        """The error for what is wrong at a position in the text, with its line number."""
        before = self.text[:at]
        line = before.count("\n") + before.count("\r") - before.count("\r\n") + 1
        return StickgenError(f"{self.name}:{line}: {what}")

    @property
    def end(self) -> int:
        """The position of the last line."""
        return len(self.text.rstrip())


def _hierarchy(source: _Source) -> list[Joint]:
    """The joints, parents before children. Leaves the source just after its line MOTION."""
    joints: list[Joint] = []
    stack: list[int] = []
    for at, words in _statements(source):
        word = words[0].upper()
        try:
            if word == "MOTION":
                if not joints or stack:
                    raise ValueError("MOTION before the hierarchy is closed")
                return joints
            elif word in {"ROOT", "JOINT"} or word.startswith("END"):
                if len(joints) >= MAX_JOINTS:
                    raise ValueError(f"more than {MAX_JOINTS} joints")
                parent = stack[-1] if stack else -1
                ends = word.startswith("END")
                joints.append(Joint(f"{joints[parent].name} end" if ends else _label(words[1:]), parent))
            elif word == "{":
                stack.append(len(joints) - 1)
            elif word == "}":
                stack.pop()
            elif word == "OFFSET":
                joints[stack[-1]].offset = tuple(_numbers(" ".join(words[1:]), 3))
            elif word == "CHANNELS":
                channels = tuple(channel.lower() for channel in words[2:])
                if len(channels) != int(words[1]) or not set(channels) <= set(_CHANNELS):
                    raise ValueError(f"channels {' '.join(words[1:8])}")
                joints[stack[-1]].channels = channels
            else:
                raise ValueError(f"unexpected {words[0][:20]!r}")
        except (ValueError, IndexError) as error:
            raise source.fault(at, f"not BVH here ({error})") from error
    raise source.fault(source.end, "the file ends before its MOTION part; get it again")


def _label(words: list[str]) -> str:
    """A joint's name, which may contain spaces. Exporters put the character's name before a colon or a bar."""
    whole = " ".join(words)
    return re.split(r"[:|]", whole)[-1].strip() or whole


def _statements(source: _Source) -> Iterator[tuple[int, list[str]]]:
    """(position of the line, words) for each statement of the hierarchy. A brace is always its own statement."""
    for number, (at, line) in enumerate(source.lines()):
        if len(line) > MAX_LINE:
            raise source.fault(at, "not BVH here (a line longer than any of a hierarchy)")
        if not number:
            if line.strip().upper() != "HIERARCHY":
                raise source.fault(at, "not BVH: it does not begin with HIERARCHY")
            continue
        words: list[str] = []
        for word in line.replace("{", " { ").replace("}", " } ").split():
            if word in "{}":
                if words:
                    yield at, words
                    words = []
                yield at, [word]
            else:
                words.append(word)
        if words:
            yield at, words
    if not source.at:
        raise source.fault(0, "not BVH: it does not begin with HIERARCHY")


def _numbers(text: str, count: int) -> list[float]:
    """`count` numbers, separated by spaces or commas, with a dot or a comma as decimal sign."""
    words = _plain(text, count).split()
    if len(words) != count:
        raise ValueError(f"{len(words)} numbers where {count} belong")
    numbers = _row(words)
    if not np.isfinite(numbers).all():
        raise ValueError("a number that is not finite")
    return numbers


def _plain(text: str, width: int) -> str:
    """Text of at most `width` numbers a line, with dots as decimal signs and spaces between numbers, unshifted.

    A comma is the decimal sign if no number has a dot or two commas, and if this gives no more words than belong
    there; otherwise it separates numbers.
    """
    if ";" in text:
        text = text.replace(";", " ")
    if "," not in text:
        return text
    line = next(match[0] for match in _LINE.finditer(text) if "," in match[0])[:MAX_LINE]
    words = [word.strip(",") for word in line.split()]
    inside = any("," in word for word in words) and all(word.count(",") < 2 for word in words)
    between = len(words) != width and len(line.replace(",", " ").split()) == width
    if inside and not between and "." not in text:
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    return text.replace(",", " ")


def _row(words: list[str]) -> list[float]:
    try:
        return list(map(float, words))
    except ValueError:
        return [_number(word) for word in words]


def _number(word: str) -> float:
    try:
        return float(re.sub(r"[dD](?=[+-]?\d+$)", "e", word))  # as Fortran writes exponents
    except ValueError as error:
        raise ValueError(f"{word[:20]!r} is no number") from error


def _motion_header(source: _Source) -> tuple[int, float]:
    """The declared number of frames, and the frame time as written, which may be nonsense."""
    found: dict[str, float] = {}
    for at, line in source.lines():
        try:
            match = _HEADER.fullmatch(line)
            if match is None:
                raise ValueError("it says something else")
            found["".join(match[1].lower().split())] = _numbers(match[2], 1)[0]
        except ValueError as error:
            raise source.fault(at, f"`Frames:` and `Frame Time:` belong here ({error})") from error
        if {"frames", "frametime"} <= set(found):
            return int(found["frames"]), found["frametime"]
    raise source.fault(source.end, "the file ends before `Frames:` and `Frame Time:`; get it again")


def _frames(source: _Source, declared: int, width: int) -> Floats:
    """Channel values [t, width]. A frame begins on a new line and may continue over further lines.

    After the declared number of frames, anything may follow: Ctrl-Z, zero bytes, notes.
    """
    begin = source.at
    source.text = source.text[:begin] + _plain(source.text[begin:], width)
    values, starts = (
        array("d"),
        array("q"),
    )  # a hostile file's numbers as Python objects would exhaust the memory
    pending: list[float] = []
    began, fault = begin, None
    for at, line in source.lines():
        began = began if pending else at
        try:
            if len(line) > 40 * width + 1000:
                raise ValueError(f"a line longer than {width} numbers")
            words = line.split()
            if pending and len(pending) + len(words) > width:
                raise ValueError(f"{len(pending)} numbers where {width} belong")
            if len(words) > width:
                raise ValueError(f"{len(words)} numbers where {width} belong")
            pending += _row(words)
        except ValueError as error:
            fault = source.fault(began, f"this frame does not fit the joints ({error})")
            break
        if len(pending) == width:
            values.extend(pending)
            starts.append(began)
            pending = []
    if fault is not None and len(starts) < declared:
        stream = _stream(source.text[begin:], declared, width)
        if stream is None:
            raise fault
        return stream
    if not len(starts):
        raise source.fault(begin, "it has no frame of motion")
    frames = np.frombuffer(values).reshape(-1, width)
    finite = np.isfinite(frames).all(axis=1)
    if not finite.all():
        bad = int(np.flatnonzero(~finite)[0])
        if bad < declared:
            raise source.fault(
                starts[bad], "this frame does not fit the joints (a number that is not finite)"
            )
        frames = frames[:bad]
    if len(frames) < declared:
        raise StickgenError(
            f"{source.name}: {declared} frames are declared, but only {len(frames)} are there; the file is cut short, get it again"
        )
    return frames


def _stream(text: str, declared: int, width: int) -> Floats | None:
    """Frames [t, width] that were wrapped without regard to where they begin; None if the file is not like that.

    All lines but the last must then have the same number of numbers: otherwise one might be missing somewhere.
    """
    counts: list[int] = []
    for line in _LINE.finditer(text):
        count = sum(1 for _ in re.finditer(r"\S+", line[0]))
        if count:
            counts.append(count)
        if len(counts) > 1 and (counts[-2] != counts[0] or counts[-1] > counts[0]):
            return None
    if sum(counts) != declared * width:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # how numpy reports text that is no number
        try:
            numbers = np.fromstring(text, sep=" ")
        except (DeprecationWarning, ValueError):
            return None
    return (
        numbers.reshape(declared, width)
        if len(numbers) == declared * width and np.isfinite(numbers).all()
        else None
    )


def _pose(joints: list[Joint], values: Floats, *, rest: bool = False) -> Floats:
    """Joint positions [t, j, 3] by forward kinematics. On any joint, a position channel replaces its offset.

    With `rest`, every joint is at its offset.
    """
    positions = np.zeros((len(values), len(joints), 3))
    step = max(_POSED_AT_ONCE // len(joints), 1)
    for start in range(0, len(values), step):
        _pose_some(joints, values[start : start + step], positions[start : start + step], rest)
    return positions


def _pose_some(joints: list[Joint], values: Floats, positions: Floats, rest: bool) -> None:
    """Fill in positions [t, j, 3]."""
    frames = len(values)
    turns = np.zeros((frames, len(joints), 3, 3))
    column = 0
    for index, joint in enumerate(joints):
        local = np.tile(np.array(joint.offset), (frames, 1))
        turn = np.broadcast_to(np.eye(3), (frames, 3, 3))
        for channel in joint.channels:
            axis, kind = _CHANNELS[channel]
            if kind == "rotation":
                turn = turn @ about_axis(axis, np.radians(values[:, column]))
            elif kind == "position" and not rest:
                local[:, axis] = values[:, column]
            column += 1
        if joint.parent < 0:
            positions[:, index], turns[:, index] = local, turn
        else:
            above = turns[:, joint.parent]
            positions[:, index] = positions[:, joint.parent] + (above @ local[..., None])[..., 0]
            turns[:, index] = above @ turn


def _rest_frames(joints: list[Joint], values: Floats, positions: Floats) -> int:
    """How many frames at the start are a T-pose: all rotations are zero, or a leap follows that no body can make.

    Neither test finds every T-pose: of 129 files with one, nine begin so close to it that there is no leap, and some
    exporters leave small rotations in it, or a frame between it and the first real one.
    """
    if len(values) < 8:
        return 0
    channels = [channel for joint in joints for channel in joint.channels]
    rotations = values[:, [i for i, channel in enumerate(channels) if channel.endswith("rotation")]]
    shape = positions[:20] - positions[:20, :1]
    steps = np.abs(np.diff(shape, axis=0)).max(axis=(1, 2))
    leaps = (steps[:2] > 10 * np.median(steps[2:])) & (steps[:2] > 0.1 * np.ptp(shape[0]))
    if leaps.any():
        return int(np.flatnonzero(leaps)[-1]) + 1
    zero = rotations.size and np.abs(rotations[0]).max() < 1e-6 and np.abs(rotations[1]).max() > 1
    return int(bool(zero))


def _claim(files: Sequence[Found]) -> Iterable[Claim]:
    return (Claim("BVH", file) for file in with_suffix(files, ".bvh"))


def _read(claim: Claim, choices: Choices) -> Iterator[Take]:
    yield Take(read_bvh(claim.file.read(), claim.file.name))


FORMAT = Format(
    name="BVH",
    reads="one person's skeleton and motion, with any names, channel order, units, up axis and encoding",
    limits="the frame time may be wrong: `--fps`; joints that are not found: `--joints`",
    claim=_claim,
    read=_read,
)
