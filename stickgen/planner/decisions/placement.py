"""Where a run will compute and with what numbers, decided as the trainer decides it, by what is known of a machine."""

from __future__ import annotations

from stickgen.config.placement import Device, Precision, choose_device, choose_precision
from stickgen.config.settings import Settings
from stickgen.hardware.machine import Machine, Speed


def device_of(config: Settings, machine: Machine) -> Device:
    """The device of `device.type`, whether or not `machine` has it."""
    return choose_device(config.device.type, cuda=bool(machine.gpus), mps=machine.mps)


def precision_of(config: Settings, machine: Machine, device: Device) -> Precision:
    """The precision of `device.precision` on `device`."""
    cuda_bf16 = bool(machine.gpus) and machine.gpus[0].bf16
    return choose_precision(config.device.precision, device, cpu_bf16=machine.cpu_bf16, cuda_bf16=cuda_bf16)


def speed_of(machine: Machine, device: Device) -> Speed | None:
    """Return the measured rates of the device; None if it was not measured."""
    if device == "cuda":
        return machine.gpus[0].speed if machine.gpus else None
    return machine.mps_speed if device == "mps" else machine.cpu_speed


def memory_of(machine: Machine, device: Device) -> tuple[int, int]:
    """Return (bytes free now, bytes in total) of the memory that fills up first: VRAM on CUDA, else RAM."""
    if device == "cuda":
        if not machine.gpus:
            return 0, 0
        return machine.gpus[0].vram_free_bytes, machine.gpus[0].vram_total_bytes
    return machine.ram_available_bytes, machine.ram_usable_bytes
