"""Who works on a queue: a lock that the kernel drops when its holder dies, so that nobody is taken for a worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import psutil

from stickgen.children import child_environment
from stickgen.errors import StickgenError
from stickgen.foreign_files import read_json
from stickgen.runs.locks import LockedFile, is_locked
from stickgen.runs.process import find_process

LOCK: Final = "worker.lock"
WORKER: Final = "worker.json"
LOG: Final = "worker.log"


class WorkerLock(LockedFile):
    """Held by the worker for life."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / LOCK)
        self._root = root

    def acquire(self) -> None:
        """Raises StickgenError if another worker has it, or the folder cannot be written."""
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            ours = self.try_for(0.0)
        except OSError as error:
            raise StickgenError(f"{error.filename}: it cannot be written ({error.strerror})") from error
        if not ours:
            raise StickgenError(f"a worker is at work on this queue already{worker_text(self._root)}")


def is_at_work(root: Path) -> bool:
    """Whether a worker works on the queue of `root`."""
    return is_locked(root / LOCK)


def worker_facts(root: Path) -> dict[str, Any]:
    """What worker.json says; empty if nobody is at work."""
    if not is_at_work(root):
        return {}
    try:
        return read_json(root / WORKER)
    except (OSError, ValueError):
        return {}


def worker_text(root: Path) -> str:
    """` (process 4711 on host)`, or nothing."""
    facts = worker_facts(root)
    return f" (process {facts['pid']} on {facts.get('host', 'this machine')})" if "pid" in facts else ""


def start_worker(root: Path, timeout_seconds: float = 30.0) -> bool:
    """Start a worker apart from this terminal and wait until it is at work; False if one was at work already.

    Raises StickgenError if it does not come.
    """
    if is_at_work(root):
        return False
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = os.open(
            root / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
    except OSError as error:
        raise StickgenError(f"{error.filename}: it cannot be written ({error.strerror})") from error
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "stickgen.queue.worker"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=child_environment(STICKGEN_QUEUE=str(root)),
        )
    finally:
        os.close(log)
    deadline = time.monotonic() + timeout_seconds
    while worker_facts(root).get("pid") != process.pid:
        if process.poll() is not None and is_at_work(root):
            return False  # another one was faster
        if process.poll() is not None or time.monotonic() > deadline:
            raise StickgenError(f"the worker did not start; see {root / LOG}")
        time.sleep(0.02)
    return True


def stop_worker(root: Path, *, jobs: bool = False, timeout_seconds: float = 60.0) -> None:
    """End the worker; what runs goes on, or, with `jobs`, is stopped with a checkpoint, to go on later.

    Waits until the worker has ended, with `jobs` as long as that takes. Raises StickgenError if none is at work, or it
    cannot be reached from here.
    """
    facts = worker_facts(root)
    if not is_at_work(root):
        raise StickgenError("no worker is at work; start one with: stickgen queue start")
    process = find_process(facts)
    if process is None:
        raise StickgenError(f"the worker{worker_text(root)} cannot be reached from here; end it there")
    try:
        process.send_signal(signal.SIGTERM if jobs else signal.SIGUSR2)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise StickgenError(f"the worker{worker_text(root)} belongs to another user") from error
    deadline = time.monotonic() + timeout_seconds
    while is_at_work(root):
        if not jobs and time.monotonic() > deadline:
            raise StickgenError(f"the worker{worker_text(root)} was asked to end, and has not done so yet")
        time.sleep(0.05)
