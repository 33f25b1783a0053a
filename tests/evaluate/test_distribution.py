"""Distances between sets of latents: what is alike is near, and weights count members."""

from __future__ import annotations

import torch

from stickgen.evaluate.distribution import bandwidth, fid, halves, kid, principal_axes, spread


def latents(count: int, shift: float = 0.0, seed: int = 0) -> torch.Tensor:
    values = torch.randn(count, 64, generator=torch.Generator().manual_seed(seed))
    values[:, 0] += shift
    return values


def ones(count: int) -> torch.Tensor:
    return torch.ones(1, count, dtype=torch.float64)


def test_kid_of_one_distribution_is_zero_on_the_mean_and_grows_with_the_distance() -> None:
    real = latents(200)
    width = bandwidth(real)
    near = [float(kid(latents(200, seed=seed), real, width, ones(200))) for seed in range(1, 6)]
    far = [float(kid(latents(200, shift, seed=9), real, width, ones(200))) for shift in (1.0, 2.0, 4.0)]
    assert abs(sum(near) / len(near)) < 0.002
    assert max(near) < far[0] < far[1] < far[2]


def test_kid_equals_its_definition_on_one_split() -> None:
    ours, theirs = latents(8), latents(8, 1.0, seed=3)
    width = bandwidth(theirs)
    splits = halves(8)
    total = 0.0
    for split in torch.cat((splits, ~splits)):
        x, y = ours[split].double(), theirs[~split].double()

        def k(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return torch.exp(-torch.cdist(a, b).square() / width)

        n, m = len(x), len(y)
        within = (k(x, x).sum() - n) / (n * (n - 1)) + (k(y, y).sum() - m) / (m * (m - 1))
        total += float(within - 2 * k(x, y).mean())
    assert abs(float(kid(ours, theirs, width, ones(8))) - total / (2 * len(splits))) < 1e-9


def test_a_weight_of_two_is_a_member_twice_but_no_pair_with_itself() -> None:
    few = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    assert float(spread(few[:2], torch.tensor([[2.0, 1.0]]).double())) == 5.0
    assert float(spread(few, torch.tensor([[1.0, 1.0, 0.0]]).double())) == 5.0


def test_fid_of_gaussians_is_their_squared_distance_in_the_mean() -> None:
    real, moved = latents(3000), latents(3000, 0.5, seed=2)
    axes = torch.eye(64, dtype=torch.float64)[:, :32]
    floor = float(fid(latents(3000, seed=4), real, axes, ones(3000)))
    assert abs(float(fid(moved, real, axes, ones(3000))) - floor - 25.0) < 4.0


def test_axes_are_those_along_which_latents_differ() -> None:
    flat = latents(500)
    flat[:, :20] = 0.0
    axes = principal_axes(flat)
    assert axes.shape == (64, 32)
    assert float(axes[:20].abs().max()) < 1e-6


def test_halves_are_halves_and_always_the_same() -> None:
    assert torch.equal(halves(31), halves(31))
    assert set(halves(31).sum(1).tolist()) == {15}
