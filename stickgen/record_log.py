"""A log that is appended to, one JSON record a line, and a reader that follows it.

Every line ends with a CRC-32 of what stands before it, so that a torn tail or a damaged line is seen and
passed over, and the lines around it still count.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import orjson

from stickgen.foreign_files import open_regular
from stickgen.quantities import counted
from stickgen.run_contract import Field
from stickgen.tail import MAX_LINE_BYTES, Tail

_MARK = b',"crc32":"'
_TRAILER = len(_MARK) + 10  # the mark, eight digits, `"}`
MAX_WAITING = 10_000  # records kept in memory while the disk is full
_TAIL_BYTES = 64 * 1024
_PIECE_BYTES = 16 * 2**20
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


def encode(record: Mapping[str, Any]) -> bytes:
    """A record as the line that stands in the log; NaN and infinity become null, what JSON lacks its text."""
    body = orjson.dumps(record, default=str, option=orjson.OPT_SERIALIZE_NUMPY)
    return body[:-1] + _MARK + f'{zlib.crc32(body):08x}"}}\n'.encode()


def decode(line: bytes) -> dict[str, Any] | None:
    """The record of a line without its newline; None if it is damaged."""
    body, mark, tail = line.rpartition(_MARK)
    if not mark or len(tail) != 10 or not tail.endswith(b'"}'):
        return None
    body += b"}"
    try:
        if tail[:8] != b"%08x" % zlib.crc32(body):
            return None
        record = orjson.loads(body)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def decode_lines(lines: list[bytes]) -> list[dict[str, Any]]:
    """The records of those lines that are whole: `decode` of many, without a call of ours a line."""
    bodies = [line[:-_TRAILER] for line in lines]  # without the brace that closes them
    crcs = map(zlib.crc32, repeat(b"}"), map(zlib.crc32, bodies))
    expected = (_MARK + b'%08x"}') * len(lines) % tuple(crcs)
    if lines and b"".join([line[-_TRAILER:] for line in lines]) == expected:
        with contextlib.suppress(ValueError):  # a checksum that is right, and no JSON: somebody else wrote it
            records: list[dict[str, Any]] = orjson.loads(b"[" + b"},".join(bodies) + b"}]")
            if len(records) == len(lines) and set(map(type, records)) == {dict}:
                return records
    return [record for record in map(decode, lines) if record is not None]


def whole_numbers(records: Sequence[Mapping[str, Any]], name: str) -> list[int]:
    """The values of a member, of those records in which it is an integer."""
    try:
        values = [record[name] for record in records]
    except KeyError:
        values = [record.get(name) for record in records]
    return values if set(map(type, values)) <= {int} else [value for value in values if type(value) is int]


def newest_records(path: Path, count_bytes: int) -> list[dict[str, Any]]:
    """The whole records in the last so many bytes of a log; nothing if it cannot be read."""
    try:
        with open_regular(path) as file:
            file.seek(max(os.fstat(file.fileno()).st_size - count_bytes, 0))
            return decode_lines([line for line in file.read(count_bytes).split(b"\n") if line])
    except OSError:
        return []


def last_record(path: Path, **having: Any) -> dict[str, Any] | None:
    """The newest whole record whose members equal `having`, looked for in the last 64 KiB alone."""
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(size - _TAIL_BYTES, 0))
            lines = file.read().split(b"\n")
    except OSError:
        return None
    for line in reversed(lines):
        record = decode(line)
        if record is not None and all(record.get(name) == value for name, value in having.items()):
            return record
    return None


@dataclass(frozen=True)
class Damage:
    """Lines of a log that could not be read."""

    file: str
    lines: int
    first_line: int  # counted from 1

    def __str__(self) -> str:
        if self.lines == 1:
            return f"{self.file}:{self.first_line}: this line could not be read and is passed over"
        return f"{self.file}: {self.lines:,} lines could not be read and are passed over, the first is line {self.first_line:,}"


@dataclass(frozen=True)
class Loss:
    """Records that the trainer numbered and that are not in the log: the disk was full, or refused them."""

    file: str
    records: int

    def __str__(self) -> str:
        return f"{self.file}: {counted(self.records, 'record')} never reached the disk"


def faults(*paths: Path) -> list[Damage | Loss]:
    """What is damaged in each log and what is missing from it, read from end to end."""
    found: list[Damage | Loss] = []
    for path in paths:
        reader = RecordReader(path)
        reader.pass_over()
        found += reader.faults
    return found


class RecordWriter:
    """The single writer of a log. A failing disk never raises into training: records wait and are retried.

    Each record is one `write` to a file opened for appending; a short write is taken back, so that two
    records never run together. Only the opening may raise OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost = 0  # records that never reached the disk: too many waited, or they were no JSON at all
        self._waiting: deque[bytes] = deque()
        self._fd = os.open(path, _FLAGS, 0o600)
        self._seq = self._last_seq() + 1
        size = os.fstat(self._fd).st_size
        self._torn = bool(size) and os.pread(self._fd, 1, size - 1) != b"\n"  # a crash left half a line

    def _last_seq(self) -> int:
        """The newest number in the log; looks ever further back until a line is whole."""
        size = os.fstat(self._fd).st_size
        window = _TAIL_BYTES
        while True:
            start = max(size - window, 0)
            for line in reversed(os.pread(self._fd, size - start, start).split(b"\n")):
                record = decode(line)
                if record is not None and isinstance(record.get(Field.SEQ), int):
                    return int(record[Field.SEQ])
            if start == 0:
                return 0
            if window >= MAX_LINE_BYTES:
                return size  # more than the records in it, whatever it holds
            window *= 4

    def write(self, record: Mapping[str, Any]) -> None:
        """Append a record, numbered with `seq`."""
        try:
            self._waiting.append(encode({Field.SEQ: self._seq, **record}))
        except (TypeError, ValueError):
            self.lost += 1
            self._seq += 1  # a number that is missing tells the reader
            return
        self._seq += 1
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self.lost += 1
        self.flush()

    def flush(self) -> None:
        """Write what waits, as far as the disk lets it."""
        while self._waiting:
            line = self._waiting[0]
            if self._torn:
                line = b"\n" + line
            written = 0
            try:
                written = os.write(self._fd, line)
                if written < len(line):
                    os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
                    return
            except OSError:
                # a piece that could not be taken back is closed by a newline before the line is tried again
                self._torn = self._torn or written > 0
                return
            self._torn = False
            self._waiting.popleft()

    def sync(self) -> None:
        """Ask the disk to keep what was written; an error is left to the next write.

        A log that vanished from its folder is begun again: what goes to a file without a name is lost.
        """
        try:
            os.fdatasync(self._fd)
            if not self.path.exists():
                fd = os.open(self.path, _FLAGS, 0o600)
                os.close(self._fd)
                self._fd, self._torn = fd, False
        except OSError:
            return

    @property
    def waiting(self) -> int:
        """How many records wait for space on the disk."""
        return len(self._waiting)

    @property
    def unwritten(self) -> int:
        """How many records are not on disk: those that wait for space, and those that are lost."""
        return len(self._waiting) + self.lost

    def close(self) -> None:
        """Write what waits and close; what the disk does not take even now is lost."""
        self.flush()
        self.lost += len(self._waiting)
        self._waiting.clear()
        os.close(self._fd)


