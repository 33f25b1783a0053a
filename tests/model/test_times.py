"""The times that training draws and that sampling goes through."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from stickgen.model.times import sampling_times, shifted


@given(st.floats(0.25, 16.0), st.floats(0.0, 1.0))
def test_a_shift_keeps_the_ends_and_the_order_and_moves_towards_noise_above_one(
    shift: float, time: float
) -> None:
    times = torch.tensor([0.0, time, 1.0], dtype=torch.float64)
    moved = shifted(times, shift)
    assert moved[0] == 0.0 and torch.isclose(moved[2], torch.tensor(1.0, dtype=torch.float64))
    assert moved[0] <= moved[1] <= moved[2] + 1e-12
    assert (moved[1] - times[1]) * (shift - 1) >= -1e-12


def test_without_a_shift_times_are_those_of_before_to_the_bit() -> None:
    assert torch.equal(sampling_times(10, 1.0), torch.linspace(1.0, 0.0, 11))


def test_a_shift_of_two_takes_half_of_the_steps_above_two_thirds() -> None:
    times = sampling_times(10, 2.0)
    assert times[0] == 1.0 and times[-1] == 0.0
    torch.testing.assert_close(times[5], torch.tensor(2 / 3))
