"""Where a launch computes and with what numbers, by what torch sees. What is asked for and not there is refused."""

from __future__ import annotations

import torch

from stickgen.config import placement
from stickgen.config.placement import Device, Precision
from stickgen.errors import StickgenError
from stickgen.hardware.cpu import read_cpu


def choose_device(wanted: str) -> torch.device:
    """The device of `device.type`. Raises StickgenError if torch does not see it here."""
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    device = placement.choose_device(wanted, cuda=cuda, mps=mps)
    if not {"cpu": True, "cuda": cuda, "mps": mps}[device]:
        raise StickgenError(f"device.type is {wanted}, but torch sees none here; use --set device.type=auto")
    return torch.device(device)


def choose_precision(wanted: str, device: torch.device) -> Precision:
    """The precision of `device.precision` on `device`."""
    kind: Device = "cuda" if device.type == "cuda" else "mps" if device.type == "mps" else "cpu"
    return placement.choose_precision(
        wanted,
        kind,
        cpu_bf16=kind == "cpu" and read_cpu().bf16,
        cuda_bf16=kind == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False),
    )
