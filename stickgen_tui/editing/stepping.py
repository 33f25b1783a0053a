"""Where a step of a key leads: along its choices, its sensible values, or the number line."""

from __future__ import annotations

import math

from stickgen.config.schema import Key, Value


def next_value(key: Key, value: object, direction: int) -> Value | None:
    """Where a step leads: along the choices, the sensible values, or the number line in small steps."""
    if key.type is bool:
        return not value if isinstance(value, bool) else key.default
    if key.choices:
        if value not in key.choices:
            return key.default
        return key.choices[(key.choices.index(str(value)) + direction) % len(key.choices)]
    if key.type is str:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return key.default
    numbers = sorted(step for step in key.steps if isinstance(step, int | float))
    if direction > 0:
        further: float | None = next((step for step in numbers if step > value), None)
    else:
        further = next((step for step in reversed(numbers) if step < value), None)
    if further is None:
        if numbers and numbers[0] <= value <= numbers[-1]:
            further = value * 2 if direction > 0 else value / 2  # past the usual values, in doublings
            further = int(further) if key.type is int else further
        else:
            further = value + direction * _small_step(key, float(value))
    try:
        stepped = key.check(round(further, 10))
    except ValueError:
        return None
    return None if stepped == value else stepped


def _small_step(key: Key, value: float) -> float:
    """For keys without sensible values: 1 for whole numbers, else a tenth of the value's power of ten."""
    if key.type is int:
        return 1
    if value == 0:
        return 0.01 if key.maximum is not None and key.maximum <= 1 else 1.0
    return float(10.0 ** (math.floor(math.log10(abs(value))) - 1))
