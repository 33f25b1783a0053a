"""Diffusion times, 1 for pure noise and 0 for motion, shifted towards noise.

Strong noise hides little of a signal whose neighbouring values are alike, as those of motion are: a cartwheel can be
seen at time 0.95. A shift moves times to where a motion is decided (Esser et al., arXiv 2403.03206, section 5.3.2).
"""

from __future__ import annotations

import torch
from torch import Tensor


def shifted(time: Tensor, shift: float) -> Tensor:
    """Times in 0…1 moved towards 1 by a `shift` above 1; 1 leaves them exactly as they are."""
    return time if shift == 1.0 else shift * time / (1 + (shift - 1) * time)


def sampling_times(steps: int, shift: float, device: torch.device | None = None) -> Tensor:
    """The times [steps + 1] that sampling goes through, from 1 to 0."""
    return shifted(torch.linspace(1.0, 0.0, steps + 1, device=device), shift)