class RecordReader:
    """Follows a log: each `read_new` gives the whole records that came since the one before.

    A log that was cut or replaced is read again from its start. What cannot be read counts as nothing new.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bad_lines = 0
        self.first_bad_line: int | None = None  # its number in the file, from 1
        self._missing = 0  # numbers that were passed over from one record to the next
        self._seq: int | None = 0  # the highest number seen; None: whatever comes next is the first
        self._tail = Tail(path)
        self._begun_again = self._too_long = 0  # what of the tail was counted

    @property
    def damage(self) -> Damage | None:
        """The lines that could not be read so far; None if there are none."""
        return Damage(self.path.name, self.bad_lines, self.first_bad_line or 1) if self.bad_lines else None

    @property
    def lost(self) -> int:
        """How many records never reached the disk, by the gaps in their numbers that no damaged line explains."""
        return max(self._missing - self.bad_lines, 0)

    @property
    def faults(self) -> list[Damage | Loss]:
        """What is damaged so far, and what is missing."""
        found: list[Damage | Loss] = [] if self.damage is None else [self.damage]
        return [*found, Loss(self.path.name, self.lost)] if self.lost else found

    @property
    def offset(self) -> int:
        """How many bytes of the log it has read."""
        return self._tail.offset

    @property
    def begun_again(self) -> int:
        """How often the log was found cut or replaced, and read again from its start."""
        return self._tail.begun_again

    def position(self) -> dict[str, Any]:
        """Where it stands and what it counted so far, as JSON: another reader can go on from there."""
        return {
            "tail": self._tail.position(),
            "seq": self._seq,
            "missing": self._missing,
            "bad_lines": self.bad_lines,
            "first_bad_line": self.first_bad_line,
            "too_long": self._too_long,
        }

    def go_on_from(self, position: Mapping[str, Any]) -> bool:
        """Take all up to the `position` of another reader as read. False if the log is not the one it read.

        The log must be the same file, and both ends of what was read of it the same bytes. Raises KeyError,
        TypeError or ValueError if that is no position.
        """
        if not self._tail.go_on_from(position["tail"]):
            return False
        self._seq, self._missing = position[Field.SEQ], int(position["missing"])
        self.bad_lines, self.first_bad_line = int(position["bad_lines"]), position["first_bad_line"]
        self._too_long = self._tail.too_long = int(position["too_long"])
        return True

    def pass_over(self) -> None:
        """Read all that is there for its damage alone."""
        while self.read_new(_PIECE_BYTES):
            pass

    def skip_to_end(self) -> None:
        """Take all that is there as read; a line that is half written will still come whole."""
        self._seq = None
        self._tail.skip_to_end()

    def read_new(self, limit_bytes: int = -1) -> list[dict[str, Any]]:
        """New records in order; an unfinished last line is left for the next call, damage is counted.

        With `limit_bytes`, about so much of a long log at a time: call until nothing comes.
        """
        if limit_bytes < 0:
            found: list[dict[str, Any]] = []
            while piece := self.read_new(_PIECE_BYTES):
                found += piece
            return found
        while True:
            try:
                data = self._new_lines(limit_bytes)
            except OSError:
                return []
            lines = [line for line in data.split(b"\n") if line]
            records = decode_lines(lines)
            if len(records) < len(lines):
                self._count_bad(data, len(lines) - len(records))
            self._count_missing(records)
            if records or not data:
                return records  # where all of a piece was damaged, what follows it may not be

    def _new_lines(self, limit_bytes: int) -> bytes:
        """Whole lines from where the reader stands; of a log that was begun again nothing counts that was before."""
        data = self._tail.read(limit_bytes)
        if self._tail.begun_again != self._begun_again:
            self._begun_again, self._too_long = self._tail.begun_again, 0
            self.bad_lines, self.first_bad_line = 0, None
            self._missing, self._seq = 0, 0
        if self._tail.too_long > self._too_long:  # no line of ours
            self._too_long = self._tail.too_long
            self._count_bad(b"", 1)
        return data

    def _count_bad(self, data: bytes, count: int) -> None:
        """So many lines of this piece are damaged; the first of all is looked up once, by counting line ends."""
        self.bad_lines += count
        if self.first_bad_line is not None:
            return
        lines = data.split(b"\n")
        at = next((at for at, line in enumerate(lines) if line and decode(line) is None), 0)
        self.first_bad_line = 1 + self._lines_before(self._tail.piece) + at

    def _count_missing(self, records: list[dict[str, Any]]) -> None:
        """Count the numbers that are passed over; a number that comes again, of another writer, is none."""
        numbers = whole_numbers(records, Field.SEQ)
        if not numbers:
            return
        before = numbers[0] - 1 if self._seq is None else self._seq
        if numbers != list(range(before + 1, before + 1 + len(numbers))):  # as they nearly always are
            highest = before
            for number in numbers:
                self._missing += max(number - highest - 1, 0)
                highest = max(highest, number)
        self._seq = max(before, *numbers)

    def _lines_before(self, offset: int) -> int:
        count = 0
        with contextlib.suppress(OSError), open_regular(self.path) as file:
            while offset > 0 and (piece := file.read(min(offset, _PIECE_BYTES))):
                count += piece.count(b"\n")
                offset -= len(piece)
        return count
