"""Nine ways to damage a motion, each in three strengths, which a figure must detect before it is trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stickgen.evaluate.mirror import mirrored
from stickgen.motion.skeleton import BONES, FPS, HEAD, NECK, NECK_ALONG_SPINE, PELVIS

Motions = list[Tensor]


@dataclass(frozen=True)
class Damage:
    """One way to damage motions. `levels` are the arguments of `how` at each strength, `meaning` explains them."""

    name: str
    meaning: str
    levels: tuple[float, float, float]
    how: Callable[[Sequence[Tensor], float], Motions]


def _each(
    change: Callable[[Tensor, float, torch.Generator], Tensor],
) -> Callable[[Sequence[Tensor], float], Motions]:
    def spoil(motions: Sequence[Tensor], level: float) -> Motions:
        return [
            change(motion, level, torch.Generator().manual_seed(number))
            for number, motion in enumerate(motions)
        ]

    return spoil


def _some(change: Callable[[Tensor], Tensor]) -> Callable[[Sequence[Tensor], float], Motions]:
    """Apply `change` to a share of the motions, in a fixed order, so that a larger share includes a smaller one."""

    def spoil(motions: Sequence[Tensor], share: float) -> Motions:
        order = torch.randperm(len(motions), generator=torch.Generator().manual_seed(1)).tolist()
        hit = set(order[: round(share * len(motions))])
        return [change(motion) if number in hit else motion for number, motion in enumerate(motions)]

    return spoil


def _jitter(motion: Tensor, size: float, generator: torch.Generator) -> Tensor:
    return motion + size * torch.randn(motion.shape, generator=generator)


def _freeze(motion: Tensor, share: float, generator: torch.Generator) -> Tensor:
    last = round((1 - share) * (len(motion) - 1))
    return motion[torch.arange(len(motion)).clamp_max(last)]


def _reversal(motion: Tensor) -> Tensor:
    backwards = motion.flip(0).clone()
    backwards[:, 0::2] -= backwards[0, 2 * PELVIS].clone()
    return backwards


def _slide(motion: Tensor, speed: float, generator: torch.Generator) -> Tensor:
    slid = motion.clone()
    slid[:, 0::2] += (speed / FPS * torch.arange(len(motion)))[:, None]
    return slid


def _sink(motion: Tensor, depth: float, generator: torch.Generator) -> Tensor:
    sunk = motion.clone()
    sunk[:, 1::2] -= depth
    return sunk


def _stretch(motion: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Stretch and shrink every bone by up to `share`, twice a second, each with a phase of its own."""
    joints = motion.unflatten(-1, (-1, 2))
    seconds = torch.arange(len(motion)) / FPS
    phases = 2 * torch.pi * torch.rand(len(BONES), generator=generator)
    places: dict[int, Tensor] = {PELVIS: joints[:, PELVIS]}
    was = {joint: joints[:, joint] for joint in range(joints.shape[1])}
    was[NECK] = was[PELVIS] + NECK_ALONG_SPINE * (was[HEAD] - was[PELVIS])
    for (start, end), phase in zip(BONES, phases, strict=True):
        factor = 1 + share * torch.sin(4 * torch.pi * seconds + phase)
        places[end] = places[start] + (was[end] - was[start]) * factor[:, None]
    return torch.stack([places[joint] for joint in range(joints.shape[1])], dim=1).flatten(-2)


def _slow_down(motion: Tensor, speed: float, generator: torch.Generator) -> Tensor:
    """Play the beginning at `speed` times the speed, for as long as before.

    Frames are interpolated by Catmull-Rom splines: straight lines would bend at each frame and add jerk.
    """
    times = torch.arange(len(motion)) * speed
    first = times.long()
    t = (times - first)[:, None]
    before, at, after, beyond = (motion[(first + step).clamp(0, len(motion) - 1)] for step in (-1, 0, 1, 2))
    return at + t / 2 * (
        after
        - before
        + t * (2 * before - 5 * at + 4 * after - beyond + t * (3 * (at - after) + beyond - before))
    )


def _wrong_text(motions: Sequence[Tensor], share: float) -> Motions:
    """Permute a share of the motions, so that each gets the text of another."""
    order = torch.randperm(len(motions), generator=torch.Generator().manual_seed(1)).tolist()
    hit = order[: round(share * len(motions))]
    moved = list(motions)
    for place, other in zip(hit, hit[1:] + hit[:1], strict=True):
        moved[place] = motions[other]
    return moved


DAMAGES = (
    Damage("jitter", "noise on every coordinate, body heights", (0.004, 0.012, 0.03), _each(_jitter)),
    Damage("freeze", "share of the end that stands still", (1 / 3, 2 / 3, 1.0), _each(_freeze)),
    Damage("reversal", "share of clips played backwards", (1 / 3, 2 / 3, 1.0), _some(_reversal)),
    Damage("mirror", "share of clips with sides swapped, their text not", (1 / 3, 2 / 3, 1.0), _some(mirrored)),
    Damage("sliding feet", "drift, body heights a second", (0.1, 0.3, 0.6), _each(_slide)),
    Damage("sunk floor", "depth, body heights", (0.02, 0.05, 0.1), _each(_sink)),
    Damage("stretched bones", "share of their length", (0.05, 0.15, 0.3), _each(_stretch)),
    Damage("half speed", "speed left", (0.8, 0.65, 0.5), _each(_slow_down)),
    Damage("wrong text", "share of clips under another's text", (1 / 3, 2 / 3, 1.0), _wrong_text),
)  # fmt: skip
