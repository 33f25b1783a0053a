"""Frames to tokens and back: a token stands for `patch_frames` frames, plus one more on either side.

Neighbouring frames hardly differ, so with one token per frame most of the arithmetic is redundant; published
models compress time four to eight times without loss (FlashMo, Light-T2M, ACMDM). The windows overlap on input and
output, so that no seam shows between two patches.

A causal model must not look ahead: its tokens read only back in time and write the next patch, without overlap.

Axes: b batch, t frames, n tokens, p frames of a patch, c values of a frame.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

OVERLAP = 1  # frames beyond its patch that a token reads and writes on either side


def tokens_of(frames: int, patch_frames: int) -> int:
    """The number of tokens for `frames` frames."""
    return (frames + patch_frames - 1) // patch_frames


def frames_read(patch_frames: int, *, causal: bool) -> int:
    """How many frames a token reads: its patch and OVERLAP more on either side; if causal, 4 · OVERLAP before it."""
    if patch_frames == 1:
        return 1
    return patch_frames + (4 if causal else 2) * OVERLAP


def frames_written(patch_frames: int, *, causal: bool) -> int:
    """How many frames a token writes: its patch and, unless causal, OVERLAP more on either side."""
    return patch_frames if causal or patch_frames == 1 else patch_frames + 2 * OVERLAP


def to_windows(frames: Tensor, patch_frames: int, *, causal: bool) -> Tensor:
    """[b, t, c] → what each token reads, [b, n, read · c], padded with zeros before the first and after the last frame."""
    if patch_frames == 1:
        return frames
    t, read = frames.shape[1], frames_read(patch_frames, causal=causal)
    n = tokens_of(t, patch_frames)
    before, after = (read - patch_frames, 0) if causal else (OVERLAP, OVERLAP)
    padded = F.pad(frames, (0, 0, before, n * patch_frames - t + after))
    return torch.cat([first(padded[:, place::patch_frames], n) for place in range(read)], dim=-1)


def from_windows(windows: Tensor, patch_frames: int, frames: int) -> Tensor:
    """What each token writes, [b, n, written · c] → [b, frames, c]; overlapping windows are added."""
    if patch_frames == 1:
        return windows
    width = windows.shape[2] // frames_written(patch_frames, causal=False)
    overlap, own_width = OVERLAP * width, patch_frames * width
    before, own, after = windows.split((overlap, own_width, overlap), dim=-1)
    gap = own_width - overlap
    own = (
        own
        + F.pad(after, (0, gap, 1, 0))[:, :-1]  # what the previous patch writes to the first frames
        + F.pad(before, (gap, 0, 0, 1))[:, 1:]  # what the next patch writes to the last frames
    )
    return from_patches(own, patch_frames, frames)


def from_patches(patches: Tensor, patch_frames: int, frames: int) -> Tensor:
    """What each token writes to its own frames, [b, n, p · c] → [b, frames, c]."""
    b, n, _ = patches.shape
    return first(patches.reshape(b, n * patch_frames, -1), frames)


def first(values: Tensor, count: int) -> Tensor:
    """The first `count` along the second axis.

    Not a slice while exporting: a program traced with slices accepts only lengths that fill their last patch, or
    only lengths that do not, depending on the traced one.
    """
    if torch.compiler.is_exporting():
        return values[:, torch.arange(count, device=values.device)]
    return values[:, :count]


def any_of_patch(mask: Tensor, patch_frames: int) -> Tensor:
    """bool [b, t] → [b, n]: whether any frame of the patch is true."""
    if patch_frames == 1:
        return mask
    b, t = mask.shape
    n = tokens_of(t, patch_frames)
    return F.pad(mask, (0, n * patch_frames - t)).view(b, n, patch_frames).any(-1)


def middle_of_patch(values: Tensor, patch_frames: int, beyond: int) -> Tensor:
    """[b, t] → [b, n]: the value of each patch's middle frame, or `beyond` if there is no such frame."""
    if patch_frames == 1:
        return values
    t = values.shape[1]
    n = tokens_of(t, patch_frames)
    return F.pad(values, (0, n * patch_frames - t), value=beyond)[:, patch_frames // 2 :: patch_frames]


def last_of_patch(frames: Tensor, patch_frames: int) -> Tensor:
    """[b, t, c] → [b, t, c]: for each frame, the last frame of its patch that exists."""
    if patch_frames == 1:
        return frames
    t = frames.shape[1]
    last = torch.arange(t, device=frames.device) // patch_frames * patch_frames + patch_frames - 1
    return frames[:, last.clamp_max(t - 1)]
