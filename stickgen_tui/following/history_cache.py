"""The curves of a long log as they were folded, kept in a file, so that opening it again reads only what is new.

It lies in the person's cache folder, not beside the log: who looks at a run changes nothing in it, and it may be on a
disk that nobody may write. A file here is never trusted: it counts only if its checksum is right and if the log is
the very file it was made from, with the same bytes at both ends of what was read. Anything else is read anew.
"""

from __future__ import annotations

import hashlib
import os
import sys
import zlib
from array import array
from pathlib import Path
from typing import Any

import orjson

from stickgen.atomic import replacing
from stickgen.folders import cache_path
from stickgen.foreign_files import open_regular
from stickgen.record_log import RecordReader
from stickgen_tui.following.series import GROUP, KEPT, Level, Series

_FORMAT = ["stickgen curves", 2, GROUP, KEPT, sys.byteorder]
_SUFFIX = ".curves"
_MOST_FILES = 40
_MOST_BYTES = 2**29

# the series of training, of validation and of the clocks, the newest record, and where in the log which steps are
Parts = tuple[dict[str, Series], dict[str, Series], dict[str, Series], dict[str, Any], list[tuple[Any, ...]]]


def place_of(log: Path) -> Path:
    """Where the curves of this log are kept."""
    name = hashlib.sha256(os.fsencode(log.resolve())).hexdigest()[:32]
    return cache_path("curves") / (name + _SUFFIX)


def save(place: Path, reader: RecordReader, parts: Parts) -> None:
    """Keep the series, and where the reader stands. A disk that refuses means that the log is read again."""
    arrays: dict[tuple[int, int], int] = {}  # many curves have the same steps: those are written once
    pieces: list[bytes] = []

    def index(values: array[float]) -> int:
        data = values.tobytes()
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
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check = zlib.crc32(head)
        with replacing(place, mode=0o600, durable=False) as file:
            file.write(head + b"\n")
            for piece in pieces:
                check = zlib.crc32(piece, check)
                file.write(piece)
            file.write(b"%08x" % check)
        _prune(place.parent, place)
    except (OSError, TypeError, ValueError):
        return


def load(place: Path, reader: RecordReader) -> Parts | None:
    """The series of the log that `reader` reads, which then stands where they end; None if they must be read."""
    try:
        with open_regular(place) as file:
            data = memoryview(file.read())
    except (OSError, ValueError):
        return None
    try:
        end = bytes(data[: 2**24]).index(b"\n")
        if zlib.crc32(data[end + 1 : -8], zlib.crc32(data[:end])) != int(bytes(data[-8:]), 16):
            return None
        head = orjson.loads(data[:end])
        if head["format"] != _FORMAT:
            return None
        starts = [end + 1]
        for length in head["lengths"]:
            starts.append(starts[-1] + length)
        if starts[-1] != len(data) - 8:
            return None
        whole = [
            {name: _series(facts, data, starts) for name, facts in part.items()} for part in head["curves"]
        ]
        train, validation, clocks = whole
        newest, pieces = dict(head["newest"]), [(int(a), int(b), *steps) for a, b, *steps in head["pieces"]]
        return (train, validation, clocks, newest, pieces) if reader.go_on_from(head["position"]) else None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None


def _series(facts: dict[str, Any], data: memoryview, starts: list[int]) -> Series:
    def values(index: int) -> array[float]:
        out = array("d")
        out.frombytes(data[starts[index] : starts[index + 1]])
        return out

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
