"""The three locks of a run directory: one trainer, one launch, one writer of run.json at a time.

The kernel drops each of them when its holder dies, however it dies.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stickgen.errors import StickgenError

if TYPE_CHECKING:
    from stickgen.runs.directory import RunDirectory

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not make us wait
_PATIENCE_SECONDS = 0.5  # somebody who asks whether the launch lock is free holds it for microseconds
_TAKEN = {errno.EACCES, errno.EAGAIN}  # fcntl(2): somebody has it
_held_here: set[Path] = set()  # run locks of this process: to open and close such a file would drop its lock


class NoLocksError(StickgenError):
    """A filesystem that knows no locks."""


def no_locks(path: Path, error: OSError) -> NoLocksError:
    """What to say if a lock can neither be had nor refused: some network and FUSE filesystems have none."""
    return NoLocksError(
        f"{path}: this filesystem gives no file locks ({error.strerror}), and without them two trainers could "
        "write to one run; put the runs on a local disk: --runs DIR, or STICKGEN_RUNS"
    )


class RunLock:
    """Held by the trainer for life: one trainer a run.

    `lockf` and not `flock`, which forked data workers would inherit; on one descriptor, opened once, for
    closing any other descriptor of the file would drop the lock.
    """

    def __init__(self, run: RunDirectory) -> None:
        self._run = run
        self._fd = -1

    def acquire(self) -> None:
        """Take the lock. Raises StickgenError that names the process that holds it."""
        self._fd = os.open(self._run.lock_path, _FLAGS, 0o600)
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise no_locks(self._run.lock_path, error) from error
            pid = _holder(self._fd)
            host = self._run.identity.get("host", "this machine")
            raise StickgenError(
                f"{self._run.name}: a trainer is at work on this run already (process {pid} on {host})"
            ) from error
        _held_here.add(self._run.lock_path)


def trainer_lock_holder(run: RunDirectory) -> int | None:
    """The process id that holds the run's lock, None while it is free.

    Of a holder that cannot be seen from here (another machine, another container) the id means nothing,
    and may be 0 or -1; that it is held still holds.
    """
    if run.lock_path in _held_here:
        return os.getpid()
    try:
        fd = os.open(run.lock_path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _holder(fd)
    except OSError:  # no regular file, or a filesystem without locks
        return None
    finally:
        os.close(fd)


def _holder(fd: int) -> int | None:
    """F_GETLK: who would stand in the way of a write lock on the whole file (fcntl(2), `struct flock`).

    None if the filesystem has no locks: nobody can hold one.
    """
    try:
        return _ask_for_holder(fd)
    except OSError:
        return None


def _ask_for_holder(fd: int) -> int | None:
    if sys.platform == "darwin":
        answer = fcntl.fcntl(fd, fcntl.F_GETLK, struct.pack("qqihh", 0, 0, 0, fcntl.F_WRLCK, 0))
        _, _, pid, kind, _ = struct.unpack("qqihh", answer)
    else:
        answer = fcntl.fcntl(fd, fcntl.F_GETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
        kind, _, _, _, pid = struct.unpack("hhqqi4x", answer)
    return None if kind == fcntl.F_UNLCK else int(pid)


class LockedFile:
    """A file that one process holds by `flock`, with those that inherit its descriptor: free when the last copy is closed.

    So never unlock it, only close it.
    """

    def __init__(self, path: Path, fd: int = -1) -> None:
        self._path = path
        self.fd = fd

    def try_for(self, seconds: float) -> bool:
        """Try so long; whether it is ours now. Raises OSError if it cannot be opened, NoLocksError if there are no locks."""
        self.fd = os.open(self._path, _FLAGS, 0o600)
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() > deadline:
                    self.close()
                    return False
                time.sleep(0.02)
            except OSError as error:
                self.close()
                raise no_locks(self._path, error) from error

    def close(self) -> None:
        """Close this process's copy."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def is_locked(path: Path) -> bool:
    """Whether somebody holds the `LockedFile` at `path`."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a filesystem without locks
        return False
    finally:
        os.close(fd)
    return False


class LaunchLock(LockedFile):
    """Held from before a launch touches anything until its supervisor, to which it is handed on, has written how the
    trainer ended."""

    def __init__(self, run: RunDirectory, fd: int = -1) -> None:
        super().__init__(run.launch_lock_path, fd)

    def acquire(self) -> bool:
        """Whether it is ours now. Raises StickgenError if there are no locks."""
        return self.try_for(_PATIENCE_SECONDS)


def launch_under_way(run: RunDirectory) -> bool:
    """Whether a launcher or a supervisor is at work on the run."""
    return is_locked(run.launch_lock_path)


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """While the block runs, nobody else is in one for the same `path`. Waits its turn.

    Raises StickgenError if the filesystem has no locks.
    """
    fd = os.open(path, _FLAGS, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
        except OSError as error:
            raise no_locks(path, error) from error
        yield
    finally:
        os.close(fd)
