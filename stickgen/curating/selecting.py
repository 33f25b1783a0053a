"""Which clips are trained on first, broadly, and on which a trained model is then refined."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stickgen.config.schema import KEY_BY_PATH
from stickgen.curating.gathering import Gathered, actions_of, gather, mirror_of, motion_of
from stickgen.curating.near import near_pairs, poses_of
from stickgen.curating.quality import Limits, Measures, fault_of, measure, quality
from stickgen.curating.scratch import Scratch
from stickgen.data.dataset import UNLABELLED, DatasetFile
from stickgen.data.resident import Resident
from stickgen.data.split import VALIDATION, connected
from stickgen.text import clean

NAMES = ("pretrain_data_embedded.pt", "sft_data_embedded.pt")
Progress = Callable[[int, int], None]
SAYS_NOTHING = "no caption with a word"
NEAR = "the same motion again"
NO_LABEL = "not labelled, or not surely"
POOR = "not among the best"
OFTEN = "more than its action's share"
TOO_MUCH = "more than its source's share"


@dataclass(frozen=True)
class Wanted:
    """What is selected."""

    limits: Limits = Limits()
    near: float = 0.0125  # body heights: clips whose middles are nearer are the same motion
    source_share: float = 1.0  # of the clips to pretrain on, at most so many are of one source
    quality: float = 0.5  # at least, to be refined on
    labelled: float = 0.5  # share of the frames that have an action
    confidence: float = 0.5  # of labels that were read from texts
    per_action: int = 0  # captures of one action at most; 0: twice the mean over the actions


@dataclass
class Unit:
    """A clip with its mirror images: taken together, or not at all."""

    clips: list[int]
    source: str = ""
    action: int = UNLABELLED  # the most frequent one
    labelled: float = 0.0
    quality: float = 0.0
    fault: str | None = None


@dataclass
class Selection:
    """The clips of both datasets, and why each other one is in neither, or only in the first."""

    measures: list[Measures]
    quality: list[float]
    pretrain: list[int] = field(default_factory=list)
    sft: list[int] = field(default_factory=list)
    dropped: dict[int, str] = field(default_factory=dict)  # from both
    not_sft: dict[int, str] = field(default_factory=dict)  # from the second


def select(file: DatasetFile, wanted: Wanted, progress: Progress = lambda done, total: None) -> Selection:
    """Look at all clips. A clip and its mirror images stay together.

    Faults come first, then near-duplicates, of which the best one stays. To be refined on, clips must be labelled and
    good; of each action the best are taken, from one source after the other.
    """
    found = Selection([], [])
    poses: dict[int, Tensor] = {}
    units = _units(file)
    heads = {unit.clips[0] for unit in units}
    for clip in range(file.clips):
        progress(clip, 2 * file.clips)
        motion = motion_of(file, clip)
        found.measures.append(measure(motion))
        found.quality.append(quality(found.measures[-1], wanted.limits))
        if clip in heads:
            poses[clip] = poses_of(motion).half()
    for unit in units:
        _describe(file, unit, found, wanted.limits)
        if unit.fault is not None:
            _drop(found.dropped, unit, unit.fault)
    fit = [unit for unit in units if unit.fault is None]
    fit = _without_near(
        fit, poses, wanted.near, found, lambda done, total: progress(file.clips + done, file.clips + total)
    )
    fit = _within_source(fit, wanted.source_share, found)
    found.pretrain = sorted(clip for unit in fit for clip in unit.clips)
    found.sft = sorted(clip for unit in _best(file, fit, wanted, found) for clip in unit.clips)
    progress(2 * file.clips, 2 * file.clips)
    return found


def _drop(dropped: dict[int, str], unit: Unit, why: str) -> None:
    dropped.update(dict.fromkeys(unit.clips, why))


def _units(file: DatasetFile) -> list[Unit]:
    partners = mirror_of(file)
    members: dict[int, list[int]] = defaultdict(list)
    for clip, first in enumerate(connected([[] for _ in partners], partners)):
        members[first].append(clip)
    # the clip itself before its mirror images
    return [Unit(sorted(clips, key=lambda clip: (partners[clip] >= 0, clip))) for clips in members.values()]


def _describe(file: DatasetFile, unit: Unit, found: Selection, limits: Limits) -> None:
    unit.source = file.content["source"][unit.clips[0]]
    labels = Counter(actions_of(file, unit.clips[0]).tolist())
    frames = sum(labels.values())
    unit.labelled = 1 - labels.pop(UNLABELLED, 0) / frames
    unit.action = max(labels, key=lambda action: (labels[action], -action), default=UNLABELLED)
    unit.quality = min(found.quality[clip] for clip in unit.clips)
    faults = (fault_of(found.measures[clip], limits) for clip in unit.clips)
    unit.fault = next((fault for fault in faults if fault), None)
    captions = (text for clip in unit.clips for text in file.captions(clip))
    if unit.fault is None and not any(_says_something(text) for text in captions):
        unit.fault = SAYS_NOTHING


def _says_something(text: str) -> bool:
    return any(len(word) > 1 and word.isalpha() for word in text.replace("_", " ").replace("-", " ").split())


def _without_near(
    units: Sequence[Unit], poses: dict[int, Tensor], below: float, found: Selection, progress: Progress
) -> list[Unit]:
    """Without units whose clip is near that of a better one."""
    if below <= 0:
        return list(units)
    near: dict[int, set[int]] = defaultdict(set)
    for one, other in near_pairs([poses[unit.clips[0]] for unit in units], below, progress):
        near[one].add(other)
        near[other].add(one)
    order = sorted(
        range(len(units)), key=lambda n: (-round(units[n].quality, 1), -_frames(found, units[n]), n)
    )
    kept: set[int] = set()
    for number in order:
        if near[number] & kept:
            _drop(found.dropped, units[number], NEAR)
        else:
            kept.add(number)
    return [unit for number, unit in enumerate(units) if number in kept]


def _frames(found: Selection, unit: Unit) -> float:
    return found.measures[unit.clips[0]].seconds


def _within_source(units: Sequence[Unit], share: float, found: Selection) -> list[Unit]:
    """At most `share` of the clips of one source: of a larger one, the best."""
    by_source: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        by_source[unit.source].append(unit)
    if share >= 1 or len(by_source) < 2:
        return list(units)
    sizes = {source: len(own) for source, own in by_source.items()}
    most = max(sizes, key=lambda source: sizes[source])
    # what the others have is 1 - share of the whole
    room = max(round((len(units) - sizes[most]) * share / (1 - share)), 1)
    kept = []
    for own in by_source.values():
        ranked = sorted(own, key=lambda unit: -unit.quality)
        kept += ranked[:room]
        for unit in ranked[room:]:
            _drop(found.dropped, unit, TOO_MUCH)
    return sorted(kept, key=lambda unit: unit.clips[0])


def _best(file: DatasetFile, units: Iterable[Unit], wanted: Wanted, found: Selection) -> list[Unit]:
    """Labelled, good and balanced ones."""
    confidence = file.content.get("label_confidence")
    of_action: dict[int, dict[str, list[Unit]]] = defaultdict(lambda: defaultdict(list))
    for unit in units:
        sure = confidence is None or float(confidence[unit.clips[0]]) >= wanted.confidence
        if unit.labelled < wanted.labelled or not sure:
            _drop(found.not_sft, unit, NO_LABEL)
        elif unit.quality < wanted.quality:
            _drop(found.not_sft, unit, POOR)
        else:
            of_action[unit.action][unit.source].append(unit)
    count = sum(len(own) for sources in of_action.values() for own in sources.values())
    most = wanted.per_action or math.ceil(2 * count / max(len(of_action), 1))
    best = []
    for sources in of_action.values():
        ranked = [sorted(own, key=lambda unit: -unit.quality) for own in sources.values()]
        turns = [own[turn] for turn in range(max(map(len, ranked))) for own in ranked if turn < len(own)]
        best += turns[:most]
        for unit in turns[most:]:
            _drop(found.not_sft, unit, OFTEN)
    return best


def curated(
    file: DatasetFile, clips: Sequence[int], found: Selection, folder: Path
) -> tuple[dict[str, Any], Resident]:
    """The content of a dataset of `clips`, with their quality and the side that `file` puts each on."""
    scratch = Scratch(folder)
    content = gather([file], [Gathered([(0, clip)]) for clip in clips], scratch)
    sides = file.split(_val_fraction())
    content["split"] = torch.tensor([sides[clip] for clip in clips], dtype=torch.int8)
    content["quality"] = torch.tensor([found.quality[clip] for clip in clips], dtype=torch.float32)
    return content, scratch.resident()


def shortcomings(file: DatasetFile, found: Selection) -> list[str]:
    """What a person should know before training on it."""
    notes = []
    sides = file.split(_val_fraction())
    for name, clips in zip(NAMES, (found.pretrain, found.sft), strict=True):
        if clips and VALIDATION not in {sides[clip] for clip in clips}:
            notes.append(f"{name} holds nothing out for validation; see stickgen data split")
    wordings = Counter(text.casefold().strip(" .") for clip in found.sft for text in file.captions(clip))
    often = [
        (text, count) for text, count in wordings.most_common(1) if count > max(len(found.sft) // 10, 10)
    ]
    notes += [
        f"{count} clips to refine on have the caption {clean(text, limit=60)!r}" for text, count in often
    ]
    if found.pretrain and not found.sft:
        notes.append(
            "no clip is labelled well enough to refine on; stickgen data label reads labels from captions"
        )
    return notes


def _val_fraction() -> float:
    fraction = KEY_BY_PATH["training.val_fraction"].default
    assert isinstance(fraction, float)
    return fraction
