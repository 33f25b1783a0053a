"""Clips that show the same motion, although they begin earlier or later, or one is a piece of the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from stickgen.motion.skeleton import PELVIS

CORE = 0.8  # of the frames of the shorter clip, its middle: what must be found again in the other
_CLOSE = 3.0  # so many times farther than the whole may be, a single pose may be
_STEP = 5  # frames over which the pelvis's way is compared
_AT_ONCE = 200_000  # poses compared at a time ...
_QUERIES = 16  # ... with one of so many clips each


def poses_of(motion: Tensor) -> Tensor:
    """[t, 20] → [t, 20]: the pose relative to the pelvis, and in place of its x the way it goes in a fifth of a second."""
    poses = motion.clone()
    x = poses[:, 2 * PELVIS].clone()
    poses[:, 0::2] -= x[:, None]
    ways = x[_STEP:] - x[:-_STEP] if len(x) > _STEP else (x[-1:] - x[:1])
    poses[:, 2 * PELVIS] = torch.cat((ways, ways[-1:].expand(len(x) - len(ways))))
    return poses


def distance(short: Tensor, long: Tensor, starts: Tensor | None = None) -> float:
    """How far the middle of `short` is from the most similar stretch of `long`, both by `poses_of`.

    Only stretches that begin at one of `starts` are compared, if they are given. A root mean square over joints and
    frames, in body heights; infinite if `long` is too short.
    """
    core = core_of(short)
    places = torch.arange(len(long) - len(core) + 1) if starts is None else starts
    places = places[(places >= 0) & (places <= len(long) - len(core))]
    if not len(places):
        return float("inf")
    stretches = long.unfold(0, len(core), 1)[places]  # [n, 20, frames]
    apart = float((stretches - core.T).square().sum(1).mean(-1).min()) / (core.shape[1] / 2)
    return math.sqrt(apart)


def core_of(poses: Tensor) -> Tensor:
    """The middle of a clip."""
    length = max(round(CORE * len(poses)), 2)
    first = (len(poses) - length) // 2
    return poses[first : first + length]


def near_pairs(
    poses: Sequence[Tensor], below: float, progress: Callable[[int, int], None] = lambda done, total: None
) -> Iterator[tuple[int, int]]:
    """Pairs of clips, given by `poses_of`, that are nearer than `below`; the shorter one first.

    Three poses of each clip are sought in all others; only where all three are found is the whole compared.
    """
    if not poses:
        return
    lengths = torch.tensor([len(one) for one in poses])
    numbers = torch.arange(len(poses))
    sizes = torch.tensor([len(core_of(one)) for one in poses])
    # the first, the middle and the last pose of each core
    first_poses, middles, last_poses = (
        torch.stack([core_of(one)[place(len(core_of(one)))] for one in poses]).float()
        for place in (lambda n: 0, lambda n: n // 2, lambda n: n - 1)
    )
    most = (_CLOSE * below) ** 2 * poses[0].shape[1] / 2
    first = 0
    while first < len(poses):
        progress(first, len(poses))
        last = first + max(int((lengths[first:].cumsum(0) <= _AT_ONCE).sum()), 1)
        library = torch.cat(list(poses[first:last])).float()
        squares = library.square().sum(1)
        owner = torch.repeat_interleave(numbers[first:last], lengths[first:last])
        begin = torch.cat((torch.zeros(1, dtype=torch.long), lengths[first:last])).cumsum(0)
        for start in range(0, len(poses), _QUERIES):
            some = middles[start : start + _QUERIES]
            apart = squares[:, None] - 2 * library @ some.T + some.square().sum(1)
            for row, near in enumerate((apart <= most).T):
                one = start + row
                size = sizes[one]
                # of clips that are as long or longer, the frames at which this one may have begun
                places = near.nonzero()[:, 0]
                others = owner[places]
                starts = places - begin[others - first] - size // 2
                longer = (lengths[others] > lengths[one]) | (
                    (lengths[others] == lengths[one]) & (others > one)
                )
                fits = longer & (starts >= 0) & (starts <= lengths[others] - size)
                others, starts = others[fits], starts[fits]
                for point, pose in ((0, first_poses[one]), (size - 1, last_poses[one])):
                    there = library[begin[others - first] + starts + point]
                    fits = (there - pose).square().sum(1) <= most
                    others, starts = others[fits], starts[fits]
                for other in others.unique().tolist():
                    found = distance(poses[one].float(), poses[other].float(), starts[others == other])
                    if found < below:
                        yield one, other
        first = last
    progress(len(poses), len(poses))
