"""What this machine has: memory and its limits, cores, bf16, GPUs, and how fast they compute."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import psutil

from stickgen.hardware.cgroup import read_limits
from stickgen.hardware.cpu import read_cpu, usable_cores
from stickgen.hardware.torch_answer import ask_torch, cached_answer


@dataclass(frozen=True)
class Speed:
    """Rates that a short measurement reached on a device, at the shapes of our layers."""

    gflops_fp32: float  # 10⁹ floating-point operations a second in products of matrices
    gflops_bf16: float | None  # None if the hardware has no bf16
    gbytes_per_second: float  # read and written by element-wise work that fits no cache


@dataclass(frozen=True)
class Gpu:
    """A CUDA device; `vram_free_bytes` is as old as torch's answer, a minute at most after `detect`."""

    index: int
    name: str
    vram_total_bytes: int
    vram_free_bytes: int
    bf16: bool
    speed: Speed | None = None


@dataclass(frozen=True)
class Machine:
    """Facts of a machine; sizes in bytes. `ram_available_bytes` heeds the control group's limit."""

    ram_total_bytes: int
    ram_available_bytes: int
    cgroup_limit_bytes: int | None
    cores_logical: int
    cores_physical: int
    cores_usable: int  # by affinity and the control group's quota
    cpu_name: str
    cpu_bf16: bool
    gpus: tuple[Gpu, ...] = ()
    mps: bool = False
    torch_version: str | None = None  # None: torch has not been asked, or see torch_error
    torch_error: str | None = None  # why torch did not answer
    cpu_speed: Speed | None = None
    mps_speed: Speed | None = None

    @property
    def ram_usable_bytes(self) -> int:
        """The RAM, or the control group's limit if that is less."""
        return min(self.ram_total_bytes, self.cgroup_limit_bytes or self.ram_total_bytes)

    @property
    def limited_by_cgroup(self) -> bool:
        """Whether the control group allows less memory than the machine has."""
        return self.ram_usable_bytes < self.ram_total_bytes

    def to_json(self) -> dict[str, Any]:
        """As plain values, units in the names."""
        return {**asdict(self), "ram_usable_bytes": self.ram_usable_bytes}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Machine:
        """The inverse of `to_json`. Raises TypeError or KeyError where facts are missing."""
        known = {field.name: facts[field.name] for field in fields(cls) if field.name in facts}
        return cls(**{**known, **_devices(facts)})


def local_machine_fast() -> Machine:
    """Return what is known at once, without torch. GPUs and speeds are those remembered from an earlier look."""
    limits = read_limits()
    memory = psutil.virtual_memory()
    cpu = read_cpu()
    cores = usable_cores(limits.cpus)
    logical = psutil.cpu_count() or cores
    machine = Machine(
        ram_total_bytes=memory.total,
        ram_available_bytes=min(memory.available, limits.memory_available_bytes or memory.available),
        cgroup_limit_bytes=limits.memory_bytes,
        cores_logical=logical,
        cores_physical=psutil.cpu_count(logical=False) or logical,
        cores_usable=cores,
        cpu_name=cpu.name,
        cpu_bf16=cpu.bf16,
    )
    return _with_answer(machine, cached_answer(cores) or {})


def detect(refresh: bool = False) -> Machine:
    """Return all facts. If no remembered answer is valid, torch is asked in its own process, which takes seconds.

    `refresh` asks again in any case. If torch fails, `torch_error` says why; nothing is raised.
    """
    machine = local_machine_fast()
    return _with_answer(machine, ask_torch(machine.cores_usable, refresh=refresh))


def _with_answer(machine: Machine, answer: dict[str, Any]) -> Machine:
    """Return `machine` with torch's answer. A malformed answer counts as none."""
    version, error = answer.get("torch_version"), answer.get("error")
    try:
        return replace(
            machine,
            **_devices(answer),
            mps=bool(answer.get("mps")),
            torch_version=str(version) if version else None,
            torch_error=str(error) if error else None,
        )
    except (TypeError, KeyError, AttributeError):
        return replace(machine, torch_error="torch's answer is malformed")


def _devices(facts: dict[str, Any]) -> dict[str, Any]:
    gpus = tuple(Gpu(**{**gpu, "speed": _speed(gpu.get("speed"))}) for gpu in facts.get("gpus") or ())
    return {
        "gpus": gpus,
        "cpu_speed": _speed(facts.get("cpu_speed")),
        "mps_speed": _speed(facts.get("mps_speed")),
    }


def _speed(facts: dict[str, float | None] | None) -> Speed | None:
    return None if facts is None else Speed(**facts)  # type: ignore[arg-type]
