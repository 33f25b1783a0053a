"""What an import has read so far, kept beside the user's other caches until its dataset is written.

Whatever ends an import, the same command goes on from there. A claim counts as read only if its files, what the user
said and the code that read it are the same. A torn or damaged line is passed over.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import time
from pathlib import Path

import orjson

import stickgen
from stickgen import record_log
from stickgen.folders import cache_path
from stickgen.foreign_files import open_regular
from stickgen.importing.clip_index import Row
from stickgen.importing.format import Choices, Claim
from stickgen.importing.outcome import Outcome, as_record, from_record
from stickgen.importing.sources import Found

_KEPT_SECONDS = 30 * 86_400  # of a journal that nobody came back for
_CODE = ("importing", "data", "motion")  # rooms whose code decides what a capture becomes


def journal_of(output: Path) -> Journal:
    """The journal of imports that write `output`."""
    name = hashlib.sha256(os.fsencode(output.absolute())).hexdigest()[:24]
    return Journal(cache_path("imports") / f"{name}.journal")


class Journal:
    """Outcomes by their claims' keys, in a log with a checksum a line. A disk that refuses it costs only time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: dict[str, tuple[int, int]] = {}  # where in the file each outcome is
        self._added = 0
        self.found = 0  # how many claims of this import it had
        self._writer: record_log.RecordWriter | None = None  # from the first outcome on
        self._refused = False
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            _forget_old(path.parent)
            self._read()

    def __len__(self) -> int:
        return len(self._places) + self._added

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def find(self, key: str) -> Outcome | None:
        """What became of a claim; None if it was not read yet."""
        if key not in self._places:
            return None
        start, length = self._places[key]
        try:
            with open_regular(self.path) as file:
                file.seek(start)
                record = record_log.decode(file.read(length))
        except OSError:
            return None
        return None if record is None else from_record(record)

    def add(self, key: str, outcome: Outcome) -> None:
        """Write down what became of a claim."""
        record = None if self._refused else as_record(outcome)
        if record is None:
            return
        if self._writer is None:
            try:
                self._writer = record_log.RecordWriter(self.path)
            except OSError:
                self._refused = True
                return
        self._writer.write({"key": key, **record})
        self._added += 1
        if self._writer.unwritten:  # the disk is full, or half a character is in a name
            self._refused = True
            self.close()

    def close(self) -> None:
        """Keep it for the next import."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def remove(self) -> None:
        """The dataset is written: nothing is left to go on from."""
        self.close()
        self._places.clear()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _read(self) -> None:
        if not self.path.exists():
            return
        with open_regular(self.path) as file:
            start = 0
            for line in file:
                record = record_log.decode(line.removesuffix(b"\n"))
                if record is not None and isinstance(key := record.get("key"), str):
                    self._places[key] = start, len(line.removesuffix(b"\n"))
                start += len(line)


def key_of(claim: Claim, row: Row, choices: Choices) -> str:
    """A digest of all that decides what becomes of a claim: its files, what the user and a set's tables say, and the code."""
    said = {
        name: _identity(value) if isinstance(value, Path) else value for name, value in vars(choices).items()
    }
    learned = {name: value for name, value in vars(claim).items() if name not in ("file", "uses", "mirrors")}
    facts = [_code(), learned, dict(row), said, *(_file(file) for file in (claim.file, *claim.uses))]
    return hashlib.sha256(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS, default=repr)).hexdigest()


def _file(file: Found) -> list[object]:
    named = [os.fsencode(name).hex() for name in (file.archive, file.name, str(file.path.absolute()))]
    try:
        status = file.path.stat()
    except OSError:
        return [*named, file.entry, file.size]
    return [*named, file.entry, file.size, status.st_size, status.st_mtime_ns, status.st_ino]


def _identity(path: Path) -> list[object]:
    """A file or folder that the user named, and what is in it, as far as names, sizes and times tell."""
    there = [path, *sorted(path.rglob("*"))] if path.is_dir() else [path]
    found: list[object] = []
    for file in there:
        with contextlib.suppress(OSError):
            status = file.stat()
            found.append([os.fsencode(file).hex(), status.st_size, status.st_mtime_ns])
    return found


@functools.cache
def _code() -> str:
    """A digest of the code that reads captures."""
    root = Path(stickgen.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(file for room in _CODE for file in (root / room).rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _forget_old(folder: Path) -> None:
    for file in folder.glob("*.journal"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < time.time() - _KEPT_SECONDS:
                file.unlink()
