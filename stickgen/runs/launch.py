"""Start a run that outlives its terminal, and stop one gracefully."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil

from stickgen.errors import StickgenError
from stickgen.runs.control import request
from stickgen.runs.store import Run


def launch(run: Run, timeout_seconds: float = 20.0) -> None:
    """Start the supervisor of `run` in a session of its own and wait until the trainer has a process.

    Raises StickgenError when a trainer is at work already, or none appears.
    """
    if run.state().alive and run.identity.get("launches"):
        raise StickgenError(f"{run.name} is running already; watch it with: stickgen runs watch {run.name}")
    launches = len(run.identity.get("launches") or [])
    if run.exit_path.exists():
        run.exit_path.rename(run.path / f"exit-{launches}.json")
    (run.path / "heartbeat").unlink(missing_ok=True)  # an old one would make the new launch look stalled
    log = os.open(run.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "stickgen.runs.supervisor", str(run.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
        )
    finally:
        os.close(log)
    deadline = time.monotonic() + timeout_seconds
    while len(run.identity.get("launches") or []) == launches:
        if supervisor.poll() is not None or time.monotonic() > deadline:
            raise StickgenError(f"{run.name}: the trainer did not start; see {run.log_path}")
        time.sleep(0.02)


def stop(run: Run, *, force: bool = False) -> None:
    """Ask for a stop with a checkpoint; `force` kills the trainer at once.

    Raises StickgenError when nothing runs.
    """
    if not run.state().alive:
        raise StickgenError(f"{run.name} is not running ({run.state().status})")
    pid = int(run.identity["launches"][-1]["pid"])
    try:
        process = psutil.Process(pid)
        if force:
            process.kill()
            return
        request(run, "stop")
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)  # a paused process hears nothing else
    except psutil.NoSuchProcess:
        return
