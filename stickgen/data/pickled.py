"""Finds out what the pickle of a torch file would call, without running any of it.

torch's safe loader runs no foreign code, but it does call things that exhaust the memory: `bytearray(3_000_000_000)`
takes eleven bytes in a file. So only what plain tensors and containers are made of is let through here.
"""

from __future__ import annotations

import pickletools
import re
import zipfile
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.text import clean

_PLAIN = re.compile(r"torch \w+Storage|torch\._utils _rebuild_tensor_v2|collections OrderedDict")


def check_pickles(path: Path) -> None:
    """Raise StickgenError if a pickle in the zip file calls anything that plain tensors do not need.

    The file was checked before: it is a zip file, and none of its records is compressed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                # torch ignores the case of record names
                if entry.filename.lower().endswith((".pkl", ".pickle")):
                    _check(path, archive.read(entry))
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise StickgenError(
            f"{path}: it cannot be read ({error}); make or import the dataset again"
        ) from error


def _check(path: Path, data: bytes) -> None:
    try:
        for opcode, argument, _ in pickletools.genops(data):
            called = argument if opcode.name in ("GLOBAL", "INST") else opcode.name
            known = opcode.name not in ("STACK_GLOBAL", "EXT1", "EXT2", "EXT4", "INST")
            if not known or (opcode.name == "GLOBAL" and not _PLAIN.fullmatch(str(argument))):
                raise StickgenError(
                    f"{path}: it holds more than tensors and text ({clean(called, single_line=True, limit=80)}), which "
                    "could run code or fill the memory and is never loaded; save it again as plain tensors and text"
                )
    except (ValueError, UnicodeDecodeError, IndexError, OverflowError) as error:
        raise StickgenError(f"{path}: not a dataset, or a damaged one; make or import it again") from error
