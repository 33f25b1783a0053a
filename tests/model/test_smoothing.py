"""Drawn motion does not tremble, and keeps what it does."""

from __future__ import annotations

import torch

from stickgen.model.smoothing import smoothed


def test_a_parabola_is_left_as_it_is_and_a_straight_line_to_its_ends() -> None:
    t = torch.arange(30.0)[:, None]
    parabola = (0.1 * t * t - t + 3).expand(-1, 20)
    torch.testing.assert_close(smoothed(parabola)[2:-2], parabola[2:-2])
    line = (0.4 * t - 2).expand(-1, 20)
    torch.testing.assert_close(smoothed(line), line)


def test_trembling_goes_and_a_kick_keeps_its_height() -> None:
    t = torch.arange(60.0)
    kick = torch.exp(-((t - 30) ** 2) / (2 * 4**2))[:, None].expand(-1, 20)  # up and down in half a second
    noise = 0.02 * torch.randn(60, 20, generator=torch.Generator().manual_seed(0))
    found = smoothed(kick + noise)
    assert float((smoothed(kick) - kick).abs().max()) < 0.01
    assert float(found.diff(n=3, dim=0).std()) < 0.4 * float((kick + noise).diff(n=3, dim=0).std())


def test_batches_are_smoothed_motion_by_motion_and_short_ones_not_at_all() -> None:
    motions = torch.randn(3, 12, 20, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(smoothed(motions)[1], smoothed(motions[1]))
    assert torch.equal(smoothed(motions[:, :4]), motions[:, :4])
