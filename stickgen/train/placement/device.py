"""Where a launch computes and with what numbers; asks for more than is there are refused."""

from __future__ import annotations

import torch

from stickgen.errors import StickgenError
from stickgen.hardware.cpu import read_cpu


def choose_device(wanted: str) -> torch.device:
    """The device of `device.type`. Raises StickgenError when it is asked for and not there."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return torch.device("cuda" if there["cuda"] else "mps" if there["mps"] else "cpu")
    if not there[wanted]:
        raise StickgenError(f"device.type is {wanted}, but torch sees none here; use --set device.type=auto")
    return torch.device(wanted)


def choose_precision(wanted: str, device: torch.device) -> str:
    """fp32 or bf16: `auto` takes bf16 only where the hardware multiplies it."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device.type == "cpu":
        return "bf16" if read_cpu().bf16 else "fp32"
    return "fp32"
