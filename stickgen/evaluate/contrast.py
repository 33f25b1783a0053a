"""Contrast accuracy: does the motion do what the text says, if two texts differ only in that?

Every axis has groups of texts that differ only in the side (`contrast_wordings.py`), drawn from the same noise, and
a rule on the coordinates (`rules.py`) that decides which side was done. Left or right, forward or backward, and how
often are decided motion by motion. Fast or slow and high or low have no threshold of their own, so the two motions
of a pair are compared: it is right if the one that was asked to be faster is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from stickgen.evaluate import contrast_wordings as wordings
from stickgen.evaluate import rules
from stickgen.evaluate.binomial import wilson
from stickgen.evaluate.contrast_wordings import Case, Group, groups_of
from stickgen.motion.skeleton import MAX_FRAMES

Draw = Callable[[list[str], list[int], int], list[Tensor]]
"""Texts, the frames of each and a seed → a motion [t, 20] for each. The n-th noise of a seed is always the same."""

WORDINGS = 200  # texts per axis
LEAST_DIFFERENCE = 1.02  # ratio of speed or height: less does not count as a difference


@dataclass(frozen=True)
class Axis:
    """One kind of contrast: its texts, and the rule for each action."""

    name: str
    cases: tuple[Case, ...]
    choices: dict[str, rules.Choice]  # by action: the side that a motion shows
    measures: dict[str, rules.Measure]  # by action, for pairs: the larger value is the first side

    @property
    def paired(self) -> bool:
        """Whether two motions are compared instead of judging each alone."""
        return bool(self.measures)


def _all(rule: rules.Choice, *actions: str) -> dict[str, rules.Choice]:
    return dict.fromkeys(actions, rule)


def _times(count: Callable[[rules.Floats], int]) -> rules.Choice:
    def choice(motion: rules.Floats) -> str | None:
        return str(count(motion))

    return choice


AXES: tuple[Axis, ...] = (
    Axis(
        "hand",
        wordings.HAND,
        _all(rules.busy_hand, "wave", "raise_hand", "punch", "throw", "point", "salute", "reach", "drink",
             "beckon", "slash", "wash"),
        {},
    ),
    Axis(
        "leg",
        wordings.LEG,
        {**_all(rules.busy_foot, "kick", "lunge"), **_all(rules.standing_foot, "hop", "balance"),
         "kneel": rules.lower_knee},
        {},
    ),
    Axis(
        "direction",
        wordings.DIRECTION,
        {**_all(rules.way_of_travel, "walk", "walk_backward", "run", "jog", "sprint", "march", "tiptoe", "crawl",
                "leap"), "fall": rules.way_of_fall},
        {},
    ),
    Axis("speed", wordings.SPEED, {}, {case.action: rules.tempo for case in wordings.SPEED}),
    Axis(
        "height",
        wordings.HEIGHT,
        {},
        {"kick": rules.highest_foot, "reach": rules.highest_hand, "catch": rules.highest_hand,
         "sit_down": rules.lowest_pelvis},
    ),
    Axis(
        "count",
        wordings.COUNT,
        {
            "jump": _times(rules.jumps), "hop": _times(rules.jumps), "punch": _times(rules.punches),
            "squat": _times(rules.dips), "lunge": _times(rules.dips), "cartwheel": _times(rules.inversions),
            "spin": _times(rules.turns), "jumping_jack": _times(rules.spread_arms), "clap": _times(rules.claps),
            "nod": _times(rules.nods), "push_up": _times(rules.nods), "sit_up": _times(rules.rises),"kick": _times(rules.kicks), "raise_hand": _times(rules.raises), "lift": _times(rules.raises),
        },
        {},
    ),
)  # fmt: skip
AXIS_BY_NAME = {axis.name: axis for axis in AXES}


@dataclass(frozen=True)
class Decision:
    """One judgement: the text, the side that it asked for, and the side that the rule saw."""

    axis: str
    action: str
    text: str
    asked: str
    seen: str | None

    @property
    def right(self) -> bool:
        """Whether the motion did what the text asked for."""
        return self.seen == self.asked


@dataclass(frozen=True)
class Row:
    """The share of right decisions on an axis with its 95 % interval, and the share by guessing."""

    name: str
    right: int
    n: int
    low: float
    high: float
    chance: float

    @property
    def share(self) -> float:
        """The share of right decisions, 0 to 1."""
        return self.right / self.n


@dataclass(frozen=True)
class ContrastResult:
    """All decisions of an evaluation."""

    decisions: tuple[Decision, ...]
    chances: dict[str, float]

    @property
    def rows(self) -> list[Row]:
        """One row per axis, in the order of AXES; axes without texts are omitted."""
        found = []
        for axis in self.chances:
            right = [decision.right for decision in self.decisions if decision.axis == axis]
            low, high = wilson(sum(right), len(right))
            found.append(Row(axis, sum(right), len(right), low, high, self.chances[axis]))
        return found

    def table(self) -> list[tuple[str, int, int, float, float]]:
        """(name, right, n, low, high) for each axis."""
        return [(row.name, row.right, row.n, row.low, row.high) for row in self.rows]

    @property
    def accuracy(self) -> float:
        """The mean of the axes' shares, each axis weighted equally. Raises ValueError if nothing was asked."""
        if not self.decisions:
            raise ValueError("no axis has a text for these actions")
        return float(np.mean([row.share for row in self.rows]))

    def share(self, axis: str, action: str | None = None) -> float:
        """The share of right decisions on an axis, or on one action in it; nan if nothing was asked."""
        right = [
            decision.right
            for decision in self.decisions
            if decision.axis == axis and action in (None, decision.action)
        ]
        return sum(right) / len(right) if right else float("nan")


