"""The step along the flow, against flows whose end is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from stickgen.model.normalise import Normaliser
from stickgen.model.sample_many import opposites_of, sample_many
from stickgen.model.sampler import Sampling, clean_motion, flow_step, sample
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.model.words import TextBatch

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


def test_it_is_of_second_order_but_for_the_last_step() -> None:
    """The flow carries a normal noise to SPREAD times itself; of the error of first order, a tenth is left."""
    noise = torch.linspace(-2, 2, 9, dtype=torch.float64)

    def error(steps: int, second_order: bool) -> float:
        return float((end_of_way(noise, steps, second_order) - SPREAD * noise).abs().max())

    for steps in (20, 40, 80):
        assert error(steps, True) < 0.1 * error(steps, False)
        assert error(steps, False) / error(2 * steps, False) < 2.4
    assert error(10, True) < error(16, False)


@given(
    time=st.floats(0.05, 1.0), share=st.floats(0.01, 0.95), gap=st.floats(0.01, 0.5),
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


def test_the_last_step_ends_at_its_prediction() -> None:
    x, clean, before = torch.randn(3, 2, 4, 20)
    time, end = torch.tensor(0.25), torch.tensor(0.0)
    assert torch.equal(flow_step(x, clean, before, time, 2 * time, end), clean)


@pytest.mark.parametrize("following", [0.5, 0.0])
def test_the_first_step_knows_nothing_before_it(following: float) -> None:
    x, clean, anything = torch.randn(3, 2, 4, 20)
    one, end = torch.tensor(1.0), torch.tensor(following)
    torch.testing.assert_close(flow_step(x, clean, anything, one, one, end), clean + following * (x - clean))


# -- steered


@dataclass(frozen=True)
class Texts:
    vectors: Tensor
    words: list[Tensor]
    opposites: Texts | None = None


@pytest.fixture(scope="module")
def model() -> MotionTransformer:
    """A denoiser that hears its text: untrained heads are zeros."""
    torch.manual_seed(0)
    made = MotionTransformer(ModelConfig(20, 32, 4, 2, 20, 8, 0.0, 4, True, 4))
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return made.eval()


@torch.no_grad()
def test_contrast_extrapolates_from_the_prediction_for_the_opposite(model: MotionTransformer) -> None:
    x, time = torch.randn(2, 12, 20), torch.tensor(0.8)
    words, mask = torch.randn(2, 8, 8), torch.ones(2, 8, dtype=torch.bool)
    told, away = (
        TextBatch(torch.randn(2, 8), words, mask),
        TextBatch(torch.randn(2, 8), words[:, :5].roll(1), mask[:, :5]),
    )
    guidance = torch.tensor(2.5)
    own, other, untold = (
        clean_motion(model, x, told, time, None).motion, clean_motion(model, x, away, time, None).motion,
        clean_motion(model, x, told, time, torch.tensor(0.0)).motion,
    )  # fmt: skip
    steered = clean_motion(model, x, told, time, guidance, away, 3.0).motion
    expected = untold + 2.5 * (own - untold) + 3.0 * (own - other)
    torch.testing.assert_close(steered, expected, atol=1e-4, rtol=1e-4)


def test_nothing_steers_below_the_time_that_guidance_ends_at(model: MotionTransformer) -> None:
    text = torch.randn(1, 8)

    def draw(guidance: float, **others: Any) -> Tensor:
        return sample(
            model, Normaliser(8), TextBatch(text), 12, sampling=Sampling(3, guidance, **others), seed=1,
            opposites=TextBatch(-text),
        )  # fmt: skip

    alone = draw(1.0)
    assert torch.equal(draw(4.0, contrast_scale=2.0, guidance_min_time=1.0), alone)
    assert not torch.allclose(draw(4.0, contrast_scale=2.0), alone)


def test_a_text_without_an_opposite_is_drawn_as_if_there_were_no_contrast(model: MotionTransformer) -> None:
    """And beside others as if alone."""
    vectors, words = torch.randn(3, 8), [torch.randn(n, 8) for n in (3, 5, 9)]
    texts = Texts(vectors, words, Texts(vectors * torch.tensor([1, -1, 1])[:, None], words))
    assert [opposites_of(texts, [row]) is not None for row in range(3)] == [False, True, False]
    plain, steered = (
        sample_many(model, Normaliser(8), texts, [12, 12, 12], sampling=Sampling(3, 2.0, contrast), seed=4)
        for contrast in (0.0, 3.0)
    )
    for row, same in enumerate((True, False, True)):
        assert torch.allclose(plain[row], steered[row], atol=1e-5) is same


def test_batches_drawn_side_by_side_are_those_drawn_in_turn(model: MotionTransformer) -> None:
    texts = Texts(torch.randn(6, 8), [torch.randn(3, 8)] * 6, None)
    lengths, threads = [12, 20, 12, 16, 20, 24], torch.get_num_threads()
    counts: list[int] = []

    def draw(progress: Callable[[int], None]) -> list[Tensor]:
        return sample_many(
            model, Normaliser(8), texts, lengths, sampling=Sampling(3, 2.0), seed=4, progress=progress
        )

    def stopped(done: int) -> None:
        raise KeyboardInterrupt

    try:
        torch.set_num_threads(1)
        in_turn = draw(lambda done: None)
        torch.set_num_threads(3)
        beside = draw(counts.append)
        assert torch.get_num_threads() == 3 and counts == sorted(counts) and counts[-1] == 6
        with pytest.raises(KeyboardInterrupt):
            draw(stopped)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    for one, other in zip(in_turn, beside, strict=True):
        assert len(one) == len(other)
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
