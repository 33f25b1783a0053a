"""Frames to tokens and back: which frames a token reads and writes, and that a causal one never looks ahead."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stickgen.model import patches

lengths = st.integers(1, 40)
sizes = st.integers(1, 8)


@given(lengths, sizes)
def test_a_token_reads_its_patch_and_a_frame_on_either_side(t: int, p: int) -> None:
    frames = torch.arange(1.0, t + 1)[None, :, None]  # frame i holds i + 1, so that 0 is "no frame"
    windows = patches.to_windows(frames, p, causal=False)
    assert windows.shape == (1, patches.tokens_of(t, p), patches.frames_read(p, causal=False))
    for token, window in enumerate(windows[0].tolist()):
        first = token * p - (patches.OVERLAP if p > 1 else 0)
        wanted = [first + i + 1 if 0 <= first + i < t else 0 for i in range(len(window))]
        assert window == wanted


@given(lengths, sizes)
def test_a_causal_token_reads_no_frame_after_its_patch(t: int, p: int) -> None:
    frames = torch.arange(1.0, t + 1)[None, :, None]
    windows = patches.to_windows(frames, p, causal=True)
    for token, window in enumerate(windows[0].tolist()):
        assert max(window) == min((token + 1) * p, t)


@given(lengths, sizes)
def test_overlapping_windows_sum_to_the_frames(t: int, p: int) -> None:
    """A window that holds half of each frame it read gives the frames back; the ends have one window only."""
    frames = torch.randn(2, t, 3, generator=torch.Generator().manual_seed(t))
    back = patches.from_windows(patches.to_windows(frames, p, causal=False), p, t)
    assert back.shape == frames.shape
    seen = patches.from_windows(patches.to_windows(torch.ones_like(frames), p, causal=False), p, t)
    torch.testing.assert_close(back, frames * seen)
    assert set(seen.unique().tolist()) <= {
        1.0,
        2.0,
        3.0,
    }  # of a patch of two frames both windows beside it know


@given(lengths, sizes)
def test_patches_give_each_frame_its_own_values(t: int, p: int) -> None:
    n = patches.tokens_of(t, p)
    written = torch.arange(float(n * p)).view(1, n, p)
    assert patches.from_patches(written, p, t)[0, :, 0].tolist() == list(range(t))


@pytest.mark.parametrize(("p", "wanted"), [(1, [1, 1, 0, 0, 0]), (2, [1, 0, 0]), (4, [1, 0])])
def test_a_patch_is_real_if_one_of_its_frames_is(p: int, wanted: list[int]) -> None:
    mask = torch.tensor([[True, True, False, False, False]])
    assert patches.any_of_patch(mask, p).int().tolist() == [wanted]


@given(lengths, sizes)
def test_the_last_of_a_patch_is_never_beyond_the_end(t: int, p: int) -> None:
    frames = torch.arange(float(t))[None, :, None]
    last = patches.last_of_patch(frames, p)[0, :, 0].tolist()
    assert last == [min(i // p * p + p - 1, t - 1) for i in range(t)]
