"""The end of a growing log file: bounded memory, only new bytes read, terminal codes taken out."""

from __future__ import annotations

import re
from pathlib import Path

from stickgen.tail import Tail
from stickgen.text import clean

# Colours and cursor moves of a progress bar carry nothing here; what is left of an escape is made visible.
_CSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# The trainer's own stamp: the day and the thousandths only take room from the message.
_STAMP = re.compile(r"^\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d),\d{3} (?:INFO )?")
_LONGEST_LINE = 2000
_FIRST_READ = 64 * 1024
_READ_AT_ONCE = 4 * 2**20
_PASSED_OVER = 2**20  # bytes of a line that is not worth its memory


class LogTail:
    """New lines of a file that another process appends to, from near its end on."""

    def __init__(self, path: Path) -> None:
        self._tail = Tail(path, longest_line=_PASSED_OVER)
        self._begun = False

    @property
    def written_unix(self) -> float | None:
        """When its last line was written, in seconds since 1970; None without a file."""
        try:
            return self._tail.path.stat().st_mtime
        except OSError:
            return None

    def read_new(self) -> list[str]:
        """The lines completed since the last call, cleaned. A file that shrank is read anew."""
        self._begun = self._begun or self._tail.skip_to_last(_FIRST_READ)
        try:
            data = self._tail.read(_READ_AT_ONCE)
        except OSError:
            return []
        return [_line(raw) for raw in data.split(b"\n")[:-1]]


def _line(raw: bytes) -> str:
    """One line as it would stand on a terminal after the last carriage return."""
    text = raw.decode("utf-8", errors="replace").rstrip("\r")
    text = _STAMP.sub(r"\1 ", _CSI.sub("", text.rsplit("\r", 1)[-1]))
    return clean(text.expandtabs(4), single_line=True, limit=_LONGEST_LINE)
