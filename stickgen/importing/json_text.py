"""JSON as other programs write it: NaN for what is missing, any encoding, a tail that was never written."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError
from stickgen.importing.decoding import decode

_TAIL = 40  # characters: JSON that goes wrong so near its end was not written to its end


def parse(data: bytes, name: str) -> Any:
    """The value of a JSON file. Raises StickgenError with the file's name and the line."""
    text = decode(data)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise StickgenError(f"{name}: it is empty") from error
        cut = len(text.rstrip()) - error.pos < _TAIL or error.msg.startswith("Unterminated")
        what = "it is cut short" if cut else f"it is not JSON ({error.msg.lower()})"
        raise StickgenError(f"{name}:{error.lineno}: {what}; write it again") from error
    except RecursionError as error:
        raise StickgenError(f"{name}: it is nested too deeply") from error
    except ValueError as error:
        raise StickgenError(f"{name}: a number in it is too long") from error


def numbers(value: Any, name: str, what: str) -> NDArray[np.float64]:
    """An array of a list of numbers, null and NaN being missing. Raises StickgenError that says what is none."""
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise StickgenError(f"{name}: {what} are not all numbers") from error


def positive(value: Any) -> float | None:
    """A positive number, as of a rate or a width; None if it is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e9:
        return float(value)
    return None


def size_of(width: Any, height: Any) -> tuple[float, float] | None:
    """The size of a picture in pixels; None if these are none."""
    across, down = positive(width), positive(height)
    return (across, down) if across and down and min(across, down) > 1 else None
