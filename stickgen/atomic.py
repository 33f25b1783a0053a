"""Files that are either the old one or the new one, never half of each."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO


def fsync_directory(directory: Path) -> None:
    """Make renames inside `directory` survive a power cut."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def replacing(
    path: Path, *, mode: int | None = None, durable: bool = True, follow: bool = True
) -> Iterator[IO[bytes]]:
    """A file to write into that takes the place of `path` when the block ends, and vanishes if it raises.

    A symlink is followed, so that the file it names is replaced and not the link, unless `follow` is off:
    then the new file takes the place of the link, and what it named is not touched. The new file takes
    the mode and, where allowed, the owner of the one it replaces; `mode` is for a file that is new
    (default: 0666 less the umask). The temporary file lies beside the target, never in $TMPDIR, which
    may be another filesystem, where a rename is not atomic. `durable=False` skips the fsync, for files
    that the next second overwrites anyway.

    Raises OSError (disk full, read-only, no such directory); the old file is then untouched and the
    temporary one is gone.
    """
    target = Path(os.path.realpath(path)) if follow else path
    fd, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(fd, "wb") as file:
            yield file
            file.flush()
            _take_permissions(file.fileno(), target, mode)
            if durable:
                os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        fsync_directory(target.parent)


def write_bytes(
    path: Path, data: bytes, *, mode: int | None = None, durable: bool = True, follow: bool = True
) -> None:
    """Replace `path` by `data` atomically, as `replacing` does."""
    with replacing(path, mode=mode, durable=durable, follow=follow) as file:
        file.write(data)


def write_text(
    path: Path, text: str, *, mode: int | None = None, durable: bool = True, follow: bool = True
) -> None:
    """`write_bytes` of `text` in UTF-8."""
    write_bytes(path, text.encode(), mode=mode, durable=durable, follow=follow)


def _take_permissions(fd: int, target: Path, mode: int | None) -> None:
    try:
        old = target.lstat()
        if not stat.S_ISREG(old.st_mode):
            raise FileNotFoundError(target)
    except FileNotFoundError:
        if mode is None:
            umask = os.umask(0)
            os.umask(umask)
            mode = 0o666 & ~umask
        os.fchmod(fd, mode)
        return
    os.fchmod(fd, old.st_mode & 0o7777)
    if (old.st_uid, old.st_gid) != (os.getuid(), os.getgid()):
        with contextlib.suppress(PermissionError):  # not ours to give away: the content matters more
            os.fchown(fd, old.st_uid, old.st_gid)
