"""Where in its clip a token is: how long after the first frame, and how long before the last.

Rotary positions only say how far two tokens are apart. A text describes a whole clip, and a window may show a part of it:
told where it was cut from, the model need not believe that the part is all that was said (as Stable Audio is told the
start and the length of what it hears, Evans et al., arXiv 2402.04825).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

WAVES = 16
SHORTEST, LONGEST = 8.0, 1000.0  # periods of the waves, in frames
FARTHEST = 500.0  # frames from an end beyond which every place is alike: half of the longest period


def place_in_clip(first: Tensor, last: Tensor) -> Tensor:
    """Frames since the start of the clip and frames to its end, each [..., n] → [..., n, 4 · WAVES], in -1…1."""
    periods = torch.exp(torch.linspace(math.log(SHORTEST), math.log(LONGEST), WAVES, device=first.device))
    angles = [
        distance.clamp(0.0, FARTHEST)[..., None] * (2 * math.pi / periods) for distance in (first, last)
    ]
    return torch.cat([wave for angle in angles for wave in (angle.sin(), angle.cos())], dim=-1)
