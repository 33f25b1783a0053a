"""Files that a person gives to a drawing, read whole, but never one without end."""

from __future__ import annotations

from pathlib import Path

from stickgen.errors import StickgenError

MOST_BYTES = 64 * 2**20


def read_bounded(path: Path, remedy: str) -> bytes:
    """The bytes of a file. Raises StickgenError if it cannot be read; if it is too large, with `remedy`: what to do."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StickgenError(f"{path}: it cannot be read ({error.strerror or error})") from error
    if len(data) > MOST_BYTES:
        raise StickgenError(f"{path}: it has more than {MOST_BYTES >> 20} MiB; {remedy}")
    return data
