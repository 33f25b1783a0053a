"""Tells apart the people whom a detector saw in the frames of a video: by its numbers, else by how they move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LOST = 15  # frames after which somebody who was not seen is somebody new
_NEAR = 0.4  # of the size of a body: how far joints may be, on average, from where they were expected
_SURE = 0.03  # of the size of a body: what the right assignment must be better by than the other
_TWICE = 0.04  # of the size of a body: two detections so near are of one person
_LEAST_JOINTS = 4
_SEEN = 0.1  # confidence: below, a joint helps nobody
_PACE = 4  # frames over which the pace of a body is measured


@dataclass
class Detection:
    """A body in a frame: points [n, 3] of x, y and confidence, and its number if the detector gives one."""

    points: Floats
    number: str = ""


@dataclass
class Person:
    """One body through the frames in which it was seen."""

    number: str
    frames: list[int] = field(default_factory=list)
    points: list[Floats] = field(default_factory=list)  # [n, 3] each

    def add(self, frame: int, points: Floats) -> None:
        """The body in one more frame."""
        self.frames.append(frame)
        self.points.append(points)

    def expected(self, frame: int) -> Floats:
        """Where its points [n, 2] should be in a later frame, if it goes on at its pace."""
        here = _places(self.points[-1])
        back = next(
            (at for at in range(len(self.frames) - 2, -1, -1) if self.frames[-1] - self.frames[at] >= _PACE),
            0 if len(self.frames) > 1 else None,
        )
        if back is None:
            return here
        moved = here - _places(self.points[back])
        moved = moved[np.isfinite(moved[:, 0])]
        if not len(moved):
            return here
        pace = np.median(moved, axis=0) / (self.frames[-1] - self.frames[back])
        return here + pace * (frame - self.frames[-1])


def told_apart(frames: Mapping[int, Sequence[Detection]]) -> tuple[list[Person], list[str]]:
    """The people of a video, in the order in which they appear, and what is to be said about them.

    If every detection has a number that is its own in its frame, the numbers decide; a single one for all says nothing. Otherwise a body goes on in the
    detection that is nearest to where it should be. If two assignments are about as good, as when two people meet, both
    bodies end there and begin anew, because it is unknown who is who.
    """
    cleaned = {frame: _once(frames[frame]) for frame in sorted(frames)}
    numbers = [[found.number for found in found_here] for found_here in cleaned.values()]
    told = {number for here in numbers for number in here}
    if all(len(set(here)) == len(here) for here in numbers) and "" not in told and len(told) > 1:
        by_number: dict[str, Person] = {}
        for frame, found_here in cleaned.items():
            for found in found_here:
                by_number.setdefault(found.number, Person(found.number)).add(frame, found.points)
        return list(by_number.values()), []
    notes = []
    twice = sum(max(Counter(filter(None, here)).values(), default=0) > 1 for here in numbers)
    if twice and len(told) > 1:
        notes.append(f"the numbers of people are not used: in {twice} frames, two have the same")
    people, meetings = _followed(cleaned)
    if meetings:
        notes.append(
            f"people come so close in {meetings} frames that it is unknown who is who afterwards; they are cut there"
        )
    return people, notes


def _followed(frames: Mapping[int, Sequence[Detection]]) -> tuple[list[Person], int]:
    everybody: list[Person] = []
    present: list[Person] = []
    meetings = 0
    for frame, found_here in frames.items():
        present = [person for person in present if frame - person.frames[-1] <= LOST]
        costs = np.full((len(present), len(found_here)), np.inf)
        for row, person in enumerate(present):
            expected = person.expected(frame)
            for column, found in enumerate(found_here):
                costs[row, column] = _apart(expected, _places(found.points))
        costs[costs > _NEAR] = np.inf
        chosen, unsure = _assigned(costs)
        meetings += bool(unsure)
        ended = {row for row, _ in unsure}
        begun = {column for _, column in unsure}
        going = [person for row, person in enumerate(present) if row not in ended]
        for row, column in chosen.items():
            if row not in ended and column not in begun:
                present[row].add(frame, found_here[column].points)
        known = {column for row, column in chosen.items() if row not in ended and column not in begun}
        for column, found in enumerate(found_here):
            if column not in known:
                person = Person(str(len(everybody) + 1), [frame], [found.points])
                everybody.append(person)
                going.append(person)
        present = going
    return everybody, meetings


def _assigned(costs: Floats) -> tuple[dict[int, int], set[tuple[int, int]]]:
    """Columns by row, such that exchanging no two makes the total less; and those that are about as good otherwise."""
    chosen: dict[int, int] = {}
    for row, column in sorted(np.argwhere(np.isfinite(costs)).tolist(), key=lambda pair: costs[tuple(pair)]):
        if row not in chosen and column not in chosen.values():
            chosen[row] = column
    better = True
    while better:
        better = False
        for row in list(chosen):
            for other in range(len(costs)):
                if other != row and row in chosen and _gain(costs, chosen, row, other) > 1e-12:
                    column = chosen.pop(row)
                    if other in chosen:
                        chosen[row] = chosen[other]
                    chosen[other] = column
                    better = True
    unsure = set()
    for row, column in chosen.items():
        for other in range(len(costs)):
            if other != row and _gain(costs, chosen, row, other) > -_SURE:
                unsure.add((row, column))
                unsure.add((other, chosen.get(other, column)))
    return chosen, unsure


def _gain(costs: Floats, chosen: Mapping[int, int], row: int, other: int) -> float:
    """How much better it is if `other` gets the column of `row`, and `row` that of `other`, if it has one."""
    column = chosen[row]
    if not np.isfinite(costs[other, column]):
        return -np.inf
    if other not in chosen:
        return float(costs[row, column] - costs[other, column])
    return float(
        costs[row, column] + costs[other, chosen[other]] - costs[other, column] - costs[row, chosen[other]]
    )


def _once(found_here: Sequence[Detection]) -> list[Detection]:
    """The detections with enough joints, each body once: the one of two of which the detector is surer."""
    kept: list[Detection] = []
    enough = [
        found for found in found_here if np.isfinite(_places(found.points)[:, 0]).sum() >= _LEAST_JOINTS
    ]
    for found in sorted(enough, key=lambda found: -float(np.nan_to_num(found.points[:, 2]).sum())):
        if all(
            _apart(_places(found.points), _places(other.points)) > _TWICE
            or (found.number and other.number and found.number != other.number)
            for other in kept
        ):
            kept.append(found)
    return [found for found in found_here if any(found is other for other in kept)]


def _places(points: Floats) -> Floats:
    """[n, 2] with NaN for what was not seen."""
    seen = np.isfinite(points).all(axis=1) & (points[:, 2] >= _SEEN) & (points[:, :2] != 0).any(axis=1)
    return np.where(seen[:, None], points[:, :2], np.nan)


def _apart(first: Floats, second: Floats) -> float:
    """The mean distance of the joints that both have, in sizes of the body; infinite if they share too few."""
    apart = np.linalg.norm(first - second, axis=1)
    both = np.isfinite(apart)
    if both.sum() < _LEAST_JOINTS:
        return np.inf
    sizes = []
    for points in (first, second):
        seen = points[np.isfinite(points[:, 0])]
        sizes.append(float(np.linalg.norm(np.ptp(seen, axis=0))))
    return float(apart[both].mean()) / max(max(sizes), 1e-9)
