"""What a format of motion is to an import: which of the files that were found hold its motions, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.importing.capture import Capture, Keypoints
from stickgen.importing.sources import MAX_FILE_BYTES, Found


@dataclass(frozen=True)
class Choices:
    """What the user says about all captures of an import."""

    fps: float | None = None  # the true frame rate, if the files are wrong
    view: str = "auto"  # one or several, as `views.read_views` reads them
    joints: Mapping[str, str] | None = None  # the files' joint names by the figure's
    markers: Mapping[str, str] | None = (
        None  # markers by the figure's joint that is between them: `LKNE+LKNM`
    )
    body: str = "standard"  # the figure's own lengths of bones, or keep for each capture's
    body_model: Path | None = None  # a folder with the user's SMPL, SMPL-H or SMPL-X
    confidence: float | None = None  # how sure a detector must be of a joint
    aspect: float | None = None  # width by height of the pictures, if places are fractions of them


@dataclass(frozen=True)
class Claim:
    """A file whose motions a format reads, with the files that this takes: a skeleton, captions, labels.

    It holds no open file, so it can be read in another process.
    """

    format: str  # its name in the registry
    file: Found
    uses: tuple[Found, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)  # what the format learned while it claimed
    mirrors: tuple[Found, ...] = ()  # its mirror images, left out because an import makes its own
    known: Known = field(default_factory=lambda: Known())  # what the public set it is from says of it
    called: str = ""  # with its folder, if its motion has another name than the file: a video of many files

    @property
    def name(self) -> str:
        """What reports, captions and an index call it."""
        return self.called or self.file.name


@dataclass(frozen=True)
class Segment:
    """A stretch of a take that its source labels, in seconds of the take."""

    start: float
    end: float
    label: str


@dataclass
class Take:
    """One motion of a file, with what the file itself knows about it.

    `about` has columns of an index (`captions` separated by |, `action`, `subject`, `split`, `fps`, `source`,
    `licence`, …); an index given by the user goes first.
    """

    motion: Capture | Keypoints
    part: str = ""  # tells the takes of one file apart: a person, a stretch; "" if there is only one
    about: Mapping[str, str] = field(default_factory=dict)
    segments: Sequence[Segment] = ()  # labels of stretches
    notes: Sequence[str] = ()  # what was filled, dropped or assumed
    assumed: str = ""  # a note on the frame rate, for where neither the user nor an index gives it


@dataclass(frozen=True)
class Known:
    """What a set says of one of its files. `row` has the columns of an index."""

    row: Mapping[str, str] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()
    frames: tuple[int, int] | None = None  # the first and the last that show the motion, from 0
    left_out: str = ""  # why the file is no clip, in the words of the account

    def applied(self, take: Take, name: str) -> Take:
        """A take with the set's labels, cut to the frames that show the motion. Raises StickgenError if none is left."""
        if self.segments and not take.segments:
            take = replace(take, segments=self.segments)
        if self.frames is None or not isinstance(take.motion, Capture):
            return take
        capture, (first, last) = take.motion, self.frames
        skipped = capture.rest_frames
        positions = capture.positions[max(first - skipped, 0) : max(last + 1 - skipped, 0)]
        if not len(positions):
            there = skipped + len(capture.positions)
            raise StickgenError(
                f"{name}: the set's table cuts it to frames {first} to {last}, but it has {there}; get it again"
            )
        return replace(take, motion=replace(capture, positions=positions, rest_frames=max(first, skipped)))


@dataclass(frozen=True)
class Format:
    """A reader. `reads` and `limits` are sentences for the table of formats in the docs."""

    name: str
    reads: str
    limits: str
    claim: Callable[
        [Sequence[Found]], Iterable[Claim]
    ]  # cheap: looks at names, and at the beginnings of files
    read: Callable[[Claim, Choices], Iterator[Take]]  # raises StickgenError with the file's name
    max_bytes: int = MAX_FILE_BYTES


def name_of(claim: Claim, take: Take) -> str:
    """The name of a take in reports and datasets: its file, and its part if it is one of several."""
    return f"{claim.name}#{take.part}" if take.part else claim.name


def with_suffix(files: Iterable[Found], *suffixes: str) -> Iterator[Found]:
    """The files whose names end with one of `suffixes`, which are lower case with their dot."""
    return (file for file in files if file.suffix in suffixes)


def beside(files: Iterable[Found], file: Found, name: str) -> Found | None:
    """The file called `name` (letter case aside) in the folder of `file`; None if there is none."""
    wanted = (file.path if file.entry is not None else None, file.folder, name.casefold())
    return next(
        (
            other
            for other in files
            if (other.path if other.entry is not None else None, other.folder, other.base.casefold())
            == wanted
        ),
        None,
    )
