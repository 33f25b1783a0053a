"""Reading what lies in a run directory: it may come from a stranger, and one odd file must not stop anybody.

No link is followed, nothing but regular files is opened, sizes are limited, and a number in JSON is finite.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from stickgen.errors import StickgenError

MAX_JSON_BYTES = 2**20
_KINDS = {
    stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFLNK: "a link",
    stat.S_IFREG: "a file",
}  # fmt: skip
_LONGEST_INTEGER = 18  # digits: what fits into 64 bits

# What the program itself keeps in a run directory; whatever else a person puts there is left alone.
_OWN_FILES = (
    "run.json", "run.json.lock", "run-copy.json", "config.yaml", "metrics.jsonl", "events.jsonl", "heartbeat",
    "train.log", "exit.json", ".exit.room", "run.lock", "launch.lock", "tracker.json",
)  # fmt: skip
_OWN_FOLDERS = ("checkpoints", "samples", "control", "tensorboard", "wandb")


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading, without following a link and without ever waiting. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(None, f"it is {_kind(mode)}, not a file", str(path))
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
    """The JSON object in a file. Raises OSError where it cannot be read, ValueError where it is none."""
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


def check_own_files(run_path: Path) -> None:
    """Raise StickgenError for a link, or something of another kind, where the program keeps a file or a folder.

    It is called before anything is written: nothing in a run directory may lead out of it.
    """
    for path, wanted in _own(run_path):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StickgenError(f"{path}: it cannot be looked at ({error.strerror})") from error
        if stat.S_IFMT(mode) != wanted:
            raise StickgenError(
                f"{path}: it is {_kind(mode)}, where a run directory has {_KINDS[wanted]} of its own; nothing in "
                "a run directory may lead out of it: put the real one there, or remove this one"
            )


def _own(run_path: Path) -> Iterator[tuple[Path, int]]:
    for name in _OWN_FOLDERS:
        yield run_path / name, stat.S_IFDIR
    for name in _OWN_FILES:
        yield run_path / name, stat.S_IFREG
    for path in _entries(run_path / "control", ".json"):
        yield path, stat.S_IFREG
    for path in _entries(run_path / "samples", ".json"):
        yield path, stat.S_IFREG
    for path in _entries(run_path / "checkpoints", ""):
        if path.name.lstrip(".").startswith("step_") and not path.is_symlink() and path.is_dir():
            for inner in _entries(path, ""):
                yield inner, stat.S_IFREG


def _entries(folder: Path, suffix: str) -> list[Path]:
    """What a real folder holds; nothing of a link."""
    try:
        return [path for path in folder.iterdir() if path.suffix == suffix or not suffix]
    except OSError:
        return []


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "a device")
