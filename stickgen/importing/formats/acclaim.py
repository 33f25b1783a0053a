"""Reads Acclaim motion capture (CMU, HDM05): a skeleton as ASF, and any number of motions as AMC."""

from __future__ import annotations

import io
import math
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from stickgen.errors import StickgenError
from stickgen.importing.capture import Capture, Floats
from stickgen.importing.decoding import decode
from stickgen.importing.format import Choices, Claim, Format, Take, with_suffix
from stickgen.importing.rotations import about_axis
from stickgen.importing.sources import Found
from stickgen.text import clean

FPS = 120.0  # of CMU's and HDM05's motions; no AMC file says its own
MAX_BONES = 1000
MAX_POINTS = 8_000_000  # frames times joints, as for BVH
MAX_LINE = 10_000  # characters that are looked at
_AT_ONCE = 16_000_000  # characters of a motion that are split into words at a time
_POSED_AT_ONCE = 1_000_000
_ROOT = ("tx", "ty", "tz", "rx", "ry", "rz")  # where a file does not say
_AXES = {"x": 0, "y": 1, "z": 2}
_FRAME = re.compile(r"^[ \t]*\d+[ \t]*\r?$", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|\s)#.*")


@dataclass
class Bone:
    """A bone of a skeleton. It begins where its parent ends; the root has no length."""

    name: str
    direction: tuple[float, ...] = (0.0, 0.0, 0.0)
    length: float = 0.0
    axis: tuple[float, ...] = (0.0, 0.0, 0.0)  # angles of the axes that it turns about
    axis_order: str = "xyz"
    channels: tuple[str, ...] = ()  # `tx` … `rz`, in the order of the motion's numbers
    parent: int = -1


@dataclass
class Skeleton:
    """An ASF file: bones, parents before children, the root first."""

    name: str  # of the file
    bones: list[Bone] = field(default_factory=list)
    radians: bool = False


@dataclass(frozen=True)
class _Line:
    number: int
    words: list[str]


