"""Tests the rules on motion whose captions say what it shows: how far can the rules be trusted?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from stickgen.data.actions import ACTIONS
from stickgen.data.clip import Clip
from stickgen.evaluate.contrast import AXES, Axis, ContrastResult, Decision, judged
from stickgen.evaluate.contrast_wordings import Group
from stickgen.evaluate.stated import stated

PARTNERS = 4  # clips of the other side to compare each clip with, on a paired axis


def on_captioned(clips: Iterable[Clip], seed: int = 0) -> ContrastResult:
    """Judge clips of one action by the rules. A decision is right if the rule sees what the captions state.

    Clips whose captions state nothing on an axis, or contradict each other, do not count there. On a paired axis, each
    clip of the first side is compared with some of the other side of the same action, chosen by `seed`.
    """
    decisions: dict[str, list[Decision]] = {axis.name: [] for axis in AXES}
    held: dict[tuple[str, str, str], list[tuple[str, np.ndarray]]] = defaultdict(list)
    for clip in clips:
        action = _only_action(clip)
        if action is None:
            continue
        for axis in AXES:
            if action not in axis.choices and action not in axis.measures:
                continue
            sides = {stated(axis.name, text) for text in clip.texts} - {None}
            if len(sides) != 1:
                continue
            side = sides.pop()
            assert side is not None
            motion = clip.motion.astype(np.float64)
            if axis.paired:
                held[axis.name, action, side].append((clip.texts[0], motion))
            else:
                group = Group(action, (side,), (clip.texts[0],), (len(motion),))
                decisions[axis.name] += judged(axis, group, [motion])
    rng = np.random.default_rng(seed)
    for axis in AXES:
        decisions[axis.name] += _paired(axis, held, rng) if axis.paired else []
    return ContrastResult(
        tuple(decision for found in decisions.values() for decision in found),
        {name: 0.5 for name, found in decisions.items() if found},
    )


def _only_action(clip: Clip) -> str | None:
    labels = set(clip.actions.tolist())
    return ACTIONS[labels.pop()].name if len(labels) == 1 and min(labels) >= 0 else None


def _paired(
    axis: Axis, held: dict[tuple[str, str, str], list[tuple[str, np.ndarray]]], rng: np.random.Generator
) -> list[Decision]:
    found = []
    for case in axis.cases:
        first, second = (held[axis.name, case.action, side] for side in case.sides)
        for text, motion in first:
            for other in rng.permutation(len(second))[:PARTNERS]:
                other_text, other_motion = second[int(other)]
                group = Group(case.action, case.sides, (text, other_text), (len(motion), len(other_motion)))
                found += judged(axis, group, [motion, other_motion])
    return found
