"""Which process is meant: a process id alone may belong to another process by now."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_GONE = {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}


@functools.cache
def boot_id() -> str:
    """What tells this boot from the others."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(int(psutil.boot_time()))


def describe_process(pid: int) -> dict[str, Any]:
    """What finds this very process again: `find_process` takes it.

    On Linux the start is counted in clock ticks since boot, which no change of the wall clock moves.
    Elsewhere it is psutil's creation time. Raises ProcessLookupError when there is no such process.
    """
    described: dict[str, Any] = {"pid": pid, "boot_id": boot_id()}
    if sys.platform == "linux":
        return {**described, "start_ticks": _start_ticks(pid)}
    try:
        return {**described, "create_time": psutil.Process(pid).create_time()}
    except psutil.Error as error:
        raise ProcessLookupError(pid) from error


def find_process(described: Mapping[str, Any] | None) -> psutil.Process | None:
    """The process that `describe_process` described; None if it is gone, a zombie, or another one."""
    if not described or described.get("boot_id") != boot_id():
        return None
    try:
        pid = int(described["pid"])
        process = psutil.Process(pid)
        if "start_ticks" in described:
            same = _start_ticks(pid) == described["start_ticks"]
        else:
            same = abs(process.create_time() - float(described["create_time"])) < 0.5
        return process if same and process.status() not in _GONE else None
    except (psutil.Error, OSError, LookupError, ValueError, TypeError, ArithmeticError):
        return None


def _start_ticks(pid: int) -> int:
    """Field 22 of /proc/PID/stat (proc_pid_stat(5)); the name before it may hold spaces and brackets."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError as error:
        raise ProcessLookupError(pid) from error
    return int(stat[stat.rindex(b")") + 2 :].split()[19])


def is_paused(process: psutil.Process) -> bool:
    """Whether it was stopped by SIGSTOP or a debugger, and does nothing until SIGCONT."""
    try:
        return process.status() in {psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP}
    except psutil.Error:
        return False


def die_with(parent: int) -> None:
    """On Linux, let the kernel kill this process when the thread that started it is gone (prctl(2)).

    `parent` is the process of that thread: if it is gone already, this one ends now.
    """
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent and not psutil.pid_exists(parent):
        os.kill(os.getpid(), signal.SIGKILL)