def read_acclaim(skeleton: Skeleton, data: bytes | str, name: str) -> tuple[Capture, list[str]]:
    """Pose `skeleton` by the AMC file `data`, with notes. Raises StickgenError with `name:line`."""
    values, radians, notes = _frames(skeleton, data, name)
    bones = skeleton.bones
    ends = [index for index in range(len(bones)) if all(bone.parent != index for bone in bones)]
    points = len(bones) + len(ends)
    if len(values) * points > MAX_POINTS:
        raise StickgenError(
            f"{name}: {len(values):,} frames of {points} joints are too many for one capture; split the file"
        )
    positions = np.empty((len(values), points, 3))
    step = max(_POSED_AT_ONCE // points, 1)
    for start in range(0, len(values), step):
        positions[start : start + step] = _posed(skeleton, values[start : start + step], radians, ends)
    rest = _posed(skeleton, np.zeros((1, values.shape[1])), radians, ends)[0]
    names = [bone.name for bone in bones] + [f"{bones[index].name} end" for index in ends]
    parents = (*(bone.parent for bone in bones), *ends)
    return Capture(names, positions, rest, FPS, 0, parents), notes


def read_skeleton(data: bytes | str, name: str) -> Skeleton:
    """Parse an ASF file. Limits, masses and shapes are not read. Raises StickgenError with `name:line`."""
    skeleton, part, bone = Skeleton(name, [Bone("root", channels=_ROOT)]), "", Bone("")
    parents: dict[str, str] = {}
    number = 0
    for line in _lines(data, brackets=True):
        number, words = line.number, line.words
        key = words[0].lower()
        try:
            if key.startswith(":"):
                part = key
            elif part == ":units" and key == "angle":
                skeleton.radians = _is_radians(words[1])
            elif part == ":root":
                _bone_line(skeleton.bones[0], key, words)
            elif part == ":bonedata" and key == "begin":
                bone = Bone("")
            elif part == ":bonedata" and key == "end":
                _add(skeleton, bone)
            elif part == ":bonedata":
                _bone_line(bone, key, words)
            elif part == ":hierarchy" and key not in {"begin", "end"}:
                parents |= {child.lower(): key for child in words[1:]}
        except (ValueError, IndexError) as error:
            raise StickgenError(f"{name}:{number}: not ASF here ({error})") from error
    if not parents:
        raise StickgenError(f"{name}:{number}: the file ends before its hierarchy; get it again")
    skeleton.bones = _in_order(skeleton.bones, parents, name)
    return skeleton


def _bone_line(bone: Bone, key: str, words: list[str]) -> None:
    if key == "name":
        bone.name = " ".join(words[1:]).lower()
    elif key == "direction":
        bone.direction = tuple(_numbers(words[1:4], 3))
    elif key == "length":
        (bone.length,) = _numbers(words[1:2], 1)
    elif key in {"axis", "orientation"}:
        bone.axis = tuple(_numbers(words[1:4], 3)) if len(words) > 3 else bone.axis
        order = words[-1].lower() if key == "axis" else bone.axis_order
        if sorted(order) != ["x", "y", "z"]:
            raise ValueError(f"an axis order {order[:20]!r}")
        bone.axis_order = order
    elif key in {"dof", "order"}:
        bone.channels = tuple(word.lower() for word in words[1:])
        allowed = {"rx", "ry", "rz", *(("tx", "ty", "tz") if key == "order" else ())}
        strange = [channel for channel in bone.channels if channel not in allowed]
        if strange:
            raise ValueError(f"{bone.name} moves by {clean(strange[0], limit=20)}, which is not read")


def _add(skeleton: Skeleton, bone: Bone) -> None:
    """A finished bone. Some files have an `end` too many."""
    if bone in skeleton.bones:
        return
    if not bone.name or any(bone.name == other.name for other in skeleton.bones):
        raise ValueError(f"a bone called {bone.name!r} a second time" if bone.name else "a bone without name")
    if len(skeleton.bones) >= MAX_BONES:
        raise ValueError(f"more than {MAX_BONES} bones")
    skeleton.bones.append(bone)


def _in_order(bones: Sequence[Bone], parents: dict[str, str], name: str) -> list[Bone]:
    """The bones with their parents, each after its own. Bones that hang from nothing are left out."""
    by_name = {bone.name: bone for bone in bones}
    strange = [child for child, parent in parents.items() if not {child, parent} <= set(by_name)]
    if strange:
        raise StickgenError(f"{name}: its hierarchy has {strange[0]!r}, which is not among its bones")
    ordered, found = [bones[0]], {bones[0].name}
    for parent in ordered:  # grows
        for child, above in parents.items():
            if above == parent.name and child not in found:
                by_name[child].parent = ordered.index(parent)
                ordered.append(by_name[child])
                found.add(child)
    if len(ordered) < 2:
        raise StickgenError(f"{name}: no bone hangs from its root")
    return ordered


def _frames(skeleton: Skeleton, data: bytes | str, name: str) -> tuple[Floats, bool, list[str]]:
    """Channel values [t, c] in the order of the skeleton's bones, whether angles are radians, and notes."""
    text = decode(data) if isinstance(data, bytes) else data
    first = _FRAME.search(text)
    if first is not None and len(text) <= _AT_ONCE:
        values = _alike(skeleton, text[first.start() :])
        if values is not None:
            head = _LineReader(skeleton, name).read(text[: first.start()])
            return values, head.radians, []
    reader = _LineReader(skeleton, name).read(text)
    reader.close()
    if not reader.began:
        raise StickgenError(f"{name}:{max(reader.number, 1)}: it has no frame of motion; get it again")
    still = sorted(set(reader.widths) - reader.moved)
    notes = [f"no motion for {', '.join(still[:5])}, which stay as in {skeleton.name}"] if still else []
    return np.frombuffer(reader.values).reshape(-1, len(reader.empty)), reader.radians, notes


def _alike(skeleton: Skeleton, text: str) -> Floats | None:
    """Channel values [t, c] if every frame has the same words in the same places and every bone; else None.

    A file is read ten times as fast so. What may be wrong with it is left to be found line by line.
    """
    second = _FRAME.search(text, 1)
    words = text.rstrip("\0\x1a \r\n").split()
    width = len(text[: second.start()].split()) if second else len(words)
    bones = {bone.name: len(bone.channels) for bone in skeleton.bones if bone.channels}
    if len(words) % width or "#" in text:
        return None
    columns: dict[str, list[Floats]] = {}
    at = 1
    try:
        if not all(word.isdigit() for word in words[::width]):
            return None
        while at < width:
            key = words[at].lower()
            if key not in bones or key in columns or len(set(words[at::width])) != 1:
                return None
            places = range(at + 1, at + 1 + bones[key])
            columns[key] = [np.array(words[place::width], np.float64) for place in places]
            at += 1 + bones[key]
    except ValueError:
        return None
    if at != width or set(columns) != set(bones):
        return None
    values = np.stack([column for key in bones for column in columns[key]], axis=-1)
    return values if np.isfinite(values).all() else None


class _LineReader:
    """Reads a motion line by line, to say which line is wrong."""

    def __init__(self, skeleton: Skeleton, name: str) -> None:
        self.skeleton, self.name = skeleton, name
        self.widths = {bone.name: len(bone.channels) for bone in skeleton.bones if bone.channels}
        self.starts = dict(zip(self.widths, np.cumsum([0, *self.widths.values()]), strict=False))
        self.values, self.radians = array("d"), skeleton.radians
        self.empty = array("d", bytes(8 * sum(self.widths.values())))
        self.moved: set[str] = set()  # in the first frame
        self.seen: set[str] = set()  # in this frame
        self.began = self.number = 0  # the line that this frame begins in, and this line

    def read(self, text: str) -> _LineReader:
        """Read all lines. The last frame is still to be closed."""
        for line in _lines(text):
            self._line(line.number, line.words)
            self.number = line.number
        return self

    def close(self) -> None:
        """A frame ends here; it has all bones that the first one has."""
        self.moved = self.moved or set(self.seen)
        missing = sorted(self.moved - self.seen)
        if self.began and (missing or not self.seen):
            raise StickgenError(
                f"{self.name}:{self.number}: the frame that begins in line {self.began} has no "
                f"{missing[0] if missing else 'bone'}; the file is cut short or damaged, get it again"
            )

    def _line(self, number: int, words: list[str]) -> None:
        key = words[0].lower()
        if key.startswith(":"):
            self.radians = {":radians": True, ":degrees": False}.get(key, self.radians)
        elif len(words) == 1 and key.isdigit() and key not in self.widths:
            self.close()
            if len(self.values) > 3 * MAX_POINTS:
                raise StickgenError(f"{self.name}:{number}: too many frames for one capture; split the file")
            self.began, self.seen = number, set()
            self.values.extend(self.empty)
        elif self.began and key in self.widths:
            at = len(self.values) - len(self.empty) + int(self.starts[key])
            try:
                if key in self.seen:
                    raise ValueError(f"{key} a second time")
                self.values[at : at + self.widths[key]] = array("d", _numbers(words[1:], self.widths[key]))
            except ValueError as error:
                raise StickgenError(
                    f"{self.name}:{number}: this frame does not fit {self.skeleton.name} ({error})"
                ) from error
            self.seen.add(key)
        else:
            said = clean(words[0], limit=30)
            what = f"is no bone of {self.skeleton.name}" if self.began else "stands before the first frame"
            raise StickgenError(f"{self.name}:{number}: {said!r} {what}")


def _numbers(words: Sequence[str], count: int) -> list[float]:
    if len(words) != count:
        raise ValueError(f"{len(words)} numbers where {count} belong")
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        raise ValueError(f"{clean(' '.join(words), limit=40)!r} are no numbers") from None
    if not all(map(math.isfinite, numbers)):
        raise ValueError("a number that is not finite")
    return numbers


def _is_radians(word: str) -> bool:
    if word.lower()[:3] not in {"deg", "rad"}:
        raise ValueError(f"angles in {clean(word, limit=20)!r}")
    return word.lower().startswith("rad")


def _lines(data: bytes | str, *, brackets: bool = False) -> Iterator[_Line]:
    """The lines with words on them, without comments. Commas and, with `brackets`, brackets count as spaces."""
    text = decode(data) if isinstance(data, bytes) else data
    # a list of a hostile file's lines would exhaust the memory
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        line = line[:MAX_LINE]
        if "#" in line:  # but not that of 1.#QNAN
            line = _COMMENT.sub("", line)
        line = line.replace(",", " ")
        words = (re.sub(r"[()]", " ", line) if brackets else line).strip("\0\x1a ").split()
        if words:
            yield _Line(number, words)


def _posed(skeleton: Skeleton, values: Floats, radians: bool, ends: list[int]) -> Floats:
    """Where each bone begins, and where those at `ends` end, [t, j, 3]."""
    bones = skeleton.bones
    points = np.empty((len(values), len(bones) + len(ends), 3))
    tips = np.empty((len(values), len(bones), 3))
    turns = np.empty((len(values), len(bones), 3, 3))
    unit = 1.0 if radians else np.pi / 180
    column = 0
    for index, bone in enumerate(bones):
        frame = np.eye(3)[None]
        for letter, angle in zip(bone.axis_order, bone.axis, strict=True):
            given = np.array([angle if skeleton.radians else np.radians(angle)])
            frame = about_axis(_AXES[letter], given) @ frame
        turn = np.broadcast_to(np.eye(3), (len(values), 3, 3))
        place = np.zeros((len(values), 3))
        for channel in bone.channels:  # each turn is about a fixed axis, so that the first is the innermost
            if channel[0] == "t":
                place[:, _AXES[channel[1]]] = values[:, column]
            else:
                turn = about_axis(_AXES[channel[1]], values[:, column] * unit) @ turn
            column += 1
        turn = frame @ turn @ frame.transpose(0, 2, 1)
        if bone.parent < 0:
            points[:, index], turns[:, index] = place, turn
        else:
            points[:, index], turns[:, index] = tips[:, bone.parent], turns[:, bone.parent] @ turn
        direction = np.array(bone.direction)
        along = direction * (bone.length / max(float(np.linalg.norm(direction)), 1e-12))
        tips[:, index] = points[:, index] + turns[:, index] @ along
    points[:, len(bones) :] = tips[:, ends]
    return points


def _claim(files: Sequence[Found]) -> Iterable[Claim]:
    skeletons = list(with_suffix(files, ".asf"))
    for file in with_suffix(files, ".amc"):
        skeleton = skeleton_of(file, skeletons)
        yield Claim("AMC", file, (skeleton,) if skeleton else ())


def skeleton_of(motion: Found, skeletons: Iterable[Found]) -> Found | None:
    """The ASF file of an AMC file; None if none is its own.

    It has the motion's name or how that begins (`14_06`, `14.asf`; `HDM_bd_walk_01_120`, `HDM_bd.asf`), or the name of
    the folder; else it is the only one in the motion's folder. The nearest folder goes first, then the longest name.
    """
    alone: dict[tuple[str, str], list[Found]] = {}
    ranked: list[tuple[tuple[int, int, int], Found]] = []
    here = motion.folder.casefold().split("/")
    stem = motion.stem.casefold()
    for skeleton in skeletons:
        alone.setdefault((str(skeleton.path.parent), skeleton.folder), []).append(skeleton)
        name, there = skeleton.stem.casefold(), skeleton.folder.casefold().split("/")
        shared = next((n for n, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), None)
        near = min(len(here), len(there)) if shared is None else shared
        own = stem.startswith(name) and not stem[len(name) : len(name) + 1].isalnum()
        if own or (name == here[-1] and there == here):
            ranked.append(((int(skeleton.path.parent == motion.path.parent), near, len(name)), skeleton))
    if ranked:
        return max(ranked, key=lambda entry: entry[0])[1]
    beside = [
        found
        for (path, folder), several in alone.items()
        if len(several) == 1 and folder == motion.folder and path == str(motion.path.parent)
        for found in several
    ]
    return beside[0] if len(beside) == 1 else None


def _read(claim: Claim, choices: Choices) -> Iterator[Take]:
    file = claim.file
    if not claim.uses:
        own = file.stem.partition("_")[0] or file.stem
        raise StickgenError(
            f"{file.name}: its skeleton is missing; put {own}.asf (or {file.stem}.asf) in its folder"
        )
    (skeleton,) = claim.uses
    capture, notes = read_acclaim(read_skeleton(skeleton.read(), skeleton.name), file.read(), file.name)
    yield Take(
        capture, notes=notes, assumed=f"{FPS:g} frames a second, as CMU's: the file says no rate (--fps)"
    )


FORMAT = Format(
    name="AMC",
    reads="Acclaim motions (CMU, HDM05) with their ASF skeleton, found by name or folder, in degrees or radians",
    limits="the file has no frame rate: 120 unless an index or `--fps` says otherwise",
    claim=_claim,
    read=_read,
)
