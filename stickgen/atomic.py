"""Files that are either the old one or the new one, never half of each."""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
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


class WriteProtectedError(PermissionError):
    """A file that somebody protected against being written; a rename would replace it all the same."""


def check_protection(path: Path) -> None:
    """Raise WriteProtectedError if there is a file at `path` that nobody, or not this user, may write.

    Root may write everything; what has no write permission at all is protected from root too.
    """
    try:
        there = path.stat()
    except OSError:
        return
    if not stat.S_ISREG(there.st_mode):
        return
    if not there.st_mode & 0o222:
        raise WriteProtectedError(errno.EACCES, "it is write-protected", str(path))
    if not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        owner = f"user {there.st_uid}" if there.st_uid != os.geteuid() else "you"
        with contextlib.suppress(KeyError):
            owner = pwd.getpwuid(there.st_uid).pw_name if there.st_uid != os.geteuid() else owner
        raise WriteProtectedError(errno.EACCES, f"it belongs to {owner}, and you may not write it", str(path))


@contextlib.contextmanager
def replacing(
    path: Path,
    *,
    mode: int | None = None,
    durable: bool = True,
    follow: bool = True,
    force: bool = False,
    lost: list[str] | None = None,
) -> Iterator[IO[bytes]]:
    """A file to write into that takes the place of `path` when the block ends, and vanishes if it raises.

    A symlink is followed, so that the file it names is replaced and not the link, unless `follow` is off:
    then the new file takes the place of the link, and what it named is not touched. The new file takes
    the mode, the owner, the group and the extended attributes (ACLs are some) of the one it replaces; what of
    them cannot be kept is added to `lost`, in words. `mode` is for a file that is new
    (default: 0666 less the umask). The temporary file lies beside the target, never in $TMPDIR, which
    may be another filesystem, where a rename is not atomic. `durable=False` skips the fsync, for files
    that the next second overwrites anyway.

    Raises OSError (disk full, read-only, no such directory), WriteProtectedError if a person's file is
    protected and `force` is off; the old file is then untouched and the temporary one is gone.
    """
    target = Path(os.path.realpath(path)) if follow else path
    if follow and not force:
        check_protection(target)
    fd, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(fd, "wb") as file:
            yield file
            file.flush()
            gone = _take_attributes(file.fileno(), target, mode)
            if durable:
                os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if lost is not None:
        lost += gone
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


def _take_attributes(fd: int, target: Path, mode: int | None) -> list[str]:
    """Give the new file what the old one had beside its content; returns what could not be kept, in words."""
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
        return []
    lost: list[str] = []
    kept = stat.S_IMODE(old.st_mode)
    new = os.fstat(fd)
    if old.st_gid != new.st_gid:
        try:
            os.fchown(fd, -1, old.st_gid)
        except OSError:  # those of another group get what everybody gets
            kept = kept & ~0o2070 | (kept & 0o007) << 3
            lost.append("the group")
    if old.st_uid != new.st_uid:
        try:
            os.fchown(fd, old.st_uid, -1)
        except OSError:
            kept &= ~0o4000
            lost.append("the owner")
    os.fchmod(fd, kept)
    return lost + _take_extended(fd, target)


def _take_extended(fd: int, target: Path) -> list[str]:
    """Extended attributes, if this system has them."""
    if not hasattr(os, "listxattr"):
        return []
    try:
        old, new = os.listxattr(target), os.listxattr(fd)
    except OSError:  # a filesystem without them
        return []
    lost = []
    for name in new:
        if name not in old and not name.startswith("security."):  # the default ACL of the folder
            with contextlib.suppress(OSError):
                os.removexattr(fd, name)
    for name in old:
        try:
            value = os.getxattr(target, name)
            if name not in new or os.getxattr(fd, name) != value:
                os.setxattr(fd, name, value)
        except OSError:
            lost.append("its ACL" if name.startswith("system.posix_acl") else f"the attribute {name}")
    return lost
