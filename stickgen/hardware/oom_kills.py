"""How often the kernel has killed a process for want of memory since it was started."""

from __future__ import annotations

from pathlib import Path


def oom_kills(proc: Path = Path("/proc")) -> int | None:
    """The kernel's own count, of whole machine and control groups alike; None if it keeps none."""
    try:
        lines = (proc / "vmstat").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(" ")
        if name == "oom_kill" and value.strip().isdigit():
            return int(value)
    return None
