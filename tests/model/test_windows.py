"""Windows cover a motion, none is too long, and their weights blend without a seam."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from stickgen.model.windows import blend_weights, lay_windows


@given(passages=st.lists(st.integers(1, 400), min_size=1, max_size=5), longest=st.integers(8, 250))
def test_every_frame_is_seen_and_weights_add_up_to_one(passages: list[int], longest: int) -> None:
    windows = lay_windows(passages, longest)
    assert all(0 < window.end - window.start <= longest for window in windows)
    weights = blend_weights(windows)
    assert weights.shape == (len(windows), sum(passages))
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(0), torch.ones(sum(passages)))
    for number, window in enumerate(windows):
        assert not weights[number, : window.start].any() and not weights[number, window.end :].any()


@given(passages=st.lists(st.integers(30, 400), min_size=1, max_size=5), longest=st.integers(40, 250))
def test_a_window_begins_and_ends_at_nothing_except_at_the_ends_of_the_motion(
    passages: list[int], longest: int
) -> None:
    windows = lay_windows(passages, longest)
    weights = blend_weights(windows)
    for number, window in enumerate(windows):
        assert weights[number, window.start] < 1e-6 or window.start == 0
        assert weights[number, window.end - 1] < 1e-6 or window.end == sum(passages)
    assert weights.diff(dim=1).abs().max() < 0.5


def test_a_text_decides_alone_in_the_middle_of_its_passage() -> None:
    windows = lay_windows([60, 80], 100)
    assert [(window.passage, window.start, window.end) for window in windows] == [(0, 0, 78), (1, 42, 140)]
    weights = blend_weights(windows)
    assert weights[0, :43].eq(1).all() and weights[1, 78:].eq(1).all()
    assert abs(float(weights[0, 59] + weights[0, 60]) - 1) < 1e-5


def test_a_short_motion_is_one_window() -> None:
    assert len(lay_windows([100], 100)) == 1
    assert blend_weights(lay_windows([37], 100)).eq(1).all()
