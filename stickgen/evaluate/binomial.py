"""Confidence intervals of a share."""

from __future__ import annotations

from math import sqrt

Z95 = 1.959964


def wilson(right: int, n: int, z: float = Z95) -> tuple[float, float]:
    """The confidence interval of a share `right / n`, at 95 % by default.

    Wilson (1927): unlike the normal interval, it stays within 0 and 1 and holds for shares near either. If `n` is 0,
    nothing is known: (0, 1).
    """
    if n == 0:
        return 0.0, 1.0
    share = right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return min(max(middle - half, 0.0), share), max(min(middle + half, 1.0), share)  # guards against rounding
