"""If somebody cuts a mapped dataset short, reading it ends the process by SIGBUS: first, name the file.

Training reads from the file (`rows.py`) and is not affected. A Python signal handler would never run, because the
failed instruction is retried first; so the handler is installed through the C library, which calls it at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

from stickgen.text import clean

exit_code: int | None = None  # None: end by the signal itself, as a waiting parent process expects
_opened: dict[Path, int] = {}  # the size of each when it was opened
_said: list[str] = []


def watch(path: Path) -> None:
    """From now on, report that `path` was cut short if that ends this process."""
    with contextlib.suppress(OSError):
        _opened[path] = path.stat().st_size
        if len(_opened) == 1:
            _set_handler(signal.SIGBUS, _say)


@ctypes.CFUNCTYPE(None, ctypes.c_int)  # type: ignore[untyped-decorator]
def _say(number: int) -> None:
    names = [str(path) for path, size in _opened.items() if _is_shorter(path, size)] or [*map(str, _opened)]
    sentence = (
        f"stickgen: {clean(', '.join(names), single_line=True)}: the dataset was cut short while it was read; restore "
        "it, and write another dataset under another name\n"
    )
    if _said:  # several threads may read at once: the first one reports, and ends all
        time.sleep(1)
    _said.append(sentence)
    with contextlib.suppress(OSError):
        os.write(2, sentence.encode(errors="replace"))
    if exit_code is not None:
        os._exit(exit_code)
    _set_handler(
        number, type(_say)(0)
    )  # the default handler: the instruction fails again, which ends the process


def _is_shorter(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size < size
    except OSError:
        return True


def _set_handler(number: int, handler: ctypes._FuncPointer) -> None:
    libc = ctypes.CDLL(None)
    libc.signal.argtypes, libc.signal.restype = [ctypes.c_int, type(_say)], ctypes.c_void_p
    libc.signal(number, handler)
