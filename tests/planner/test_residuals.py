"""The Gaussian process over few points: nothing known, one thing known, much known."""

from __future__ import annotations

import math
import random

import pytest

from stickgen.planner.measured.residuals import Place, Residual, Residuals

SPREADS = {"a": 0.2, "b": 0.3}


def place(share: float, at: float = 0.0) -> Place:
    return Place({"a": share, "b": 1 - share}, (at,))


def test_without_points_the_mean_is_zero_and_the_spread_is_that_of_the_terms() -> None:
    mean, deviation = Residuals([], SPREADS, local=0.1).at(place(0.5))
    assert mean == 0
    assert deviation == pytest.approx(math.sqrt(0.1**2 + 0.15**2 + 0.1**2))


def test_a_point_draws_its_neighbourhood_and_narrows_it() -> None:
    residuals = Residuals([Residual(place(0.5), 0.2, 0.01)], SPREADS, local=0.1)
    blind = Residuals([], SPREADS, local=0.1)
    here, near, far = (residuals.at(place(0.5, at)) for at in (0.0, 0.5, 50.0))
    assert here[0] == pytest.approx(0.2, abs=0.01) and here[1] < 0.02
    assert 0 < far[0] < near[0] < here[0]
    assert here[1] < near[1] < far[1] < blind.at(place(0.5, 50.0))[1]


def test_a_term_that_is_wrong_everywhere_is_found_from_few_points() -> None:
    """Term a is measured 30 % too low, b is right: the ratio elsewhere follows from the shares."""
    found = [Residual(place(share, 10 * share), 0.26 * share, 0.01) for share in (0.1, 0.5, 0.9)]
    mean, deviation = Residuals(found, SPREADS, local=0.02).at(place(0.7, 100.0))
    assert mean == pytest.approx(0.26 * 0.7, abs=0.02)
    assert deviation < 0.05


def test_the_same_point_many_times_is_no_trouble() -> None:
    residuals = Residuals([Residual(place(0.5), 0.1, 0.02)] * 40, SPREADS, local=0.1)
    mean, deviation = residuals.at(place(0.5))
    assert mean == pytest.approx(0.1, abs=0.005) and 0 <= deviation < 0.02


def test_it_agrees_with_the_dense_formula() -> None:
    """Against k·K⁻¹·y and k** − k·K⁻¹·k, by numpy (Rasmussen and Williams, equations 2.25 and 2.26)."""
    import numpy as np

    rng = random.Random(0)
    found = [Residual(place(rng.random(), 3 * rng.random()), rng.gauss(0, 0.2), 0.05) for _ in range(12)]
    residuals = Residuals(found, SPREADS, local=0.1)

    def kernel(a: Place, b: Place) -> float:
        common = sum(SPREADS[term] ** 2 * a.shares[term] * b.shares[term] for term in SPREADS)
        return common + 0.01 * math.exp(-((a.coordinates[0] - b.coordinates[0]) ** 2) / 2)

    matrix = np.array([[kernel(a.place, b.place) for b in found] for a in found]) + 0.05**2 * np.eye(12)
    at = place(0.3, 1.0)
    towards = np.array([kernel(at, one.place) for one in found])
    inverse = np.linalg.inv(matrix)
    mean, deviation = residuals.at(at)
    assert mean == pytest.approx(float(towards @ inverse @ np.array([one.value for one in found])))
    assert deviation == pytest.approx(float(np.sqrt(kernel(at, at) - towards @ inverse @ towards)))
