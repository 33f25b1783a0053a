"""What the control groups of Linux allow this process: memory and processor time, versions 1 and 2.

A container or a service may see all of the machine in /proc/meminfo and still be killed at a fraction of it.
Limits nest: the least one on the way from this process's group up to the root holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NO_LIMIT = 2**60  # version 1 writes "no limit" as a number near 2**63


@dataclass(frozen=True)
class CgroupLimits:
    """None if nothing is limited. `cpus` is processor time a second of wall time: 1.5 is one core and a half."""

    memory_bytes: int | None = None
    memory_available_bytes: int | None = None
    cpus: float | None = None


def read_limits(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> CgroupLimits:
    """The limits on this process; none on a system without control groups."""
    memory: list[tuple[int, int]] = []  # (limit, what is left of it)
    cpus: list[float] = []
    for controllers, path in _memberships(proc):
        unified = not controllers
        if unified or "memory" in controllers:
            for folder in _upwards(cgroups if unified else cgroups / "memory", path):
                memory.extend(_memory_v2(folder) if unified else _memory_v1(folder))
        if unified or "cpu" in controllers:
            mounts = (cgroups,) if unified else (cgroups / "cpu", cgroups / ",".join(controllers))
            base = next((mount for mount in mounts if mount.is_dir()), mounts[0])
            for folder in _upwards(base, path):
                cpus.extend(_cpus_v2(folder) if unified else _cpus_v1(folder))
    return CgroupLimits(
        memory_bytes=min((limit for limit, _ in memory), default=None),
        memory_available_bytes=min((left for _, left in memory), default=None),
        cpus=min(cpus, default=None),
    )


def _memberships(proc: Path) -> Iterator[tuple[list[str], str]]:
    """(controllers, path) of each hierarchy; version 2 names no controllers."""
    for line in (_text(proc / "self/cgroup") or "").splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            yield [name for name in parts[1].split(",") if name], parts[2]


def _upwards(base: Path, path: str) -> Iterator[Path]:
    """The group's folder and those above it, `base` last. Folders that are not visible here yield nothing.

    Inside a container the path may be that of the host, of which only `base` is mounted, or climb out of
    the mount by `..`; `base` is then the group itself.
    """
    names = [name for name in path.split("/") if name]
    if ".." in names:
        names = []
    for depth in range(len(names), -1, -1):
        yield base.joinpath(*names[:depth])


def _memory_v2(folder: Path) -> Iterator[tuple[int, int]]:
    used = _number(folder / "memory.current") or 0
    cache = _statistic(folder / "memory.stat", "inactive_file")
    # above memory.high nothing is killed, but the kernel slows the process to a crawl: a limit too
    for name in ("memory.max", "memory.high"):
        limit = _number(folder / name)
        if limit is not None:
            yield limit, max(limit - max(used - cache, 0), 0)


def _memory_v1(folder: Path) -> Iterator[tuple[int, int]]:
    limit = _number(folder / "memory.limit_in_bytes")
    if limit is not None and limit < NO_LIMIT:
        used = _number(folder / "memory.usage_in_bytes") or 0
        cache = _statistic(folder / "memory.stat", "total_inactive_file")
        yield limit, max(limit - max(used - cache, 0), 0)


def _cpus_v2(folder: Path) -> Iterator[float]:
    quota, _, period = (_text(folder / "cpu.max") or "").strip().partition(" ")
    if quota.isdigit() and period.isdigit() and int(period):
        yield int(quota) / int(period)


def _cpus_v1(folder: Path) -> Iterator[float]:
    quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
    if quota is not None and period:
        yield quota / period


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None


def _number(path: Path) -> int | None:
    """A file that holds one whole number, 0 or more; None for `max`, -1 (both: no limit) and no file."""
    text = (_text(path) or "").strip()
    return int(text) if text.isdigit() else None


def _statistic(path: Path, name: str) -> int:
    for line in (_text(path) or "").splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.strip().isdigit():
            return int(value)
    return 0
