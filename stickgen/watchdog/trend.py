"""When a measured amount will reach a limit, if it goes on as it did. Only a steady course counts."""

from __future__ import annotations

from collections import deque
from statistics import median

MOST_POINTS = 120  # kept of a course; every second is dropped when there are more
LEAST_POINTS = 12
LEAST_SECONDS = 600.0  # a course of less says nothing
STEADY = 0.8  # share of neighbouring pieces that must go the same way
FORESIGHT = 3.0  # a course is continued for so many times its own length at most


class Trend:
    """The course of one amount over time, in bounded memory."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque()
        self._every = 0.0  # seconds between two points

    def add(self, seconds: float, amount: float) -> bool:
        """Take a point; `seconds` never fall. One that is too close to the last is left out. Whether it was taken."""
        if self._points and seconds - self._points[-1][0] < self._every:
            return False
        self._points.append((seconds, amount))
        if len(self._points) > MOST_POINTS:
            self._points = deque(list(self._points)[::2])
            self._every = (self._points[-1][0] - self._points[0][0]) / len(self._points)
        return True

    def clear(self) -> None:
        """Forget the course."""
        self._points.clear()
        self._every = 0.0

    def reaches(self, distance: float) -> tuple[float, float] | None:
        """(seconds until it has moved by `distance`, which may be negative; units a second), if that can be foreseen."""
        slope = self.slope()
        if slope is None or slope * distance <= 0:
            return None
        points = self._recent()
        seconds = distance / slope
        return (seconds, slope) if seconds <= FORESIGHT * (points[-1][0] - points[0][0]) else None

    def _recent(self) -> list[tuple[float, float]]:
        return list(self._points)[len(self._points) // 2 :]

    def slope(self) -> float | None:
        """Units a second of the recent half of the course, if it went steadily one way; else None.

        The recent half, for most growth of a program is in its first minutes and then ends. It is cut into eight
        pieces, each its median: one odd point moves nothing, and a saw-tooth has no slope.
        """
        points = self._recent()
        if len(points) < LEAST_POINTS or points[-1][0] - points[0][0] < LEAST_SECONDS:
            return None
        size = len(points) / 8
        pieces = [points[round(at * size) : round((at + 1) * size)] for at in range(8)]
        middles = [(median(t for t, _ in piece), median(a for _, a in piece)) for piece in pieces if piece]
        rises = [later[1] - earlier[1] for earlier, later in zip(middles, middles[1:], strict=False)]
        whole = middles[-1][1] - middles[0][1]
        same_way = sum(1 for rise in rises if rise * whole > 0)
        if not whole or same_way < STEADY * len(rises):
            return None
        return whole / (middles[-1][0] - middles[0][0])
