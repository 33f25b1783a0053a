"""The end of a growing log file: bounded memory, only new bytes read, terminal codes taken out."""

from __future__ import annotations

import os
import re
from pathlib import Path

from stickgen.foreign_files import open_regular
from stickgen.text import clean

# Colours and cursor moves of a progress bar carry nothing here; what is left of an escape is made visible.
_CSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# The trainer's own stamp: the day and the thousandths only take room from the message.
_STAMP = re.compile(r"^\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d),\d{3} (?:INFO )?")
_LONGEST_LINE = 2000
_FIRST_READ = 64 * 1024


class LogTail:
    """New lines of a file that another process appends to, from near its end on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset: int | None = None
        self._partial = b""
        self._started = False

    def read_new(self) -> list[str]:
        """The lines completed since the last call, cleaned. A file that shrank is read anew."""
        try:
            with open_regular(self._path) as file:
                size = os.fstat(file.fileno()).st_size
                if self._offset is None:
                    self._offset = max(size - _FIRST_READ, 0)
                elif size < self._offset:
                    self._offset, self._partial = 0, b""
                file.seek(self._offset)
                data = file.read(4 * 1024 * 1024)
        except OSError:
            return []
        first_cut, self._started = self._offset > 0 and not self._started, True
        self._offset += len(data)
        *complete, self._partial = (self._partial + data).split(b"\n")
        self._partial = self._partial[-_LONGEST_LINE * 4 :]
        if first_cut and complete:
            del complete[0]  # its beginning lies before the part that was read
        return [_line(raw) for raw in complete]


def _line(raw: bytes) -> str:
    """One line as it would stand on a terminal after the last carriage return."""
    text = raw.decode("utf-8", errors="replace").rstrip("\r")
    text = _STAMP.sub(r"\1 ", _CSI.sub("", text.rsplit("\r", 1)[-1]))
    return clean(text.expandtabs(4), single_line=True, limit=_LONGEST_LINE)
