"""A predicted figure with its 90 % interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """`value` is the best guess. The true figure should lie between `low` and `high` nine times in ten."""

    value: float
    low: float
    high: float

    @classmethod
    def within(cls, value: float, factor: float) -> Prediction:
        """Return `value` give or take `factor` (1 or more)."""
        return cls(value, value / factor, value * factor)

    def times(self, count: float) -> Prediction:
        """Return the prediction multiplied by `count`, 0 or more."""
        return Prediction(self.value * count, self.low * count, self.high * count)

    def less(self, amount: float) -> Prediction:
        """Return the prediction minus `amount`, which is exact."""
        return Prediction(self.value - amount, self.low - amount, self.high - amount)

    def plus(self, other: Prediction) -> Prediction:
        """Return the sum of both, as if they erred together."""
        return Prediction(self.value + other.value, self.low + other.low, self.high + other.high)

    def capped(self, most: float) -> Prediction:
        """Return the prediction, at most `most`."""
        return Prediction(min(self.value, most), min(self.low, most), min(self.high, most))

    def fields(self, name: str) -> dict[str, float]:
        """Return `{name: value, name_low: low, name_high: high}`, for JSON."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}
