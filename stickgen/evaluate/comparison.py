"""An evaluation: models and baselines under one evaluator, with the admitted figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from stickgen.evaluate.admission import Admission
from stickgen.evaluate.baselines import BASELINES, SHUFFLED
from stickgen.evaluate.contrast import ContrastResult
from stickgen.evaluate.evaluator import Evaluator
from stickgen.evaluate.figures import (
    BY_HALVES,
    FIGURES,
    Figure,
    Measured,
    Value,
    badness,
    bootstrap_weights,
    difference,
)

REAL, OTHER_HALF = "real", "other half of real"
SIGNIFICANT = 0.01
FAR = 50.0  # body heights: coordinates are clamped to this distance
ROUNDED = 10  # frames: lengths are rounded to this, so that many motions are drawn in one batch


@dataclass(frozen=True)
class Model:
    """A model's motions for the evaluator's prompts, drawn `repeats` times, and its contrasts."""

    name: str
    repeats: list[list[Tensor]]
    contrast: ContrastResult | None = None


@dataclass(frozen=True)
class Copy:
    """A drawn motion that is too close to a training clip."""

    text: str
    clip: str
    distance: float


@dataclass(frozen=True)
class Comparison:
    """Figures by system, models first: those that were admitted and could be computed."""

    evaluator: Evaluator
    admission: Admission
    models: tuple[Model, ...]
    values: dict[str, dict[str, Value]]  # system → figure → value
    copies: dict[str, list[Copy]] = field(repr=False)

    @property
    def figures(self) -> list[Figure]:
        """The figures of the table, in order."""
        return [
            figure
            for figure in FIGURES
            if figure.key not in self.admission.refused
            and any(figure.key in self.values[model.name] for model in self.models)
        ]

    def pairs(self) -> list[Pair]:
        """The first model against the second, figure by figure; empty if there is only one model."""
        if len(self.models) < 2:
            return []
        ours, theirs = (self.values[model.name] for model in self.models[:2])
        found = []
        for figure in self.figures:
            if figure.key not in ours or figure.key not in theirs:
                continue
            apart, p = difference(ours[figure.key], theirs[figure.key])
            real = self.values[REAL].get(figure.key)
            bad = [badness(figure, v[figure.key].value, real.value if real else 0.0) for v in (ours, theirs)]
            better = None if p >= SIGNIFICANT or bad[0] == bad[1] else int(bad[1] < bad[0])
            found.append(Pair(figure, apart, p, better))
        return found

    def as_dict(self) -> dict[str, Any]:
        """The whole evaluation as a dict, for other programs."""
        judge = self.evaluator
        return {
            "evaluator": judge.digest,
            "classifier": judge.classifier.digest if judge.classifier else None,
            "dataset": {"path": str(judge.split.file.path), "fingerprint": judge.split.file.fingerprint},
            "frames": judge.split.frames,
            "prompts": len(judge.prompts),
            "pool": judge.pools.size if judge.pools else None,
            "repeats": {model.name: len(model.repeats) for model in self.models},
            "figures": {
                system: {
                    key: {"value": _number(v.value), "low": _number(v.interval[0]), "high": _number(v.interval[1])}
                    for key, v in values.items()
                    if key not in self.admission.refused
                }
                for system, values in self.values.items()
            },
            "contrast": {
                model.name: [
                    {"axis": row.name, "right": row.right, "of": row.n, "low": row.low, "high": row.high,
                     "chance": row.chance}
                    for row in model.contrast.rows
                ]
                for model in self.models
                if model.contrast is not None
            },
            "differences": [
                {"figure": pair.figure.key, "difference": _number(pair.apart), "p": pair.p,
                 "better": None if pair.better is None else self.models[pair.better].name}
                for pair in self.pairs()
            ],
            "copies": {
                name: [{"text": c.text, "clip": c.clip, "distance": c.distance} for c in copies]
                for name, copies in self.copies.items()
            },
            "admission": self.admission.as_dict(),
        }  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """One figure of two models: the difference, how likely it is by chance, and which is better (0, 1 or neither)."""

    figure: Figure
    apart: float
    p: float
    better: int | None


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def asked_frames(evaluator: Evaluator) -> list[int]:
    """The length to ask for with each prompt: that of its real clip, rounded to ten frames."""
    most = evaluator.split.frames
    return [min(max(round(p.frames / ROUNDED) * ROUNDED, 2 * ROUNDED), most) for p in evaluator.prompts]


def compare(
    evaluator: Evaluator,
    admission: Admission,
    models: Sequence[Model],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Comparison:
    """Measure models and baselines. `progress` gets how many systems are done, of how many."""
    weights = bootstrap_weights(len(evaluator.prompts))
    total = len(models) + 1 + len(BASELINES)
    values: dict[str, dict[str, Value]] = {}
    copies = {}
    for model in models:
        model = replace(model, repeats=[[_sound(motion) for motion in motions] for motions in model.repeats])
        values[model.name] = Measured(evaluator, model.repeats).figures(weights)
        copies[model.name] = _copies(evaluator, model)
        progress(len(values), total)
    real = Measured(evaluator, [evaluator.real]).figures(weights)
    values[REAL] = {key: value for key, value in real.items() if key not in BY_HALVES}
    values[OTHER_HALF] = {key: value for key, value in real.items() if key in BY_HALVES}
    progress(len(models) + 1, total)
    for number, (name, baseline) in enumerate(BASELINES.items()):
        found = Measured(evaluator, [baseline(evaluator)]).figures(weights)
        if name == SHUFFLED:  # its motions are the real ones, so figures of their distribution mean nothing
            found = {key: value for key, value in found.items() if key not in BY_HALVES}
        values[name] = found
        progress(len(models) + 2 + number, total)
    return Comparison(evaluator, admission, tuple(models), values, copies)


def _sound(motion: Tensor) -> Tensor:
    """The motion; if it has a value that is not finite, a motionless point instead: the worst, but measurable."""
    return motion.clamp(-FAR, FAR) if bool(motion.isfinite().all()) else torch.zeros_like(motion)


def _copies(evaluator: Evaluator, model: Model) -> list[Copy]:
    names = evaluator.split.file.content["name"]
    found: dict[str, Copy] = {}
    for motions in model.repeats:
        distances, clips, copied = evaluator.library.nearest(motions)
        for row, prompt in enumerate(evaluator.prompts):
            if bool(copied[row]):
                found.setdefault(prompt.text, Copy(prompt.text, names[clips[row]], float(distances[row])))
    return list(found.values())


def shown(figure: Figure, value: float) -> str:
    """A value, formatted for a table."""
    return f"{value * figure.factor:.{figure.digits}f}" if math.isfinite(value) else "–"