def groups_for(
    axis: Axis,
    *,
    actions: Collection[str] | None = None,
    max_frames: int = MAX_FRAMES,
    count: int = WORDINGS,
) -> list[Group]:
    """About `count` texts of an axis, for what a model can do.

    `actions` are those that its data shows (None: all 64). Texts that take more than `max_frames` frames are omitted, and
    so are actions that this leaves with fewer than two sides.
    """
    cases = []
    for case in axis.cases:
        if not _offered(case, actions):
            continue
        fits = [
            number
            for number, side in enumerate(case.sides)
            if not side.isdigit() or wordings.frames_of(case.action, side) <= max_frames
        ]
        if len(fits) > 1:
            cases.append(
                Case(
                    case.action,
                    tuple(case.sides[number] for number in fits),
                    case.templates,
                    tuple(tuple(filling[number] for number in fits) for filling in case.fillings),
                )
            )
    groups = groups_of(cases, count)
    return [
        Group(
            group.action, group.sides, group.texts, tuple(min(frames, max_frames) for frames in group.frames)
        )
        for group in groups
    ]


def _offered(case: Case, actions: Collection[str] | None) -> bool:
    needed = {case.action}
    if case.action == "walk" and "backward" in case.sides:
        needed.add("walk_backward")
    return actions is None or needed <= set(actions)


def evaluate(
    draw: Draw,
    *,
    actions: Collection[str] | None = None,
    max_frames: int = MAX_FRAMES,
    axes: Collection[str] | None = None,
    count: int = WORDINGS,
    seed: int = 0,
) -> ContrastResult:
    """Draw the texts of each axis and judge the motions.

    `draw` is called once for each side of an axis, with the same seed, so that the texts of a group start from the same
    noise. `actions`, `max_frames` and `count` are as for `groups_for`; `axes` are names (None: all). Raises ValueError
    for an unknown axis.
    """
    if unknown := set(axes or ()) - AXIS_BY_NAME.keys():
        raise ValueError(f"{sorted(unknown)[0]!r} is no axis; there are {', '.join(AXIS_BY_NAME)}")
    decisions: list[Decision] = []
    chances: dict[str, float] = {}
    for number, axis in enumerate(AXES):
        if axes is not None and axis.name not in axes:
            continue
        groups = groups_for(axis, actions=actions, max_frames=max_frames, count=count)
        if not groups:
            continue
        motions = _drawn(draw, groups, 1000 * seed + number)
        for group, drawn in zip(groups, motions, strict=True):
            decisions += judged(axis, group, drawn)
        chances[axis.name] = float(
            np.mean([0.5 if axis.paired else 1 / len(group.sides) for group in groups for _ in group.sides])
        )
    return ContrastResult(tuple(decisions), chances)


def _drawn(draw: Draw, groups: Sequence[Group], seed: int) -> list[list[rules.Floats]]:
    """For each group, a motion for each of its sides."""
    motions: list[list[rules.Floats]] = [[] for _ in groups]
    for side in range(max(len(group.sides) for group in groups)):
        having = [number for number, group in enumerate(groups) if side < len(group.sides)]
        texts = [groups[number].texts[side] for number in having]
        frames = [groups[number].frames[side] for number in having]
        for number, motion in zip(having, draw(texts, frames, seed), strict=True):
            motions[number].append(motion.detach().double().cpu().numpy())
    return motions


def judged(axis: Axis, group: Group, motions: Sequence[rules.Floats]) -> list[Decision]:
    """The rules' decisions on the motions [t, 20] of a group: one per motion, or one per pair.

    A motion that is not finite shows nothing.
    """
    finite = [bool(np.isfinite(motion).all()) and len(motion) > 1 for motion in motions]
    if not axis.paired:
        choose = axis.choices[group.action]
        return [
            Decision(axis.name, group.action, text, asked, choose(motion) if sound else None)
            for text, asked, motion, sound in zip(group.texts, group.sides, motions, finite, strict=True)
        ]
    measure = axis.measures[group.action]
    text, asked = " / ".join(group.texts), group.sides[0]
    if not all(finite):
        return [Decision(axis.name, group.action, text, asked, None)]
    more, less = (measure(motion) for motion in motions)
    seen = (
        None if min(more, less) <= 0
        else group.sides[0] if more > LEAST_DIFFERENCE * less
        else group.sides[1] if less > LEAST_DIFFERENCE * more
        else None
    )  # fmt: skip
    return [Decision(axis.name, group.action, text, asked, seen)]
