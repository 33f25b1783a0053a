"""What this machine has: memory and the cgroup's limit on it, cores, bf16, GPUs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from stickgen.atomic import write_text

PROBE_SECONDS = 60.0


@dataclass(frozen=True)
class Gpu:
    """A CUDA device."""

    index: int
    name: str
    vram_total_bytes: int
    vram_free_bytes: int
    bf16: bool


@dataclass(frozen=True)
class Machine:
    """Facts of a machine; sizes in bytes."""

    ram_total_bytes: int
    ram_available_bytes: int
    cgroup_limit_bytes: int | None
    cores_logical: int
    cores_physical: int
    cores_usable: int
    cpu_name: str
    cpu_bf16: bool
    gpus: tuple[Gpu, ...] = ()
    mps: bool = False
    torch_version: str | None = None

    @property
    def ram_usable_bytes(self) -> int:
        """RAM, or the cgroup's limit where that is less."""
        return min(self.ram_total_bytes, self.cgroup_limit_bytes or self.ram_total_bytes)

    def to_json(self) -> dict[str, Any]:
        """As plain values, units in the names."""
        return {**asdict(self), "ram_usable_bytes": self.ram_usable_bytes}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Machine:
        """The inverse of `to_json`."""
        known = {name: facts[name] for name in cls.__dataclass_fields__ if name in facts}
        return cls(**{**known, "gpus": tuple(Gpu(**gpu) for gpu in facts.get("gpus", ()))})


def cgroup_limit_bytes(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """The least memory limit on the way up from this process's cgroup, v2 or v1; None without one."""
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
    except OSError:
        return None
    limits = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            base, name = cgroups, "memory.max"
        elif "memory" in controllers.split(","):
            base, name = cgroups / "memory", "memory.limit_in_bytes"
        else:
            continue
        folder = base / path.lstrip("/")
        while True:
            with contextlib.suppress(OSError, ValueError):  # `max`, or not visible from here
                limits.append(int((folder / name).read_text()))
            if folder == base or base not in folder.parents:
                break
            folder = folder.parent
    # v1 says "no limit" with a number near 2**63
    limits = [limit for limit in limits if limit < 2**60]
    return min(limits, default=None)


def _cpu(proc: Path = Path("/proc")) -> tuple[str, bool]:
    try:
        text = (proc / "cpuinfo").read_text()
    except OSError:
        return "unknown CPU", False
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    words = set(text.split())
    return (names[0] if names else "unknown CPU"), bool(words & {"avx512_bf16", "amx_bf16", "bf16"})


def local_machine_fast() -> Machine:
    """What can be said at once, without torch; GPUs only if a former look has them in the cache."""
    memory = psutil.virtual_memory()
    name, bf16 = _cpu()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else psutil.cpu_count() or 1
    machine = Machine(
        ram_total_bytes=memory.total,
        ram_available_bytes=memory.available,
        cgroup_limit_bytes=cgroup_limit_bytes(),
        cores_logical=psutil.cpu_count() or 1,
        cores_physical=psutil.cpu_count(logical=False) or 1,
        cores_usable=usable,
        cpu_name=name,
        cpu_bf16=bf16,
    )
    return _with_torch(machine, _cached())


def detect(refresh: bool = False) -> Machine:
    """All facts; torch is asked for GPUs in a process that ends at once, and the answer is cached."""
    facts = None if refresh else _cached()
    if facts is None:
        facts = _ask_torch()
        cache = _cache_path()
        try:
            cache.parent.mkdir(parents=True, exist_ok=True)
            write_text(cache, json.dumps({"python": sys.executable, **facts}))
        except OSError:
            return _with_torch(local_machine_fast(), facts)
    return _with_torch(local_machine_fast(), facts)


def _cache_path() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stickgen" / "hardware.json"


def _cached() -> dict[str, Any] | None:
    try:
        facts = json.loads(_cache_path().read_bytes())
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) and facts.get("python") == sys.executable else None


def _ask_torch() -> dict[str, Any]:
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "stickgen.hardware.probe"],
            capture_output=True, timeout=PROBE_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        facts = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
    return facts if isinstance(facts, dict) else {}


def _with_torch(machine: Machine, facts: dict[str, Any] | None) -> Machine:
    if not facts:
        return machine
    gpus = tuple(Gpu(**gpu) for gpu in facts.get("gpus", ()))
    return replace(machine, gpus=gpus, mps=bool(facts.get("mps")), torch_version=facts.get("torch_version"))
