"""Which clips are trained on and which are held out: no person and no caption is on both sides."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Sequence

TRAIN, VALIDATION, TEST = 0, 1, 2
UNDECIDED = -1  # in a dataset's own split: decided at training time
SPLIT_NAMES = {
    "train": TRAIN, "training": TRAIN, "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION,
    "dev": VALIDATION, "test": TEST, "testing": TEST,
}  # fmt: skip


def split_clips(
    texts: Sequence[Sequence[str]],
    val_fraction: float,
    *,
    subjects: Sequence[str] | None = None,
    captures: Sequence[str] | None = None,
    stored: Sequence[int] | None = None,
    mirror_of: Sequence[int] | None = None,
) -> list[int]:
    """TRAIN, VALIDATION or TEST for each clip, by all its texts and by who moves (`subjects`, "" if unknown).

    Clips that share a text or a subject stay on one side, and so do those of one capture (`captures`, "" for one of its
    own) and a mirror image with its clip (`mirror_of`, -1 for none). `stored` are the sides that the source decided, or UNDECIDED. An undecided clip goes with those that it shares
    a text or a subject with, else to training if the source holds some out. The side of a group follows from its texts
    and seldom changes when others are added. A group that alone exceeds the share to hold out is trained on. If there
    are at least two groups and a share is asked for, at least one group is held out and at least one is not.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for clip, group in enumerate(_groups(texts, subjects, captures, mirror_of)):
        members[group].append(clip)
    sides = [UNDECIDED] * len(texts) if stored is None else list(stored)
    free: dict[int, float] = {}
    for group, clips in members.items():
        decided = [sides[clip] for clip in clips if sides[clip] != UNDECIDED]
        if decided:
            side = max(sorted(set(decided)), key=decided.count)
            for clip in clips:
                sides[clip] = side if sides[clip] == UNDECIDED else sides[clip]
        else:
            free[group] = _share(min(text for clip in clips for text in texts[clip]))
    held_out = set()
    if val_fraction > 0 and len(members) > 1 and VALIDATION not in sides:
        sizes = {group: len(members[group]) for group in free}
        held_out = _held_out(free, sizes, val_fraction, len(texts))
        if len(held_out) == len(members):
            held_out.discard(max(held_out, key=free.__getitem__))
    for group in free:
        for clip in members[group]:
            sides[clip] = VALIDATION if group in held_out else TRAIN
    return sides


def _held_out(shares: dict[int, float], sizes: dict[int, int], val_fraction: float, clips: int) -> set[int]:
    """The groups whose number is below `val_fraction`, unless together they are far more or less than that."""
    quota = val_fraction * clips
    held_out: set[int] = set()
    count = 0
    for group in sorted(shares, key=shares.__getitem__):
        size = sizes[group]
        wanted = shares[group] < val_fraction or count < 0.8 * quota
        if wanted and size <= max(quota, 1) and count + size <= max(1.5 * quota, 1):
            held_out.add(group)
            count += size
    if not held_out and shares:
        held_out = {min(shares, key=lambda group: (sizes[group], shares[group]))}
    return held_out


def _groups(
    texts: Sequence[Sequence[str]],
    subjects: Sequence[str] | None,
    captures: Sequence[str] | None,
    mirror_of: Sequence[int] | None,
) -> list[int]:
    marks: list[list[Hashable]] = [list(own) for own in texts]
    for kind, names in (("subject", subjects), ("capture", captures)):
        for clip, name in enumerate(names or ()):
            if name:
                marks[clip].append((kind, name))
    return connected(marks, mirror_of)


def connected(marks: Sequence[Sequence[Hashable]], mirror_of: Sequence[int] | None) -> list[int]:
    """For each clip, the first clip of its group: those connected by shared marks and by mirror images."""
    first = list(range(len(marks)))

    def root(clip: int) -> int:
        while first[clip] != clip:
            first[clip] = first[first[clip]]
            clip = first[clip]
        return clip

    seen: dict[Hashable, int] = {}
    for clip, own in enumerate(marks):
        partner = () if mirror_of is None else (("clip", mirror_of[clip] if mirror_of[clip] >= 0 else clip),)
        for mark in (*own, *partner):
            other = root(seen.setdefault(mark, clip))
            low, high = sorted((other, root(clip)))
            first[high] = low
    return [root(clip) for clip in range(len(marks))]


def _share(text: str) -> float:
    """A number from 0 to 1 that depends only on the text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64
