"""`device:` where it runs."""

from __future__ import annotations

from stickgen.config.key import Group, Key

GROUP = Group("device", "Device settings", "Where it runs.")

KEYS: tuple[Key, ...] = (
    Key(
        "device.type",
        str,
        "auto",
        '"auto", "cpu", "cuda", or "mps"',
        "auto: detect the best device; cpu: force the CPU; cuda: force an NVIDIA GPU; mps: force an Apple "
        "Silicon GPU.",
        choices=("auto", "cpu", "cuda", "mps"),
    ),
    Key(
        "device.num_workers",
        int,
        0,
        "DataLoader workers",
        "Processes that prepare batches. 0 is right on a CPU; 4 to 8 help a GPU.",
        unit="processes",
        minimum=0,
        maximum=256,
        steps=(0, 2, 4, 8),
    ),
    Key(
        "device.pin_memory",
        bool,
        False,
        "Pin memory for faster GPU transfer",
        "Only for CUDA: batches go to the GPU faster.",
    ),
    Key(
        "device.precision",
        str,
        "auto",
        '"auto", "fp32" or "bf16"',
        "auto: bf16 arithmetic where the device has it in hardware, else fp32. Weights, losses and norms are "
        "kept in fp32 either way.",
        choices=("auto", "fp32", "bf16"),
        in_specification=False,
    ),
    Key(
        "device.sharding",
        str,
        "none",
        '"none" or "fsdp"',
        "Of several processes: none keeps all weights, moments and averages in each; fsdp a part in each, for models "
        "that no single GPU holds, at the price of more traffic. One process has nothing to share.",
        choices=("none", "fsdp"),
        in_specification=False,
    ),
)
