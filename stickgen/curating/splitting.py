"""Which clips are held out: whole persons, sources or captions, drawn by a seed, or those on given lists."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stickgen.curating.gathering import mirror_of
from stickgen.data.dataset import DatasetFile
from stickgen.data.mirroring import MARK
from stickgen.data.split import SPLIT_NAMES, TEST, TRAIN, UNDECIDED, VALIDATION, connected
from stickgen.errors import StickgenError
from stickgen.importing.clip_index import Index, parts_of
from stickgen.text import clean

SIDES = {TRAIN: "train", VALIDATION: "val", TEST: "test"}
BY = ("subject", "source", "caption")
_OVER = 1.1  # a group is taken if the side then has at most so much more than it should
_UNDER = 0.8  # of the share: with less, one more group is taken, although it is more than that
_PART = re.compile(r"#[^#/\\]*$")  # of a name such as `walk.c3d#2`


@dataclass(frozen=True)
class Split:
    """The side of each clip, and sentences about what a person may want to know."""

    sides: tuple[int, ...]
    notes: tuple[str, ...] = ()


def split_by(file: DatasetFile, by: Sequence[str], *, val: float, test: float, seed: int) -> Split:
    """Hold out `val` and `test` of the clips, as nearly as whole groups allow.

    Clips that share one of `by` (subject, source, caption) are never on two sides, nor is a clip and its mirror image, or
    what several cameras saw of one capture.
    Another seed draws others. Raises StickgenError if there are too few groups.
    """
    groups = _groups(file, by)
    wanted = {side: share for side, share in ((TEST, test), (VALIDATION, val)) if share > 0}
    if len(groups) < len(wanted) + 1:
        raise StickgenError(
            f"{file.path}: all of its clips hang together by {' and '.join(by)}, or in {len(groups)} groups, too few for "
            f"{len(wanted) + 1} sides; choose another --by, or give lists"
        )
    sides = [TRAIN] * file.clips
    order = sorted(groups, key=lambda key: hashlib.sha256(f"{seed}\n{key}".encode()).digest())
    for later, (side, share) in enumerate(wanted.items(), 1):
        room = len(order) - 1 - (len(wanted) - later)  # every other side gets a group too
        for key in _drawn(order, groups, share * file.clips, room):
            order.remove(key)
            for clip in groups[key]:
                sides[clip] = side
    return Split(tuple(sides), _notes(file, sides, by))


def _drawn(order: Sequence[str], groups: Mapping[str, list[int]], quota: float, room: int) -> list[str]:
    """Groups with about `quota` clips together, at most `room` of them, the first ones that fit."""
    drawn: list[str] = []
    count = 0
    for key in order:
        if len(drawn) < room and count < quota and count + len(groups[key]) <= quota * _OVER:
            drawn.append(key)
            count += len(groups[key])
    left = [key for key in order if key not in drawn]
    if count < quota * _UNDER and len(drawn) < room and left:
        nearest = min(left, key=lambda key: abs(count + len(groups[key]) - quota))
        if not drawn or abs(count + len(groups[nearest]) - quota) < quota - count:
            drawn.append(nearest)
    return drawn


def _with_their_captures(file: DatasetFile, sides: list[int]) -> None:
    """Put clips that no list names on the side of a clip that shows the same capture from elsewhere."""
    captures = file.content.get("capture") or [""] * file.clips
    side_of = {
        capture: side for capture, side in zip(captures, sides, strict=True) if capture and side != UNDECIDED
    }
    for clip, capture in enumerate(captures):
        if sides[clip] == UNDECIDED:
            sides[clip] = side_of.get(capture, UNDECIDED)


def _groups(file: DatasetFile, by: Sequence[str]) -> dict[str, list[int]]:
    """Clips that hang together, by a name that stays when others are added."""
    content = file.content
    subjects = content.get("subject") or [""] * file.clips
    captures = content.get("capture") or [""] * file.clips
    marks: list[list[Hashable]] = [[("capture", name)] if name else [] for name in captures]
    for clip, own in enumerate(marks):
        if "subject" in by and subjects[clip]:
            own.append(("subject", subjects[clip]))
        if "source" in by:
            own.append(("source", content["source"][clip]))
        if "caption" in by:
            own += [("caption", text.casefold()) for text in file.captions(clip)]
    members: dict[int, list[int]] = defaultdict(list)
    for clip, first in enumerate(connected(marks, mirror_of(file))):
        members[first].append(clip)
    named = {}
    for clips in members.values():
        key = min(f"{content['source'][clip]}\n{content['name'][clip]}" for clip in clips)
        named[key if key not in named else f"{key}\n{clips[0]}"] = clips
    return named


def split_by_lists(file: DatasetFile, lists: Mapping[str, Path]) -> Split:
    """Put the clips that `lists` name on their sides: a list a side, with a clip's name a line.

    Case, separators, extensions and longer paths on either side do not matter. A mirror image goes with its clip.
    Without a list for train, the rest is trained on. Raises StickgenError if a line matches nothing, if a clip is on two
    lists, or if the lists leave clips out.
    """
    sides = [UNDECIDED] * file.clips
    names = [_plain(name) for name in file.content["name"]]
    by_tail: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for clip, parts in enumerate(names):
        for start in range(len(parts)):
            by_tail[parts[start:]].append(clip)
    whole = {parts: [clip for clip in range(file.clips) if names[clip] == parts] for parts in set(names)}
    for given, path in lists.items():
        listed = Index.read_list(path)
        for row, line in zip(listed.rows, listed.lines, strict=True):
            parts = _plain(row["file"])
            tails = (whole[parts[start:]] for start in range(1, len(parts)) if parts[start:] in whole)
            found = by_tail.get(parts) or next(tails, [])
            if not found:
                raise StickgenError(
                    f"{path}:{line}: no clip of {file.path} is called {clean(row['file'], limit=80)!r}; its first one is "
                    f"{clean(file.content['name'][0], single_line=True, limit=80)!r}"
                )
            for clip in found:
                if sides[clip] not in (UNDECIDED, SPLIT_NAMES[given]):
                    raise StickgenError(
                        f"{path}:{line}: {clean(row['file'], limit=80)!r} is on the list for {SIDES[sides[clip]]} too; "
                        "remove it from one"
                    )
                sides[clip] = SPLIT_NAMES[given]
    _with_their_captures(file, sides)
    parted = 0
    for clip, other in enumerate(mirror_of(file)):
        if other >= 0:
            parted += UNDECIDED not in (sides[clip], sides[other]) and sides[clip] != sides[other]
            sides[clip] = sides[other] if sides[other] != UNDECIDED else sides[clip]
            sides[other] = sides[clip]
    rest = [clip for clip, side in enumerate(sides) if side == UNDECIDED]
    if rest and any(SPLIT_NAMES[given] == TRAIN for given in lists):
        raise StickgenError(
            f"{file.path}: {len(rest)} clips are on no list (the first is {clean(file.content['name'][rest[0]], limit=80)}); "
            "add them to one, or give no list for train, so that all others are trained on"
        )
    sides = [TRAIN if side == UNDECIDED else side for side in sides]
    notes = (f"{parted} mirror images are on another list than their clip, and go with it",) if parted else ()
    return Split(tuple(sides), (*notes, *_notes(file, sides, ())))


def _plain(name: str) -> tuple[str, ...]:
    parts = parts_of(_PART.sub("", name.removesuffix(MARK)))
    return (*parts[:-1], parts[-1].rpartition(".")[0] or parts[-1]) if parts else parts


def _notes(file: DatasetFile, sides: Sequence[int], by: Sequence[str]) -> tuple[str, ...]:
    notes = []
    subjects = file.content.get("subject") or [""] * file.clips
    sides_of: dict[str, set[int]] = defaultdict(set)
    for subject, side in zip(subjects, sides, strict=True):
        sides_of[subject].add(side)
    nobody = subjects.count("")
    sides_of.pop("", None)
    parted = sorted(subject for subject, found in sides_of.items() if len(found) > 1)
    if parted:
        notes.append(
            f"{len(parted)} persons are on several sides (the first is {clean(parted[0], limit=60)}); --by subject keeps "
            "them apart"
        )
    if "subject" in by and nobody:
        notes.append(
            f"{nobody} of {file.clips} clips do not say who moves; each of them, with its mirror image, counts as a person of its own"
        )
    trained = {text for clip, side in enumerate(sides) if side == TRAIN for text in file.captions(clip)}
    held = [clip for clip, side in enumerate(sides) if side != TRAIN]
    shared = sum(any(text in trained for text in file.captions(clip)) for clip in held)
    if shared:
        notes.append(
            f"{shared} of {len(held)} held-out clips have a caption that training has too; --by caption keeps these apart"
        )
    return tuple(notes)


def shares(file: DatasetFile, sides: Sequence[int]) -> list[tuple[str, int, int, int]]:
    """For each side its name, and how many clips, frames and known persons it has."""
    subjects = file.content.get("subject") or [""] * file.clips
    clips, frames = Counter(sides), Counter[int]()
    persons: dict[int, set[str]] = defaultdict(set)
    for side, length, subject in zip(sides, file.lengths, subjects, strict=True):
        frames[side] += length
        persons[side] |= {subject} - {""}
    return [(name, clips[side], frames[side], len(persons[side])) for side, name in SIDES.items()]
