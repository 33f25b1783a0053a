"""`device:` where it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stickgen.config.key import Section, key


@dataclass(frozen=True, eq=False)
class Device(Section):
    """Where it runs."""

    title: ClassVar[str] = "Device settings"

    type: str = key(
        "auto",
        '"auto", "cpu", "cuda", or "mps"',
        "auto: detect the best device; cpu: force the CPU; cuda: force an NVIDIA GPU; mps: force an Apple "
        "Silicon GPU.",
        choices=("auto", "cpu", "cuda", "mps"),
    )
    num_workers: int = key(
        0,
        "DataLoader workers",
        "Processes that prepare batches. 0 is right on a CPU; 4 to 8 help a GPU.",
        unit="processes",
        minimum=0,
        maximum=256,
        steps=(0, 2, 4, 8),
    )
    pin_memory: bool = key(
        False,
        "Pin memory for faster GPU transfer",
        "Only for CUDA: batches go to the GPU faster.",
    )
    precision: str = key(
        "auto",
        '"auto", "fp32" or "bf16"',
        "auto: bf16 arithmetic if the device has it in hardware, else fp32. Weights, losses and norms are "
        "kept in fp32 either way.",
        choices=("auto", "fp32", "bf16"),
        in_specification=False,
    )
    sharding: str = key(
        "none",
        '"none" or "fsdp"',
        "Of several processes: none keeps all weights, moments and averages in each; fsdp a part in each, for models "
        "that no single GPU holds, at the price of more traffic. One process has nothing to share.",
        choices=("none", "fsdp"),
        in_specification=False,
    )
