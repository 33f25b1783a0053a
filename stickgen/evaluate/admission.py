"""Tests the figures: each must get worse under the damages that it claims to detect, the stronger the damage, the worse.

Figures that fail are not reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stickgen.evaluate import trained
from stickgen.evaluate.damage import DAMAGES
from stickgen.evaluate.evaluator import Evaluator, Stage
from stickgen.evaluate.figures import FIGURE, FIGURES, Measured, badness, bootstrap_weights

RECIPE = 1
LEAST_R1 = 0.9  # on real motion in pools of 32: an evaluator below this distinguishes too little
_TEXT_FIGURES = ("r1", "r2", "r3")


@dataclass(frozen=True)
class Admission:
    """The figures of one evaluator on undamaged and on damaged real motion."""

    real: dict[str, float]
    damaged: dict[str, list[dict[str, float]]]  # damage → for each strength → figure → value
    refused: dict[str, str]  # figure → why it is not reported

    def as_dict(self) -> dict[str, Any]:
        """As a dict, for a report and for the cache."""
        return {"real": self.real, "damaged": self.damaged, "refused": self.refused}

    def sees(self, key: str, damage: str) -> bool:
        """Whether a figure gets worse under a damage, and more so the stronger it is."""
        return _worsens(key, self.real, [values[key] for values in self.damaged[damage]])


def admit(judge: Evaluator, stage: Stage) -> Admission:
    """The admission of an evaluator's figures: from the cache, or tested now."""
    key = trained.key_of(
        "admission", RECIPE, judge.digest, judge.classifier and judge.classifier.digest, judge.prompts
    )
    found = trained.load("admission", key)
    if found is not None:
        return Admission(**found[1]["admission"])
    with stage("damaging real motion to test the figures") as progress:
        weights = bootstrap_weights(len(judge.prompts), 0)
        real = _values(judge, judge.real, weights)
        damaged: dict[str, list[dict[str, float]]] = {}
        for number, damage in enumerate(DAMAGES):
            damaged[damage.name] = [
                _values(judge, damage.how(judge.real, level), weights) for level in damage.levels
            ]
            progress(number + 1, len(DAMAGES))
    admission = Admission(real, damaged, refused_figures(real, damaged))
    trained.keep("admission", key, {}, {"admission": admission.as_dict()})
    return admission


def _values(judge: Evaluator, motions: list[Any], weights: Any) -> dict[str, float]:
    return {
        key: value.value for key, value in Measured(judge, [motions]).figures(weights, quick=True).items()
    }


def _worsens(key: str, real: dict[str, float], values: list[float]) -> bool:
    """Whether it is worse at the lowest strength than undamaged, and never better at a higher one."""
    bad = [badness(FIGURE[key], value, real[key]) for value in (real[key], *values)]
    return bad[1] > bad[0] and all(after >= before for before, after in zip(bad[1:], bad[2:], strict=False))


def refused_figures(real: dict[str, float], damaged: dict[str, list[dict[str, float]]]) -> dict[str, str]:
    """The figures that are not to be reported, each with the reason."""
    refused = {}
    for figure in FIGURES:
        if figure.key not in real:
            continue
        blind = [
            name
            for name in figure.sees
            if not _worsens(figure.key, real, [values[figure.key] for values in damaged[name]])
        ]
        if blind:
            refused[figure.key] = f"it does not get steadily worse under {', '.join(blind)}"
        elif figure.key in _TEXT_FIGURES and real["r1"] < LEAST_R1:
            refused[figure.key] = f"real motion only has R@1 {real['r1']:.2f}, less than {LEAST_R1:.2f}"
    return refused
