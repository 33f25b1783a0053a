"""Values, their intervals, and when two of them differ."""

from __future__ import annotations

import torch

from stickgen.evaluate.comparison import shown
from stickgen.evaluate.damage import DAMAGES
from stickgen.evaluate.figures import (
    AS_REAL,
    FIGURE,
    FIGURES,
    HIGHER,
    Value,
    _joined,
    _mean,
    badness,
    bootstrap_weights,
    difference,
)


def measured(quality: float, seed: int, texts: int = 150) -> Value:
    """A share of texts that were right, each as hard as it is for every model, as a figure."""
    hard = torch.rand(texts, generator=torch.Generator().manual_seed(0))
    luck = torch.rand(texts, generator=torch.Generator().manual_seed(seed))
    right = (0.7 * hard + 0.3 * luck < quality).double()
    return _joined(_mean(bootstrap_weights(texts), right)[None, None])


def test_a_model_does_not_differ_from_itself_and_a_clear_difference_counts() -> None:
    once = measured(0.6, 1)
    assert difference(once, once) == (0.0, 1.0)
    apart, p = difference(measured(0.8, 2), once)
    assert apart > 0 and p < 0.01
    assert difference(once, measured(0.8, 2))[1] == p


def test_chance_alone_seldom_makes_a_difference() -> None:
    found = sum(difference(measured(0.6, seed), measured(0.6, seed + 100))[1] < 0.01 for seed in range(60))
    assert found <= 3


def test_the_interval_holds_the_value_and_narrows_with_more_texts() -> None:
    few, many = measured(0.6, 1, 40), measured(0.6, 1, 640)
    for value in (few, many):
        low, high = value.interval
        assert low <= value.value <= high
    width = [value.interval[1] - value.interval[0] for value in (few, many)]
    assert 2.5 < width[0] / width[1] < 6.5


def test_seeds_and_repeats_that_disagree_widen_the_interval() -> None:
    rows = torch.full((3, 3, 1001), 0.5, dtype=torch.float64)
    low, high = _joined(rows).interval
    assert high - low < 1e-9
    rows += torch.tensor([-0.1, 0.0, 0.1]).double()[None, :, None]
    low, high = _joined(rows).interval
    assert low < 0.46 and high > 0.54


def test_weights_hold_as_many_texts_as_there_are() -> None:
    weights = bootstrap_weights(37, 50)
    assert torch.equal(weights[0], torch.ones(37).double())
    assert set(weights.sum(1).tolist()) == {37.0}
    assert torch.equal(weights, bootstrap_weights(37, 50))


def test_every_damage_is_seen_by_a_figure_and_every_claim_is_a_damage() -> None:
    names = {damage.name for damage in DAMAGES}
    claimed = {name for figure in FIGURES for name in figure.sees}
    assert claimed == names
    assert len(FIGURE) == len(FIGURES)


def test_bad_is_low_where_high_is_better_and_far_where_real_is_the_aim() -> None:
    assert badness(FIGURE["r1"], 0.2, 0.9) > badness(FIGURE["r1"], 0.3, 0.9)
    assert badness(FIGURE["kid"], 0.2, 0.0) > badness(FIGURE["kid"], 0.1, 0.0)
    skate = FIGURE["skate_ratio"]
    assert skate.better == AS_REAL and FIGURE["r1"].better == HIGHER
    assert badness(skate, 0.0, 0.1) == badness(skate, 0.2, 0.1) > badness(skate, 0.12, 0.1)


def test_what_is_not_finite_is_shown_as_nothing() -> None:
    assert shown(FIGURE["kid"], float("nan")) == "–"
    assert shown(FIGURE["kid"], 0.01234) == "12.34"
