"""The step along the flow, against flows whose end is known."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from stickgen.model.sampler import flow_step

SPREAD = 0.3  # of the clean values: normal around 0


def clean_of_normal(x: Tensor, time: Tensor) -> Tensor:
    """What is to be expected of a normal clean value that became `x` at `time`."""
    kept = (1 - time) * SPREAD**2
    return kept / ((1 - time) * kept + time**2) * x


def end_of_way(x: Tensor, steps: int, second_order: bool) -> Tensor:
    times = torch.linspace(1.0, 0.0, steps + 1, dtype=x.dtype)
    before, time_before = x, times[0]
    for time, following in zip(times[:-1], times[1:], strict=True):
        clean = clean_of_normal(x, time)
        x = flow_step(x, clean, before, time, time_before if second_order else time, following)
        before, time_before = clean, time
    return x


def test_it_is_of_second_order() -> None:
    """The flow carries a normal noise to SPREAD times itself; twice the steps leave a quarter of the error."""
    noise = torch.linspace(-2, 2, 9, dtype=torch.float64)

    def error(steps: int, second_order: bool) -> float:
        return float((end_of_way(noise, steps, second_order) - SPREAD * noise).abs().max())

    for steps in (20, 40):
        assert error(steps, True) / error(2 * steps, True) > 3.0
        assert error(steps, False) / error(2 * steps, False) < 2.4
    assert error(10, True) < error(16, False)


@settings(deadline=None)
@given(
    time=st.floats(0.05, 1.0), share=st.floats(0.0, 0.95), gap=st.floats(0.01, 0.5),
    level=st.floats(-2, 2), slope=st.floats(-2, 2), start=st.floats(-2, 2),
)  # fmt: skip
def test_a_prediction_that_is_a_line_in_time_is_followed_exactly(
    time: float, share: float, gap: float, level: float, slope: float, start: float
) -> None:
    """dx/dt = (x - level - slope·t) / t has the solution x = c·t + level - slope·t·ln t."""
    following = share * time
    t, s = torch.tensor([time, following], dtype=torch.float64)
    c = (start - level) / t + slope * t.log()
    expected = c * s + level - slope * torch.xlogy(s, s)
    got = flow_step(
        torch.tensor(start, dtype=torch.float64), level + slope * t, level + slope * (t + gap), t, t + gap, s
    )
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("following", [0.5, 0.0])
def test_the_first_step_knows_nothing_before_it(following: float) -> None:
    x, clean, anything = torch.randn(3, 2, 4, 20)
    one, end = torch.tensor(1.0), torch.tensor(following)
    torch.testing.assert_close(flow_step(x, clean, anything, one, one, end), clean + following * (x - clean))
