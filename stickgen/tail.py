"""The end of a file that another process appends to: whole lines, each once, in pieces of bounded size."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stickgen.foreign_files import open_regular

MAX_LINE_BYTES = 64 * 2**20  # no line of ours is near as long
_STEP_BYTES = 64 * 1024
_BEFORE_BYTES = 32  # the checksum of a record is among the last bytes of its line
_SAMPLES, _SAMPLE_BYTES = 16, 4096  # pieces of a file that tell it from another with the same ends


class Tail:
    """Reads on from where it stands. A file that was cut or replaced is read again from its start."""

    def __init__(self, path: Path, longest_line: int = MAX_LINE_BYTES) -> None:
        self.path = path
        self._longest_line = longest_line  # bytes; a longer one is passed over
        self.begun_again = 0  # how often the file was found cut or replaced
        self.too_long = 0  # lines that were passed over since the file was begun
        self.piece = 0  # where what was read last begins
        self._offset = 0
        self._in_a_long_line = False
        self._before = b""  # the last bytes before where it stands, as they were read
        self._file: tuple[int, int] | None = None  # device and inode of what was read last

    def skip_to_end(self) -> None:
        """Take all that is there as read; a line that is half written will still come whole."""
        self._offset = 0
        try:
            with open_regular(self.path) as file:
                status = os.fstat(file.fileno())
                self._file = status.st_dev, status.st_ino
                for end in range(status.st_size, 0, -_STEP_BYTES):
                    start = max(end - _STEP_BYTES, 0)
                    whole = os.pread(file.fileno(), end - start, start).rfind(b"\n") + 1
                    if whole:
                        self._offset = start + whole
                        self._before = os.pread(file.fileno(), 1, self._offset - 1)
                        return
        except OSError:
            return

    def skip_to_last(self, count: int) -> bool:
        """Stand behind the first line end in the last `count` bytes. False if the file cannot be read."""
        try:
            with open_regular(self.path) as file:
                status = os.fstat(file.fileno())
                start = max(status.st_size - count, 0)
                end_of_line = os.pread(file.fileno(), count, start).find(b"\n") + 1 if start else 0
                self._before = b"\n" if end_of_line else b""
        except OSError:
            return False
        self._file = status.st_dev, status.st_ino
        self._in_a_long_line = bool(start and not end_of_line)
        self._offset = start + end_of_line
        return True

    @property
    def offset(self) -> int:
        """How many bytes were read."""
        return self._offset

    def position(self) -> dict[str, Any]:
        """Where it stands, as JSON: the file, how much of it was read, and checksums of pieces of that."""
        with open_regular(self.path) as file:
            ends = _checks(file.fileno(), self._offset)
        return {"file": self._file, "offset": self._offset, "ends": ends}

    def go_on_from(self, position: Mapping[str, Any]) -> bool:
        """Stand where another reader stood. False if the file is another, or what was read of it is changed."""
        offset = int(position["offset"])
        try:
            with open_regular(self.path) as file:
                status = os.fstat(file.fileno())
                identity = status.st_dev, status.st_ino
                if list(identity) != list(position["file"]) or status.st_size < offset:
                    return False
                if _checks(file.fileno(), offset) != list(position["ends"]):
                    return False
                count = min(offset, _BEFORE_BYTES)
                self._before = os.pread(file.fileno(), count, offset - count)
        except OSError:
            return False
        self._file, self._offset, self._in_a_long_line = identity, offset, False
        return True

    def read(self, limit_bytes: int) -> bytes:
        """Whole lines, about so many bytes of them; nothing if there are none. Raises OSError."""
        with open_regular(self.path) as file:
            status = os.fstat(file.fileno())
            identity = status.st_dev, status.st_ino
            replaced = self._file is not None and identity != self._file
            if replaced or status.st_size < self._offset or not self._stands_where_it_stood(file.fileno()):
                self.begun_again += 1
                self._offset, self.too_long, self._in_a_long_line, self._before = 0, 0, False, b""
            self._file = identity
            file.seek(self._offset)
            data = file.read(limit_bytes)
            while b"\n" not in data:  # a line longer than the limit
                more = file.read(limit_bytes)
                if not more:
                    break
                data += more
                if len(data) > self._longest_line:  # not kept in memory
                    if not self._in_a_long_line:
                        self.piece = self._offset
                        self.too_long += 1
                    self._in_a_long_line = True
                    self._offset += len(data)
                    return b""
        whole = data.rfind(b"\n") + 1
        start = data.find(b"\n") + 1 if self._in_a_long_line else 0  # the rest of what was passed over
        self.piece = self._offset + start
        self._offset += whole
        if whole:
            self._before = data[max(whole - _BEFORE_BYTES, 0) : whole]
        self._in_a_long_line = self._in_a_long_line and not whole
        return data[start:whole]

    def _stands_where_it_stood(self, fd: int) -> bool:
        if self._in_a_long_line:
            return True
        count = len(self._before)
        return os.pread(fd, count, self._offset - count) == self._before


def _checks(fd: int, offset: int) -> list[int]:
    """Checksums of both ends of the first `offset` bytes, and of small pieces between them if that is not all."""
    step = offset // _SAMPLES if offset > 2 * _STEP_BYTES else 0
    return [
        zlib.crc32(os.pread(fd, min(_STEP_BYTES, offset), 0)),
        *(zlib.crc32(os.pread(fd, _SAMPLE_BYTES, place * step)) for place in range(1, _SAMPLES) if step),
        zlib.crc32(os.pread(fd, min(_STEP_BYTES, offset), max(offset - _STEP_BYTES, 0))),
    ]
