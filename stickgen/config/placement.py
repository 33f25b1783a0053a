"""Which device and precision a config means, given what a machine has.

The trainer asks with what torch sees, the planner and the checks with what is known of a machine.
"""

from __future__ import annotations

from typing import Literal

Device = Literal["cpu", "cuda", "mps"]
Precision = Literal["fp32", "bf16"]


def choose_device(wanted: str, *, cuda: bool, mps: bool) -> Device:
    """The device of `device.type`, whether or not it is there; `auto` takes a CUDA GPU, else Apple's, else the CPU."""
    if wanted == "cuda" or (wanted == "auto" and cuda):
        return "cuda"
    if wanted == "mps" or (wanted == "auto" and mps):
        return "mps"
    return "cpu"


def choose_precision(wanted: str, device: Device, *, cpu_bf16: bool, cuda_bf16: bool) -> Precision:
    """The precision of `device.precision`; `auto` takes bf16 only if the device multiplies it in hardware."""
    if wanted == "auto":
        return "bf16" if {"cpu": cpu_bf16, "cuda": cuda_bf16, "mps": False}[device] else "fp32"
    return "bf16" if wanted == "bf16" else "fp32"
