"""A machine that the user describes."""

from __future__ import annotations

from dataclasses import replace

from stickgen.hardware.machine import Gpu, Machine

GIB = 2**30


def described(
    machine: Machine, *, ram_gib: float | None = None, vram_gib: float | None = None, cores: int | None = None
) -> Machine:
    """Return `machine` with the given facts in place of its own.

    If RAM or VRAM is given, the machine has a GPU only if `vram_gib` is above 0, and all its memory counts as free.
    Its cores are of the same kind as those of `machine`.
    """
    if ram_gib is not None:
        size = int(ram_gib * GIB)
        machine = replace(machine, ram_total_bytes=size, ram_available_bytes=size, cgroup_limit_bytes=None)
    if ram_gib is not None or vram_gib is not None:
        size = int((vram_gib or 0) * GIB)
        gpus = (Gpu(0, "the GPU described", size, size, True),) if size else ()
        machine = replace(machine, gpus=gpus, mps=False)
    if cores is not None and cores != machine.cores_usable:
        speed = machine.cpu_speed
        if speed is not None:
            more = cores / machine.cores_usable
            bf16 = None if speed.gflops_bf16 is None else speed.gflops_bf16 * more
            # memory is shared by the cores: twice as many do not read twice as fast
            speed = replace(
                speed, gflops_fp32=speed.gflops_fp32 * more, gflops_bf16=bf16,
                gbytes_per_second=speed.gbytes_per_second * more**0.5,
            )  # fmt: skip
        machine = replace(
            machine, cores_usable=cores, cores_physical=cores, cores_logical=cores, cpu_speed=speed
        )
    return machine
