"""Noise that is correlated in time."""

from __future__ import annotations

import pytest
import torch

from stickgen.model.noise import BLOCK, correlated


@pytest.mark.parametrize("correlation", [0.5, 0.8, 0.95])
def test_it_is_the_autoregression_across_blocks_too(correlation: float) -> None:
    white = torch.randn(2, 2 * BLOCK + 7, 3, generator=torch.Generator().manual_seed(0))
    found = correlated(white, correlation)
    assert torch.allclose(found[:, 0], white[:, 0], atol=1e-6)
    expected = correlation * found[:, :-1] + (1 - correlation**2) ** 0.5 * white[:, 1:]
    torch.testing.assert_close(found[:, 1:], expected, atol=1e-5, rtol=0)


def test_it_has_variance_one_and_the_correlation_asked_for() -> None:
    found = correlated(torch.randn(4000, 40, 1, generator=torch.Generator().manual_seed(1)), 0.8)[..., 0]
    assert torch.allclose(found.std(0), torch.ones(40), atol=0.06)
    assert float((found[:, 1:] * found[:, :-1]).mean()) == pytest.approx(0.8, abs=0.02)


def test_the_first_frames_of_long_noise_are_those_of_short_noise() -> None:
    white = torch.randn(100, 20, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(correlated(white, 0.8)[:30], correlated(white[:30], 0.8))


def test_without_a_correlation_it_stays_white() -> None:
    white = torch.randn(10, 20)
    assert correlated(white, 0.0) is white
