"""The curves of a long log as they were folded, kept in a file, so that opening it again reads only what is new.

Who trains keeps them beside the log (keeping.py). Who only looks at a run changes nothing in it, and it may be on a
disk that nobody may write: what that one folded lies in the person's cache folder. Neither file is ever trusted: it
counts only if its checksum is right and if the log is the very file it was made from, with the same bytes at both ends
of what was read, and in places between. Anything else is read anew.
"""

from __future__ import annotations

import hashlib
import os
import sys
import zlib
from array import array
from io import BufferedReader
from pathlib import Path
from typing import Any

import orjson

from stickgen.atomic import replacing
from stickgen.curves.series import GROUP, KEPT, Level, Series
from stickgen.folders import cache_path
from stickgen.foreign_files import open_regular
from stickgen.record_log import RecordReader
from stickgen.run_contract import File

_FORMAT = ["stickgen curves", 2, GROUP, KEPT, sys.byteorder]
_SUFFIX = ".curves"
_MOST_FILES = 40
_MOST_BYTES = 2**29
_MOST_OF_HEAD = 2**24  # bytes
_CHECK_BYTES = 8

# the series of training, of validation and of the clocks, the newest record, and where in the log which steps are
Parts = tuple[dict[str, Series], dict[str, Series], dict[str, Series], dict[str, Any], list[tuple[Any, ...]]]


def place_of(log: Path) -> Path:
    """Where a person's cache has the curves of this log."""
    name = hashlib.sha256(os.fsencode(log.resolve())).hexdigest()[:32]
    return cache_path("curves") / (name + _SUFFIX)


def save(place: Path, reader: RecordReader, parts: Parts) -> None:
    """Keep the series, and where the reader stands. A disk that refuses means that the log is read again."""
    arrays: dict[tuple[int, int], int] = {}  # many curves have the same steps: those are written once
    pieces: list[memoryview] = []

    def index(values: array[float]) -> int:
        data = memoryview(values).cast("B")
        at = arrays.setdefault((len(data), zlib.crc32(data)), len(pieces))
        if at == len(pieces):
            pieces.append(data)
        elif pieces[at] != data:
            pieces.append(data)
            return len(pieces) - 1
        return at

    def described(series: Series) -> dict[str, Any]:
        return {
            "points": [index(series.xs), index(series.ys)],
            "levels": [[index(p) for p in (lv.xs, lv.lows, lv.highs, lv.sums)] for lv in series.levels],
            "first": series.first,
            "not_finite": series.not_finite,
        }

    try:
        curves = [{name: described(series) for name, series in part.items()} for part in parts[:3]]
        head = orjson.dumps(
            {
                "format": _FORMAT,
                "position": reader.position(),
                "newest": parts[3],
                "pieces": parts[4],
                "curves": curves,
                "lengths": [len(piece) for piece in pieces],
            }
        )
        beside = place.name == File.CURVES
        if not beside:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check = zlib.crc32(head)
        with replacing(place, mode=0o600, durable=False, follow=False) as file:
            file.write(head + b"\n")
            for piece in pieces:
                check = zlib.crc32(piece, check)
                file.write(piece)
            file.write(b"%08x" % check)
        if not beside:
            _prune(place.parent, place)
    except (OSError, TypeError, ValueError):
        return


def kept_bytes(place: Path) -> int:
    """How much of its log the curves in a file are of, by its own account; 0 if there is none."""
    try:
        with open_regular(place) as file:
            return int(_head(file)[1]["position"]["tail"]["offset"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def load(place: Path, reader: RecordReader) -> Parts | None:
    """The series of the log that `reader` reads, which then stands where they end; None if they must be read."""
    try:
        with open_regular(place) as file:
            size = os.fstat(file.fileno()).st_size
            line, head = _head(file)
            if head["format"] != _FORMAT or size != len(line) + sum(head["lengths"]) + _CHECK_BYTES:
                return None
            check = zlib.crc32(line[:-1])
            pieces = []
            for length in head["lengths"]:
                piece = array("d")
                data = file.read(length)
                check = zlib.crc32(data, check)
                piece.frombytes(data)
                pieces.append(piece)
            if check != int(file.read(_CHECK_BYTES), 16):
                return None
        taken: set[int] = set()
        whole = [
            {name: _series(facts, pieces, taken) for name, facts in part.items()} for part in head["curves"]
        ]
        train, validation, clocks = whole
        newest, stretches = (
            dict(head["newest"]),
            [(int(a), int(b), *steps) for a, b, *steps in head["pieces"]],
        )
        return (train, validation, clocks, newest, stretches) if reader.go_on_from(head["position"]) else None
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None


def _head(file: BufferedReader) -> tuple[bytes, dict[str, Any]]:
    """The first line of a file of curves, as it stands there and as what it says. Raises ValueError if it is none."""
    line = file.readline(_MOST_OF_HEAD)
    head = orjson.loads(line)
    if not isinstance(head, dict):
        raise ValueError("it does not begin as curves do")
    return line, head


def _series(facts: dict[str, Any], pieces: list[array[float]], taken: set[int]) -> Series:
    def values(index: int) -> array[float]:
        if index in taken:  # another series has it, and they grow apart
            return pieces[index][:]
        taken.add(index)
        return pieces[index]

    xs, ys = map(values, facts["points"])
    series = Series(xs, ys, int(facts["not_finite"]), int(facts["first"]))
    series.levels = [Level(*map(values, parts)) for parts in facts["levels"]]
    size = GROUP
    for level in series.levels:
        if {len(part) for part in (level.xs, level.lows, level.highs, level.sums)} != {len(series) // size}:
            raise ValueError("levels and points do not agree")
        size *= GROUP
    if len(xs) != len(ys) or series.first % GROUP or (series.first and not series.levels):
        raise ValueError("points do not agree")
    return series


def _prune(folder: Path, kept: Path) -> None:
    """Keep the newest files, so many and so large in all."""
    found = sorted(
        ((path.stat().st_mtime, path.stat().st_size, path) for path in folder.glob("*" + _SUFFIX)),
        reverse=True,
    )
    total = 0
    for number, (_, size, path) in enumerate(found):
        total += size
        if (number >= _MOST_FILES or total > _MOST_BYTES) and path != kept:
            path.unlink(missing_ok=True)
