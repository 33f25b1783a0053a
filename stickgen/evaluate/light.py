"""The light evaluation: recognised actions in unseen wordings, contrasts, sliding feet. Cheap enough during training."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean, median

from torch import Tensor

from stickgen.data.dataset import UNLABELLED, DatasetFile
from stickgen.data.split import TRAIN, VALIDATION
from stickgen.errors import StickgenError
from stickgen.evaluate.classifier import ActionClassifier, load_or_train
from stickgen.evaluate.contrast import AXES, ContrastResult, Draw, evaluate, groups_for
from stickgen.evaluate.physics import body_of
from stickgen.evaluate.prompts import WORDINGS, prompts_for
from stickgen.run_contract import Field, contrast_field

MOST_CLIPS = 2000  # clips that decide how long an action takes
MOST_REAL = 256  # held-out clips that show how much real feet slide


@dataclass(frozen=True)
class Asked:
    """An action in words that training never saw, and how many frames it takes."""

    action: str
    text: str
    frames: int


@dataclass(frozen=True)
class LightFigures:
    """The result of an evaluation. Shares are 0 to 1, and None if nothing could be asked."""

    recognised: tuple[bool, ...]  # for each text of an action, in order
    contrast: ContrastResult
    skate_ratio: float  # share of the frames with a foot on the floor in which it slides
    skate_ratio_real: float

    @property
    def action_accuracy(self) -> float | None:
        """The share of the texts of actions whose motion shows the action."""
        return fmean(self.recognised) if self.recognised else None

    @property
    def contrast_accuracy(self) -> float | None:
        """The mean share over the contrasts."""
        return self.contrast.accuracy if self.contrast.decisions else None

    def record(self) -> dict[str, float]:
        """The figures by name, as in the metrics log."""
        found: dict[str, float | None] = {
            Field.QUALITY_ACTION_ACCURACY: self.action_accuracy,
            Field.QUALITY_CONTRAST: self.contrast_accuracy,
            Field.QUALITY_SKATE_RATIO: self.skate_ratio,
            Field.QUALITY_SKATE_RATIO_REAL: self.skate_ratio_real,
        }
        found |= {contrast_field(row.name): row.share for row in self.contrast.rows}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class LightEvaluation:
    """The texts and the judge, the same for every model that is trained on a dataset with the same window."""

    classifier: ActionClassifier | None
    asked: tuple[Asked, ...]
    actions: tuple[str, ...]
    max_frames: int
    count: int
    skate_ratio_real: float

    @property
    def texts(self) -> list[str]:
        """All texts that `measure` draws."""
        groups = [
            group
            for axis in AXES
            for group in groups_for(axis, actions=self.actions, max_frames=self.max_frames, count=self.count)
        ]
        contrasts = [text for group in groups for text in group.texts]
        return list(dict.fromkeys([asked.text for asked in self.asked] + contrasts))

    def measure(self, draw: Draw, seed: int = 0) -> LightFigures:
        """Draw all texts and judge the motions."""
        drawn: list[Tensor] = []

        def watched(texts: list[str], frames: list[int], seed: int) -> list[Tensor]:
            motions = draw(texts, frames, seed)
            drawn.extend(motions)
            return motions

        recognised: tuple[bool, ...] = ()
        if self.asked and self.classifier is not None:
            motions = watched(
                [asked.text for asked in self.asked],
                [asked.frames for asked in self.asked],
                1000 * seed + 999,
            )
            names = dict(zip(self.classifier.actions, self.classifier.names, strict=True))
            seen = [names[index] for index in self.classifier.recognise(motions)[0]]
            recognised = tuple(name == asked.action for name, asked in zip(seen, self.asked, strict=True))
        contrast = evaluate(
            watched, actions=self.actions, max_frames=self.max_frames, count=self.count, seed=seed
        )
        return LightFigures(
            recognised,
            contrast,
            fmean(body_of(motion).skate_ratio for motion in drawn) if drawn else 0.0,
            self.skate_ratio_real,
        )


def light_evaluation(
    file: DatasetFile,
    *,
    max_frames: int,
    val_fraction: float,
    count: int,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> LightEvaluation:
    """The evaluation of models trained on `file` in windows of `max_frames`, with about `count` texts of each kind.

    Trains the action classifier or takes it from the cache; `progress` gets its steps. If there are too few labels for
    one, no actions are asked for. Raises StickgenError if there is nothing to ask at all.
    """
    known = {name for name in file.frames_by_action() if name}
    actions = tuple(name for name in WORDINGS if name in known)
    classifier: ActionClassifier | None
    try:
        classifier = load_or_train(file, frames=max_frames, val_fraction=val_fraction, progress=progress)
    except StickgenError:
        classifier = None
    asked = _asked(file, classifier.names, max_frames, count) if classifier else ()
    parts = file.split(val_fraction)
    held_out = [clip for clip, part in enumerate(parts) if part == VALIDATION][:MOST_REAL]
    real = [body_of(file.motion(clip)).skate_ratio for clip in held_out if file.lengths[clip] > 1]
    found = LightEvaluation(classifier, asked, actions, max_frames, count, fmean(real) if real else 0.0)
    if not found.texts:
        raise StickgenError(
            f"{file.path}: no clip is labelled with an action that the evaluation can ask for"
        )
    return found


def _asked(file: DatasetFile, names: tuple[str, ...], max_frames: int, count: int) -> tuple[Asked, ...]:
    """About `count` texts: the first wording of every action, then the second of each, and so on."""
    frames = _frames_by_action(file, max_frames)
    known = [name for name in WORDINGS if name in names and name in frames]
    rank: dict[str, int] = defaultdict(int)
    found: list[tuple[int, bytes, Asked]] = []
    for action, text in prompts_for(known, seen=file.content["texts"]):
        order = hashlib.sha256(text.encode()).digest()
        found.append((rank[action], order, Asked(action, text, frames[action])))
        rank[action] += 1
    found.sort(key=lambda entry: entry[:2])
    return tuple(asked for _, _, asked in found[:count])


def _frames_by_action(file: DatasetFile, max_frames: int) -> dict[str, int]:
    """For each action, the median length of the training clips that show only it, if there are any."""
    lengths: dict[int, list[int]] = defaultdict(list)
    training = [clip for clip, part in enumerate(file.split(0.0)) if part == TRAIN][:MOST_CLIPS]
    for clip in training:
        labels = set(file.actions(clip).tolist()) - {UNLABELLED}
        if len(labels) == 1:
            lengths[labels.pop()].append(file.lengths[clip])
    names = file.action_names
    return {
        names[action]: min(round(median(found)), max_frames)
        for action, found in lengths.items()
        if action < len(names)
    }
