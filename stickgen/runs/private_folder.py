"""Folders whose files are executed later: nobody else may have made them, or may write into them."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from stickgen.folders import cache_path

INDUCTOR = "TORCHINDUCTOR_CACHE_DIR"


def is_private(path: Path) -> bool:
    """Whether `path` is a real folder of ours that nobody else can write into."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def private_folder(name: str) -> Path:
    """A folder of that name in the person's cache, made if it is missing; a new one in $TMPDIR if it is not private.

    Raises OSError if neither can be made.
    """
    path = cache_path(name)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix=f"stickgen-{name}-"))
    if is_private(path.parent) and is_private(path):
        return path
    return Path(tempfile.mkdtemp(prefix=f"stickgen-{name}-"))


def keep_compiled_code_private() -> None:
    """Let torch keep the code that it compiles, and executes at the next launch, in a private folder.

    By itself it takes /tmp/torchinductor_USER, which any local user can make first. One that the person chose
    stays, if it is private or not there yet. Raises OSError if no folder can be made.
    """
    chosen = os.environ.get(INDUCTOR)
    if chosen and (is_private(Path(chosen)) or not os.path.lexists(chosen)):
        return
    os.environ[INDUCTOR] = str(private_folder("torchinductor"))
