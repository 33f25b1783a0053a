"""How wrong arithmetic is at one place, from how wrong it was at others: a Gaussian process over few points.

The residual is the logarithm of measured over predicted. A prediction is a sum of terms (for memory the base,
the weights, the activations), and what is wrong with a term is wrong wherever the term counts: two places
covary by the products of their terms' shares, and beside it by how near they are in the space of configs.
With one measurement the blame is laid on the terms that are large there and uncertain; with many it is found.
(Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, chapter 2.)

Plain Python: some dozen points take less time than numpy takes to load.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where something is predicted."""

    shares: Mapping[str, float]  # of each uncertain term in the prediction
    coordinates: tuple[float, ...]  # a distance of 1 is far


@dataclass(frozen=True)
class Residual:
    """What was found at a place: ln(measured / predicted), and its standard deviation."""

    place: Place
    value: float
    noise: float


class Residuals:
    """What was found, and what follows from it elsewhere."""

    def __init__(self, found: Sequence[Residual], spreads: Mapping[str, float], local: float) -> None:
        """`spreads`: standard deviation of each term's own error before anything is known; `local`: of what
        no term explains, and neighbours share."""
        self._spreads, self._local = spreads, local
        self._found = [self._scaled(residual.place) for residual in found]
        covariances = [[self._covariance(a, b) for b in self._found] for a in self._found]
        for row, residual in enumerate(found):
            covariances[row][row] += residual.noise**2
        self._factor = _cholesky(covariances)
        self._weights = _solve(self._factor, [residual.value for residual in found])

    def at(self, place: Place) -> tuple[float, float]:
        """(mean, standard deviation) of the residual at `place`."""
        here = self._scaled(place)
        towards = [self._covariance(here, there) for there in self._found]
        explained = sum(value * value for value in _forward(self._factor, towards))
        return _dot(towards, self._weights), math.sqrt(max(self._covariance(here, here) - explained, 0.0))

    def _scaled(self, place: Place) -> tuple[list[float], tuple[float, ...]]:
        return [
            spread * place.shares.get(term, 0.0) for term, spread in self._spreads.items()
        ], place.coordinates

    def _covariance(
        self, a: tuple[list[float], tuple[float, ...]], b: tuple[list[float], tuple[float, ...]]
    ) -> float:
        return _dot(a[0], b[0]) + self._local**2 * math.exp(-(math.dist(a[1], b[1]) ** 2) / 2)


def _dot(a: Iterable[float], b: Iterable[float]) -> float:
    """As far as the shorter one goes."""
    return sum(map(operator.mul, a, b))


def _cholesky(matrix: list[list[float]]) -> list[list[float]]:
    """Lower triangle L with L·Lᵀ = `matrix`, which must be positive definite."""
    lower: list[list[float]] = []
    for i, row in enumerate(matrix):
        made: list[float] = []
        for j in range(i):
            made.append((row[j] - _dot(made, lower[j])) / lower[j][j])
        made.append(math.sqrt(max(row[i] - _dot(made, made), 1e-12)))
        lower.append(made)
    return lower


def _forward(lower: list[list[float]], values: Sequence[float]) -> list[float]:
    """x of L·x = `values`."""
    found: list[float] = []
    for row, value in zip(lower, values, strict=True):
        found.append((value - _dot(row, found)) / row[-1])
    return found


def _solve(lower: list[list[float]], values: Sequence[float]) -> list[float]:
    """x of L·Lᵀ·x = `values`."""
    middle = _forward(lower, values)
    found = [0.0] * len(middle)
    for i in range(len(middle) - 1, -1, -1):
        rest = sum(lower[k][i] * found[k] for k in range(i + 1, len(middle)))
        found[i] = (middle[i] - rest) / lower[i][i]
    return found
