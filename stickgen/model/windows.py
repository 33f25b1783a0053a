"""A motion of any length as windows that overlap, each no longer than what the model was trained on.

Each text has a passage of the motion. Its windows reach a little into the passages beside it, so that two texts share
the frames of their transition (MultiDiffusion, arXiv 2302.08113; FlowMDM, arXiv 2402.15509).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

TRANSITION = 36  # frames that two passages share, about a second and a half
SHARED = 0.4  # share of a window that two windows of one passage share at least


@dataclass(frozen=True)
class Window:
    """The frames `start` to `end` (exclusive) of a motion, as the text of one passage describes them."""

    passage: int
    start: int
    end: int


def lay_windows(passages: Sequence[int], longest: int) -> list[Window]:
    """Windows of at most `longest` frames over passages of so many frames each, in order."""
    total = sum(passages)
    lead = min(TRANSITION, longest // 2) // 2
    windows, start = [], 0
    for number, frames in enumerate(passages):
        low, high = max(start - lead, 0), min(start + frames + lead, total)
        width = min(high - low, longest)
        shared = round(SHARED * width)
        count = 1 + math.ceil((high - low - width) / (width - shared))
        for place in range(count):
            first = low + round(place * (high - low - width) / max(count - 1, 1))
            windows.append(Window(number, first, first + width))
        start += frames
    return windows


def spans_of(windows: Sequence[Window]) -> list[tuple[int, int]]:
    """For each window, where it begins in its passage and how long that is, with the frames shared with its neighbours."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for window in windows:
        first[window.passage] = min(window.start, first.get(window.passage, window.start))
        last[window.passage] = max(window.end, last.get(window.passage, window.end))
    return [
        (window.start - first[window.passage], last[window.passage] - first[window.passage])
        for window in windows
    ]


def blend_weights(windows: Sequence[Window]) -> Tensor:
    """How much each window counts in each frame, [windows, frames]; the weights of a frame add up to 1.

    A window counts nothing in its first and last frame if another covers them, and more and more towards its middle:
    a clip that the model learned from began at its first frame, with a step of 0.
    """
    weights = torch.zeros(len(windows), max(window.end for window in windows))
    for number, window in enumerate(windows):
        frames = torch.arange(window.end - window.start, dtype=torch.float32)
        weight = torch.ones_like(frames)
        if number > 0:
            weight *= _ramp(frames / max(windows[number - 1].end - window.start - 1, 1))
        if number + 1 < len(windows):
            weight *= _ramp(frames.flip(0) / max(window.end - windows[number + 1].start - 1, 1))
        weights[number, window.start : window.end] = weight
    return weights / weights.sum(0)


def _ramp(share: Tensor) -> Tensor:
    """From 0 at 0 to 1 at 1 and beyond, without a kink."""
    return torch.sin(share.clamp(0, 1) * math.pi / 2).square()
