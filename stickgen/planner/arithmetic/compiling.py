"""Whether a run is long enough for torch.compile to pay off. The trainer and the estimate both ask here."""

from __future__ import annotations

import functools
import shutil
from dataclasses import replace

from stickgen.config.placement import Device, Precision
from stickgen.config.settings import Settings
from stickgen.hardware.machine import Machine
from stickgen.planner.arithmetic.speed import COMPILED_GAIN, guessed_speed, step_seconds
from stickgen.planner.arithmetic.workload import workload_of
from stickgen.planner.decisions.placement import speed_of

COMPILING_SECONDS = 90.0  # with a cold cache, on two cores


@functools.cache
def can_compile(device: Device) -> bool:
    """Whether this machine can compile for `device`. A CPU needs a C++ compiler."""
    return device == "cuda" or any(map(shutil.which, ("c++", "g++", "clang++")))


def is_worth_compiling(
    config: Settings, machine: Machine, device: Device, precision: Precision, steps: int
) -> bool:
    """Whether `training.compile` asks for compiling a run of `steps` optimizer steps, if the machine can."""
    if config.training.compile != "auto":
        return bool(config.training.compile == "always")
    if device == "mps" or config.device.sharding != "none" or not can_compile(device):
        return False
    work = replace(workload_of(config, machine, None), device=device, precision=precision)
    seconds = steps * step_seconds(work, speed_of(machine, device) or guessed_speed(device, machine))
    if minutes := config.training.max_minutes:
        seconds = min(seconds, 60 * minutes)
    return seconds * COMPILED_GAIN[precision] > 2 * COMPILING_SECONDS
