"""Where a run will compute and with what numbers, decided as the trainer decides it, without torch."""

from __future__ import annotations

from typing import Literal

from stickgen.config.settings import Settings
from stickgen.hardware.machine import Machine, Speed

Device = Literal["cpu", "cuda", "mps"]
Precision = Literal["fp32", "bf16"]


def device_of(config: Settings, machine: Machine) -> Device:
    """The device of `device.type`; `auto` takes a CUDA GPU, else Apple's, else the CPU."""
    wanted = config.device.type
    if wanted == "cuda" or (wanted == "auto" and machine.gpus):
        return "cuda"
    if wanted == "mps" or (wanted == "auto" and machine.mps):
        return "mps"
    return "cpu"


def is_there(device: Device, machine: Machine) -> bool:
    """Whether `machine` has the device."""
    return {"cpu": True, "cuda": bool(machine.gpus), "mps": machine.mps}[device]


def precision_of(config: Settings, machine: Machine, device: Device) -> Precision:
    """fp32 or bf16; `auto` takes bf16 only where the hardware multiplies it."""
    wanted = config.device.precision
    if wanted == "fp32":
        return "fp32"
    if wanted == "bf16":
        return "bf16"
    if device == "cuda":
        return "bf16" if machine.gpus and machine.gpus[0].bf16 else "fp32"
    return "bf16" if device == "cpu" and machine.cpu_bf16 else "fp32"


def speed_of(machine: Machine, device: Device) -> Speed | None:
    """What was measured of the device; None where nothing was."""
    if device == "cuda":
        return machine.gpus[0].speed if machine.gpus else None
    return machine.mps_speed if device == "mps" else machine.cpu_speed


def memory_of(machine: Machine, device: Device) -> tuple[int, int]:
    """(bytes free now, bytes in all) of the memory that fills up first: VRAM on CUDA, else RAM."""
    if device == "cuda":
        if not machine.gpus:
            return 0, 0
        return machine.gpus[0].vram_free_bytes, machine.gpus[0].vram_total_bytes
    return machine.ram_available_bytes, machine.ram_usable_bytes
