"""Distances between two sets of latents, for many weightings of their members at once.

Everything takes `weights` [b, n], one row per bootstrap sample: how often each member counts. Member i of both sets
belongs to the same text, so pairs (i, i) are excluded, and distances compare one half of the texts with the other.
What real motion scores against itself in this way is the floor.
"""

from __future__ import annotations

import torch
from torch import Tensor

HALVES = 20
PCA_DIM = 32


def halves(count: int, how_many: int = HALVES) -> Tensor:
    """bool [how_many, count]: each row selects half of the members, the same at every call."""
    generator = torch.Generator().manual_seed(7)
    rows = torch.zeros(how_many, count, dtype=torch.bool)
    for row in rows:
        row[torch.randperm(count, generator=generator)[: count // 2]] = True
    return rows


def bandwidth(latents: Tensor) -> float:
    """The width of the kernel: the median squared distance between latents [n, d]."""
    return max(float(torch.pdist(latents.double()).square().median()), 1e-6)


def kernel(ours: Tensor, theirs: Tensor, width: float) -> Tensor:
    """RBF kernel [n, m] between latents [n, d] and [m, d]."""
    return torch.exp(-torch.cdist(ours.double(), theirs.double()).square() / width)


def kid(ours: Tensor, theirs: Tensor, width: float, weights: Tensor) -> Tensor:
    """Unbiased squared MMD (Gretton et al., JMLR 13, 2012; Bińkowski et al., arXiv 1801.01401): [b].

    `ours` and `theirs` [n, d]: the mean over HALVES splits of one half of ours against the other half of
    theirs.
    """
    xx, yy, xy = (kernel(a, b, width) for a, b in ((ours, ours), (theirs, theirs), (ours, theirs)))
    total = torch.zeros(len(weights), dtype=torch.float64)
    splits = halves(ours.shape[0])
    for split in torch.cat((splits, ~splits)):
        mine, other = weights * split, weights * ~split
        total += _mean_of_pairs(mine, xx) + _mean_of_pairs(other, yy)
        both = mine.sum(1) * other.sum(1)
        total -= 2 * ((mine @ xy) * other).sum(1) / both.clamp_min(1)
    return total / (2 * len(splits))


def _mean_of_pairs(weights: Tensor, of: Tensor) -> Tensor:
    """The weighted mean [b] of `of` [n, n] over pairs of different members."""
    pairs = weights.sum(1).square() - weights.square().sum(1)
    return (((weights @ of) * weights).sum(1) - weights.square() @ of.diag()) / pairs.clamp_min(1)


def spread(latents: Tensor, weights: Tensor) -> Tensor:
    """Diversity: the mean distance [b] between two members of [n, d]."""
    return _mean_of_pairs(weights, torch.cdist(latents.double(), latents.double()))


def principal_axes(latents: Tensor) -> Tensor:
    """The directions [d, 32] in which real latents [n, d] vary most."""
    centred = latents.double() - latents.double().mean(0)
    return torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -PCA_DIM:]


def fid(ours: Tensor, theirs: Tensor, axes: Tensor, weights: Tensor) -> Tensor:
    """Fréchet distance (Heusel et al., arXiv 1706.08500) along `axes`, one half against the other, times 100: [b]."""
    ours, theirs = ours.double() @ axes, theirs.double() @ axes
    split = halves(ours.shape[0], 1)[0]
    distances = []
    for side in (split, ~split):
        mean, spread_ours = _moments(ours, weights * side)
        other, spread_theirs = _moments(theirs, weights * ~side)
        root = torch.linalg.cholesky(spread_theirs + 1e-9 * torch.eye(spread_theirs.shape[-1]).double())
        shared = (
            torch.linalg.eigvalsh(root.transpose(-1, -2) @ spread_ours @ root).clamp_min(0).sqrt().sum(-1)
        )
        trace = torch.diagonal(spread_ours + spread_theirs, dim1=-2, dim2=-1).sum(-1)
        distances.append((mean - other).square().sum(-1) + trace - 2 * shared)
    return 100 * torch.stack(distances).mean(0)


def _moments(values: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The weighted mean [b, d] and covariance [b, d, d] of [n, d]."""
    share = weights / weights.sum(1, keepdim=True).clamp_min(1)
    mean = share @ values
    outer = (values[:, :, None] * values[:, None, :]).flatten(1)
    return mean, (share @ outer).unflatten(-1, (values.shape[1],) * 2) - mean[:, :, None] * mean[:, None, :]
