"""stdout and stderr as they may be: closed, full, cut off, or unable to say more than ASCII."""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import sys
import unicodedata
from typing import Any, TextIO

_ERRORS = "stickgen.plain"
_ASCII = "stickgen_ascii"
_PLAIN = {
    "×": "x", "·": "*", "•": "*", "…": "...", "–": "-", "—": "-", "−": "-", "→": "->", "←": "<-", "↑": "^",
    "↓": "v", "‹": "<", "›": ">", "“": '"', "”": '"', "‘": "'", "’": "'", "≤": "<=", "≥": ">=", "≈": "~",
    "±": "+-", "²": "^2", "³": "^3", "°": " deg", "µ": "u", "✓": "ok", "✗": "x", "◆": "*", "●": "*", "○": "o",
    "\xa0": " ", "Δ": "D", "σ": "sigma", "√": "sqrt",
}  # fmt: skip


def plain(text: str) -> str:
    """`text` in ASCII: our own signs by what looks like them, lines and blocks of drawings, the rest by number."""
    out = []
    for character in text:
        if character.isascii():
            out.append(character)
        elif character in _PLAIN:
            out.append(_PLAIN[character])
        elif "─" <= character <= "╿":  # lines of tables and boxes
            out.append("|" if character in "│┃║╎╏┆┇┊┋" else "-" if character in "─━═╌╍┄┅┈┉╸╺╴╶" else "+")
        elif "▀" <= character <= "▟":  # blocks of bars
            out.append("#")
        elif "⠀" <= character <= "⣿":  # braille of curves
            out.append(" " if character == "⠀" else ".")
        elif unicodedata.category(character) == "Zs":
            out.append(" ")
        else:
            out.append(character.encode("ascii", "backslashreplace").decode())
    return "".join(out)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end


def _ascii_by_another_name(name: str) -> codecs.CodecInfo | None:
    """click takes a stream that calls itself ASCII for a mistake, and writes UTF-8 to it."""
    if name != _ASCII:
        return None
    real = codecs.lookup("ascii")
    return codecs.CodecInfo(
        real.encode, real.decode, real.streamreader, real.streamwriter, real.incrementalencoder,
        real.incrementaldecoder, name=_ASCII,
    )  # fmt: skip


def prepare_streams() -> None:
    """Make both fit to be written to, before the first word: no character is more than they can say.

    Closed descriptors are opened on nothing, or the next file that is opened would become stdout.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDWR)
    codecs.register_error(_ERRORS, _replace)
    codecs.register(_ascii_by_another_name)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=_ASCII if ascii_only else None, errors=_ERRORS)


def finish_streams() -> str:
    """Write out what waits; why that failed, in words, or nothing. Whoever closed a pipe wants to hear nothing."""
    reason = ""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError) as error:
            drop(stream)
            if not (isinstance(error, OSError) and error.errno == errno.EPIPE):
                reason = reason or describe(error)
    return reason


def is_about_output(error: OSError) -> bool:
    """Whether it was a stream and not a file that refused: those errors name none."""
    return error.filename is None and error.errno in {
        errno.ENOSPC,
        errno.EIO,
        errno.EPIPE,
        errno.EBADF,
        errno.EDQUOT,
    }


def describe(error: OSError | ValueError) -> str:
    """What is wrong with a stream."""
    return f"the output cannot be written ({getattr(error, 'strerror', None) or error})"


def drop(stream: TextIO | None) -> None:
    """Let what still goes to a broken stream go nowhere: Python would try, and complain, once more at its end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())  # type: ignore[union-attr]
        os.close(nothing)


class Unbreakable:
    """A stream that may break while it is written to: from then on what is said is dropped, and nothing raises."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.reason = ""  # why it broke
        self.closed_pipe = False

    def _do(self, what: str, *values: Any) -> Any:
        if self._stream is None or self.reason:
            return None
        try:
            return getattr(self._stream, what)(*values)
        except (OSError, ValueError) as error:
            self.reason = describe(error)
            self.closed_pipe = isinstance(error, OSError) and error.errno == errno.EPIPE
            drop(self._stream)
            return None

    def write(self, text: str) -> int:
        """Write, if that is still possible."""
        self._do("write", text)
        return len(text)

    def flush(self) -> None:
        """Flush, if that is still possible."""
        self._do("flush")

    def say(self, line: str) -> None:
        """Write a line."""
        self.write(line + "\n")
        self.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal that is still there."""
        return bool(self._do("isatty"))

    def fileno(self) -> int:
        """Its descriptor. Raises OSError if it has none."""
        if self._stream is None:
            raise OSError(errno.EBADF, "closed")
        return self._stream.fileno()

    @property
    def encoding(self) -> str:
        """What its characters become."""
        return getattr(self._stream, "encoding", None) or "utf-8"


def is_plain_terminal() -> bool:
    """Whether the terminal can do nothing but print line after line."""
    return os.environ.get("TERM", "").lower() in {"dumb", "unknown"}
