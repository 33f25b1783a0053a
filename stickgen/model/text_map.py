"""Amplifies what a text encoder hardly distinguishes although motion depends on it.

"Left" and "right" are a tenth of the distance between two captions, so a model learns them last, if at all. The
directions in which embeddings predict motion are known in closed form, by canonical correlation (Hotelling, 1936).
Here each of them is scaled to the same size and added to the embedding, which replaces longer training. Measured
on synthetic motion at equal CPU time (90 s): the share of motions of training texts that obey the side rises from
31 to 47 %, and to 62 % with Muon on the text's maps.

Axes: n pairs of a text and a motion, e width of the embeddings, s numbers of a summary, k axes kept.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from stickgen.motion.skeleton import FPS, NUM_JOINTS, PELVIS

AXES = 24  # directions to amplify
RIDGE = 0.05  # in units of the embeddings' mean variance; more if there are few pairs


def motion_summary(motion: Tensor) -> Tensor:
    """What a text may say of a motion [t, 20], as 76 numbers.

    For each joint, relative to the pelvis: the distance it travels per second, and its greatest, least and mean
    coordinates. For the pelvis: where it ends, its extremes in x and y. And the duration in seconds.
    """
    joints = motion.unflatten(-1, (NUM_JOINTS, 2))
    pelvis = joints[:, PELVIS]
    seen = joints - pelvis[:, None]
    seconds = len(motion) / FPS
    ways = seen.diff(dim=0).norm(dim=-1).sum(0) / seconds
    of_pelvis = torch.stack(
        (pelvis[-1, 0], pelvis[:, 0].amax(), pelvis[:, 0].amin(), pelvis[:, 1].amin(), pelvis[:, 1].amax())
    )
    places = (seen.amax(0), seen.amin(0), seen.mean(0))
    return torch.cat((ways, *(place.flatten() for place in places), of_pelvis, motion.new_tensor([seconds])))


def text_map(pairs: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    """The map [e, e] that adds their canonical axes to standardised embeddings.

    `pairs` are standardised embeddings [n, e] and the summaries [n, s] of their motions, in any number of parts.
    The map is the identity if there are too few pairs or all texts are the same.
    """
    parts = [(texts.double(), summaries.double()) for texts, summaries in pairs]
    texts, summaries = (torch.cat(part) for part in zip(*parts, strict=True))
    n, e = texts.shape
    whole = torch.eye(e)
    summaries = summaries - summaries.mean(0)
    left, strength, _ = torch.linalg.svd(
        summaries / summaries.std(0, correction=0).clamp_min(1e-6), full_matrices=False
    )
    kept = min(2 * AXES, int((strength > 1e-6 * strength[0]).sum()), n // 4) if n else 0
    k = min(AXES, kept, e)
    covariance = texts.T @ texts / n if n else texts.new_zeros(e, e)
    heard = covariance.diagonal().mean()
    if k == 0 or heard < 1e-6:  # too few pairs, or all texts are the same
        return whole
    told = left[:, :kept] * n**0.5  # uncorrelated, with variance 1
    ridge = (RIDGE + e / n) * heard
    regression = torch.linalg.solve(covariance + ridge * torch.eye(e).double(), texts.T @ told / n)
    shares, directions = torch.linalg.eigh(regression.T @ covariance @ regression)  # ascending
    shares, directions = shares[-k:].clamp_min(1e-3), directions[:, -k:]
    loud = regression @ directions / shares.sqrt()  # texts @ loud: k axes with variance 1
    basis, _ = torch.linalg.qr(loud)
    return whole + ((e / k) ** 0.5 * loud @ basis.T).float()
