"""The processor: its name, its cores and whether it multiplies bf16 in hardware."""

from __future__ import annotations

import math
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

# the flags that make bf16 products fast on x86 and on ARM; software emulation is slower than fp32
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


@dataclass(frozen=True)
class Cpu:
    """Name and bf16 support."""

    name: str
    bf16: bool


def read_cpu(proc: Path = Path("/proc")) -> Cpu:
    """Of the first processor in /proc/cpuinfo; on macOS, what sysctl says."""
    if sys.platform == "darwin":
        return _mac_cpu()
    try:
        first, _, _ = (proc / "cpuinfo").read_text(errors="replace").partition("\n\n")
    except OSError:
        first = ""
    facts = {}
    for line in first.splitlines():
        key, _, value = line.partition(":")
        facts[key.strip().lower()] = value.strip()
    flags = set(f"{facts.get('flags', '')} {facts.get('features', '')}".split())
    name = facts.get("model name") or _board(proc) or f"{platform.machine() or 'unknown'} CPU"
    return Cpu(name, bool(flags & BF16_FLAGS))


def _board(proc: Path) -> str:
    """ARM names no processor, but small boards say what they are."""
    try:
        return (proc / "device-tree/model").read_text(errors="replace").strip("\0\n ")
    except OSError:
        return ""


def _mac_cpu() -> Cpu:
    def sysctl(name: str) -> str:
        try:
            answer = subprocess.run(
                ["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, timeout=2
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return answer.stdout.strip()

    return Cpu(sysctl("machdep.cpu.brand_string") or "Apple CPU", sysctl("hw.optional.arm.FEAT_BF16") == "1")


def usable_cores(quota: float | None) -> int:
    """Cores that this process may use at once: its affinity and its control group's `quota`, rounded up."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = psutil.cpu_count() or 1
    return cores if quota is None else max(min(cores, math.ceil(quota)), 1)
