"""Decodes other programs' text files: UTF-8 and UTF-16 with or without a byte-order mark, else old code pages."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from stickgen.foreign_files import read_regular

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, with whose mark it begins
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MAX_TABLE_BYTES = 2**28  # for an index, a list or a map of joints
_SAMPLE = 400  # bytes that are examined to detect UTF-16 without a mark


def decode(data: bytes) -> str:
    """`data` as text, without a byte-order mark. Never fails: if nothing else fits, it is read as Latin-1.

    In UTF-16, half the bytes of English text are zero, and motion files and tables are mostly English. Japanese
    programs write joint names in Shift-JIS.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    sample = data[:_SAMPLE]
    zeros = sample[0::2].count(0), sample[1::2].count(0)
    for encoding, own, other in (("utf-16-be", zeros[0], zeros[1]), ("utf-16-le", zeros[1], zeros[0])):
        if own > len(sample) // 3 and not other:
            return data.decode(encoding, errors="replace")
    for encoding in ("utf-8", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def read_text_file(path: Path) -> str:
    """`decode` a file that the user named. Raises OSError, also for a device, a pipe or a file without end."""
    return decode(
        read_regular(Path(os.path.realpath(path)), MAX_TABLE_BYTES)
    )  # the user's own links are followed
