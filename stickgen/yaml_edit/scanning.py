"""The scanner of ruamel.yaml, made faster, and within limits that no file can break."""

from __future__ import annotations

import re
import time
from typing import Any

from ruamel.yaml.scanner import Scanner

MAX_DEPTH = 64  # it takes minutes on thousands of open brackets

_LOOK = 16  # tokens between two looks at the clock, which is a call into the system

_BLANKS, _FLOW_BLANKS = re.compile(" *"), re.compile("[ \t]*")
_COMMENT = re.compile("[^\n\r\0\x85\u2028\u2029]*")


class TooDeepError(Exception):
    """More than MAX_DEPTH brackets inside one another; `offset` is behind the last of them."""

    def __init__(self, offset: int) -> None:
        self.offset = offset


class TooLongError(Exception):
    """The time is over."""


class BoundedScanner(Scanner):
    """Stops at too many brackets inside one another, and when the time is over."""

    deadline = float("inf")
    fetched = 0  # tokens so far; the clock is asked at some of them

    def scan_to_next_token(self) -> None:
        """The same as the parser's own, which goes through comments a character at a time: half of the time."""
        reader = self.reader
        if reader.index == 0 and reader.peek() == "\ufeff":
            reader.forward()
        blanks = _FLOW_BLANKS if self.flow_level > 0 else _BLANKS
        while True:
            self._skip(blanks)
            if reader.peek() == "#":
                self._skip(_COMMENT)
            if not self.scan_line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def _skip(self, pattern: re.Pattern[str]) -> None:
        """Go behind what matches here, within the line."""
        reader = self.reader
        found = pattern.match(reader.buffer, reader.pointer)
        assert found is not None
        length = found.end() - reader.pointer
        reader.pointer += length
        reader.index += length
        reader.column += length

    def fetch_more_tokens(self) -> Any:
        if self.flow_level > MAX_DEPTH:
            raise TooDeepError(self.reader.get_mark().index)
        self.fetched += 1
        if self.fetched % _LOOK == 0 and time.thread_time() > self.deadline:
            raise TooLongError
        return super().fetch_more_tokens()
