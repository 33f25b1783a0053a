"""Reading files that a stranger may have made, as in a run directory or beside a dataset.

No link is followed, nothing but regular files is opened, sizes are limited, and a number in JSON is finite.
"""

from __future__ import annotations

import json
import math
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any

MAX_JSON_BYTES = 2**20
KINDS = {
    stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFLNK: "a link",
    stat.S_IFREG: "a file",
}  # fmt: skip
_LONGEST_INTEGER = 18  # digits: what fits into 64 bits


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading, without following a link and without ever waiting. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(None, f"it is {kind_of(mode)}, not a file", str(path))
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise


def read_regular(path: Path, most: int) -> bytes:
    """The bytes of a regular file of at most `most` bytes. Raises OSError."""
    with open_regular(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(None, f"it has more than {most} bytes", str(path))
    return data


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises OSError if it cannot be read, ValueError if it is none."""
    data = read_regular(path, MAX_JSON_BYTES)
    try:
        value = json.loads(
            data, parse_float=_finite, parse_constant=_no_constant, parse_int=_short_integer
        )  # fmt: skip
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    return value


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text} is too large")
    return value


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not a number of JSON")


def _short_integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise ValueError("a number is too long")
    return int(text)


def is_own_folder(path: Path) -> bool:
    """Whether `path` is a real folder, and not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def kind_of(mode: int) -> str:
    """What `mode` (of stat) says a path is, in words: "a folder", "a named pipe"."""
    return KINDS.get(stat.S_IFMT(mode), "a device")
