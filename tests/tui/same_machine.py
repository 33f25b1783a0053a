"""The machine that the tests of the app run on, whichever it is."""

from __future__ import annotations

from stickgen.hardware.machine import Machine

GIB = 2**30
MACHINE = Machine(
    ram_total_bytes=16 * GIB,
    ram_available_bytes=12 * GIB,
    cgroup_limit_bytes=None,
    cores_logical=8,
    cores_physical=4,
    cores_usable=8,
    cpu_name="Some Processor(R) 9000 @ 2.4 GHz",
    cpu_bf16=True,
)
