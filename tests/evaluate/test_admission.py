"""The test of the figures: which of them see which damage, in a reduced form of `benchmarks/admission.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_judge import silent

from stickgen.evaluate import admission
from stickgen.evaluate.admission import Admission, admit
from stickgen.evaluate.damage import DAMAGES
from stickgen.evaluate.evaluator import Evaluator
from stickgen.evaluate.figures import FIGURES, badness

STEADY = {"skate_ratio", "contact_speed", "floor_depth", "bone_variation", "mean_speed", "mean_jerk"}
# what a judge of a few steps does not see yet
LATER = {("reversal", "r1"), ("reversal", "fid"), ("freeze", "diversity")}


@pytest.mark.parametrize("damage", [damage.name for damage in DAMAGES])
def test_each_damage_is_seen_by_the_figures_that_claim_to(tested: Admission, damage: str) -> None:
    """At its greatest strength by all, steadily by those that need no judge; `benchmarks/admission.py` asks more."""
    claiming = [figure for figure in FIGURES if damage in figure.sees and (damage, figure.key) not in LATER]
    claiming = [figure for figure in claiming if figure.key in tested.real]
    assert claiming
    for figure in claiming:
        real, values = tested.real[figure.key], [each[figure.key] for each in tested.damaged[damage]]
        told = f"{figure.key}: {real} undamaged, then {values}"
        assert badness(figure, values[2], real) > badness(figure, real, real), told
        assert figure.key not in STEADY or tested.sees(figure.key, damage), told


def test_a_figure_that_does_not_worsen_is_refused_with_the_reason(
    judge: Evaluator, tested: Admission
) -> None:
    real = dict.fromkeys(("floor_depth", "skate_ratio", "r1"), 0.0) | {"r1": 0.95}
    blind = {"sunk floor": [{"floor_depth": value} for value in (0.2, 0.1, 0.3)]}
    blind["sliding feet"] = [{"skate_ratio": value} for value in (0.2, 0.3, 0.3)]
    for name in ("wrong text", "freeze", "reversal"):
        blind[name] = [{"r1": 0.5}] * 3
    refused = admission.refused_figures(real, blind)
    assert refused == {"floor_depth": "it does not get steadily worse under sunk floor"}
    assert "floor_depth" not in tested.refused


def test_retrieval_is_refused_where_real_motion_does_not_find_its_text(tested: Admission) -> None:
    poor = admission.refused_figures({**tested.real, "r1": 0.85}, tested.damaged)
    assert {"r1", "r2", "r3"} <= poor.keys()


def test_the_second_time_it_comes_from_the_cache(
    judge: Evaluator, judge_cache: Path, tested: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(judge_cache))
    monkeypatch.setattr(admission, "_values", lambda *_: pytest.fail("it was tested again"))
    assert admit(judge, silent) == tested
