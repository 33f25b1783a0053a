"""How long a log must be for its curves to be kept, and how often they are kept again."""

from __future__ import annotations

LONG_BYTES = 4 * 2**20  # less is read in a moment


def is_long(size: int) -> bool:
    """Whether a log of that many bytes is read in the order: what is kept of it or its end, then the rest."""
    return size > LONG_BYTES


def has_grown_much(size: int, kept_bytes: int) -> bool:
    """Whether a log of that many bytes is so much longer than what is kept of it that it is kept again."""
    return size - kept_bytes > max(LONG_BYTES, size // 20)
