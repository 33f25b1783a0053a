"""The append-only log of a run, one JSON record a line, and a reader that follows it.

Every line ends with a CRC-32 of what stands before it, so that a torn tail or a damaged line is seen and
passed over, and the lines around it still count.
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

_MARK = b',"crc32":"'
MAX_WAITING = 10_000  # records kept in memory while the disk is full


def encode(record: Mapping[str, Any]) -> bytes:
    """A record as the line that stands in the log; NaN and infinity become null."""
    body = orjson.dumps(record)
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


class RecordWriter:
    """The single writer of a log. A failing disk never raises into training: records wait and are retried.

    Each record is one `write` to a file opened for appending; a short write is taken back, so that two
    records never run together.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost = 0  # records dropped because too many waited
        self._waiting: deque[bytes] = deque()
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self._seq = self._last_seq() + 1
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            self._waiting.append(b"\n")  # close the tail that a crash tore

    def _last_seq(self) -> int:
        size = os.fstat(self._fd).st_size
        tail = os.pread(self._fd, 65536, max(size - 65536, 0))
        for line in reversed(tail.split(b"\n")):
            record = decode(line)
            if record is not None:
                return int(record.get("seq", 0))
        return 0

    def write(self, record: Mapping[str, Any]) -> None:
        """Append a record, numbered with `seq`."""
        self._waiting.append(encode({"seq": self._seq, **record}))
        self._seq += 1
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self.lost += 1
        self.flush()

    def flush(self) -> None:
        """Write what waits, as far as the disk lets it."""
        while self._waiting:
            line = self._waiting[0]
            try:
                written = os.write(self._fd, line)
                if written < len(line):
                    os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
                    return
            except OSError:
                return
            self._waiting.popleft()

    def sync(self) -> None:
        """Ask the disk to keep what was written; an error is left to the next write."""
        try:
            os.fdatasync(self._fd)
        except OSError:
            return

    def close(self) -> None:
        """Write what waits and close."""
        self.flush()
        os.close(self._fd)


class RecordReader:
    """Follows a log: each `read_new` gives the whole records that came since the one before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bad_lines = 0
        self._offset = 0

    def read_new(self, limit_bytes: int = -1) -> list[dict[str, Any]]:
        """New records in order; an unfinished last line is left for the next call, damage is counted.

        With `limit_bytes`, about so much of a long log at a time (more than any line has): call until
        nothing comes.
        """
        try:
            with self.path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._offset:
                    self._offset = 0  # the file is another one, or was cut
                file.seek(self._offset)
                data = file.read(limit_bytes)
        except FileNotFoundError:
            return []
        whole = data.rfind(b"\n") + 1
        self._offset += whole
        records = []
        for line in data[:whole].split(b"\n")[:-1]:
            record = decode(line)
            if record is not None:
                records.append(record)
            elif line:
                self.bad_lines += 1
        return records
