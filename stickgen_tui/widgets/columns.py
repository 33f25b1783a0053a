"""Where the parts of an editor's row stand: the key, its value, and the comment in what is left."""

from __future__ import annotations

from dataclasses import dataclass

ARROWS = 4  # columns of a value that its ‹ and › take
_LEAST_COMMENT = 8  # columns; a shorter piece of a comment says nothing


@dataclass(frozen=True)
class Columns:
    """The widths of a row in columns."""

    name: int
    value: int
    comment: int  # 0: there is no room that would help


def columns(width: int, wanted: int) -> Columns:
    """For a row of `width` whose value takes `wanted` columns: no key is cut, nor a value where the row has room.

    A width of 0, before the row has a place, is taken for a usual one.
    """
    width = width or 100
    name = 27 if width < 100 else 36  # the longest key of the schema has 24 letters, and the mark takes two
    usual = 17 if width < 90 else 26
    value = min(max(usual, wanted + ARROWS), max(width - name, usual))
    left = width - name - value - 1
    return Columns(name, value, left if left >= _LEAST_COMMENT else 0)
