"""The opposite of a text: left for right, forward for backward, fast for slow, high for low.

A model is steered away from what it would do for the opposite (`diffusion.contrast_scale`).
"""

from __future__ import annotations

import re

from stickgen.data.mirroring import swap_sides

_PAIRS = (
    ("forward", "backward"), ("forwards", "backwards"), ("ahead", "backward"), ("fast", "slow"),
    ("faster", "slower"), ("quick", "slow"), ("quickly", "slowly"), ("rapidly", "slowly"), ("briskly", "slowly"),
    ("hurriedly", "leisurely"), ("high", "low"), ("higher", "lower"), ("deep", "shallow"), ("deeply", "slightly"),
)  # fmt: skip
_OPPOSITE: dict[str, str] = {}
for _one, _other in _PAIRS:
    _OPPOSITE.setdefault(_one, _other)
    _OPPOSITE.setdefault(_other, _one)
_WORD = re.compile(r"\b(?:" + "|".join(_OPPOSITE) + r")\b", re.IGNORECASE)


def opposite(text: str) -> str | None:
    """The text with each side, direction, speed and height reversed; None if it names none of them."""
    turned = _WORD.sub(lambda match: _as_written(match[0], _OPPOSITE[match[0].lower()]), swap_sides(text))
    return turned if turned != text else None


def _as_written(word: str, other: str) -> str:
    if word.isupper():
        return other.upper()
    return other.capitalize() if word[0].isupper() else other
