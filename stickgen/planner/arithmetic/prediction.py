"""A figure that is not known yet, with the interval in which it is expected."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """`value` is the best guess; the truth should lie from `low` to `high` nine times in ten."""

    value: float
    low: float
    high: float

    @classmethod
    def within(cls, value: float, factor: float) -> Prediction:
        """`value`, by at most `factor` (1 or more) in either direction."""
        return cls(value, value / factor, value * factor)

    def times(self, count: float) -> Prediction:
        """The same of `count` such things, 0 or more."""
        return Prediction(self.value * count, self.low * count, self.high * count)

    def less(self, amount: float) -> Prediction:
        """The same without `amount` of it that is certain."""
        return Prediction(self.value - amount, self.low - amount, self.high - amount)

    def capped(self, most: float) -> Prediction:
        """Where something ends it at `most`."""
        return Prediction(min(self.value, most), min(self.low, most), min(self.high, most))

    def fields(self, name: str) -> dict[str, float]:
        """`{name: value, name_low: low, name_high: high}`, for JSON."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}
