"""Physical figures from the coordinates alone: feet, floor, bones, and how fast everything changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from stickgen.model.bones import bone_vectors
from stickgen.motion.skeleton import BONE_LENGTHS, BONES, FPS, LEFT_FOOT

METRES = 1.75  # in a skeleton unit, approximately
LOW = 0.05 / METRES  # height of an ankle that may bear the body (5 cm, as in Kimodo)
SLIDES = 0.2  # m/s: a planted foot is slower
BINS = 200
CHANGES = ("speed", "acceleration", "jerk")  # of every joint, m/s, m/s², m/s³


@dataclass(frozen=True)
class Body:
    """The scalars of one motion."""

    skate_ratio: float  # share of the frames with a foot below 5 cm in which it moves faster than 0.2 m/s
    contact_speed: float  # mean speed of a foot below 5 cm, m/s
    floor_depth: float  # mean depth of the lower foot below the floor, cm
    bone_variation: (
        float  # standard deviation of a bone's projected length, relative to its full length; mean over bones
    )
    bone_stretch: float  # the largest relative excess of any bone over its full length
    speed: float  # mean over joints, m/s
    jerk: float  # mean over joints, m/s³


def body_of(motion: Tensor) -> Body:
    """The scalars of a motion [t, 20]."""
    joints = motion.double().unflatten(-1, (-1, 2))
    feet = joints[:, LEFT_FOOT:]
    steps = feet.diff(dim=0).norm(dim=-1) * FPS * METRES  # [t - 1, 2]
    low = (feet[1:, :, 1] < LOW) & (feet[:-1, :, 1] < LOW)
    contacts = int(low.sum())
    lengths = bone_vectors(motion.double()).norm(dim=-1)
    full = torch.tensor([BONE_LENGTHS[bone] for bone in BONES], dtype=torch.float64)
    rates = changes(motion)
    return Body(
        skate_ratio=float((steps > SLIDES)[low].double().mean()) if contacts else 0.0,
        contact_speed=float(steps[low].mean()) if contacts else 0.0,
        floor_depth=float((-feet[..., 1].amin(-1)).clamp_min(0).mean()) * METRES * 100,
        bone_variation=float((lengths.std(0, correction=0) / full).mean()),
        bone_stretch=float((lengths / full - 1).amax()),
        speed=float(rates["speed"].mean()),
        jerk=float(rates["jerk"].mean()) if len(motion) > 3 else 0.0,
    )


def changes(motion: Tensor) -> dict[str, Tensor]:
    """The magnitudes of speed, acceleration and jerk of every joint in every frame, [t - order, 10] each."""
    joints = motion.double().unflatten(-1, (-1, 2)) * METRES
    return {
        name: joints.diff(n=order, dim=0).norm(dim=-1) * FPS**order for order, name in enumerate(CHANGES, 1)
    }


@dataclass(frozen=True)
class Rates:
    """Bins of speed, acceleration and jerk that hold equal numbers of real values."""

    edges: dict[str, Tensor]  # [BINS + 1] each

    @classmethod
    def of(cls, motions: Sequence[Tensor]) -> Rates:
        """Bins by the quantiles of real `motions`; the last one ends at four times their largest value."""
        edges = {}
        for name in CHANGES:
            values = torch.cat([changes(motion)[name].flatten() for motion in motions])
            places = torch.linspace(0, 1, BINS - 39, dtype=torch.float64)
            low = torch.from_numpy(np.quantile(values.numpy(), places.numpy()))
            high = torch.linspace(1, 4, 41, dtype=torch.float64)[1:] * low[-1].clamp_min(1e-6)
            low[0] = 0.0
            edges[name] = torch.cat((low, high))
        return cls(edges)

    def histogram(self, motion: Tensor) -> dict[str, Tensor]:
        """How many of a motion's values are in each bin, [BINS] each. Values beyond count in the last."""
        found = {}
        for name, values in changes(motion).items():
            inner = self.edges[name][1:-1].contiguous()
            found[name] = torch.bincount(torch.bucketize(values.flatten(), inner), minlength=BINS).double()
        return found


def transport(ours: Tensor, theirs: Tensor, edges: Tensor) -> Tensor:
    """W1 distance between histograms [..., BINS] over bins at `edges`: the area between their cumulative shares."""
    below = [h.cumsum(-1) / h.sum(-1, keepdim=True).clamp_min(1e-12) for h in (ours, theirs)]
    return ((below[0] - below[1]).abs() * edges.diff()).sum(-1)


@dataclass(frozen=True)
class Limits:
    """Limits of what is physically plausible: 98 of 100 real motions are within each."""

    skate_ratio: float
    contact_speed: float
    floor_depth: float
    bone_stretch: float
    least_jerk: float
    most_jerk: float

    @classmethod
    def of(cls, bodies: Sequence[Body]) -> Limits:
        """The limits from the bodies of real motions."""

        def at(name: str, share: float) -> float:
            return float(torch.tensor([getattr(body, name) for body in bodies]).double().quantile(share))

        return cls(
            at("skate_ratio", 0.98) + 0.02, at("contact_speed", 0.98) + 0.02, at("floor_depth", 0.98) + 1.0,
            at("bone_stretch", 0.98) + 0.05, 0.5 * at("jerk", 0.01), 1.5 * at("jerk", 0.99),
        )  # fmt: skip

    def hold(self, body: Body) -> bool:
        """Whether a motion is within all limits."""
        return (
            body.skate_ratio <= self.skate_ratio
            and body.contact_speed <= self.contact_speed
            and body.floor_depth <= self.floor_depth
            and body.bone_stretch <= self.bone_stretch
            and self.least_jerk <= body.jerk <= self.most_jerk
        )

    def as_dict(self) -> dict[str, float]:
        """As a dict, for a report."""
        return asdict(self)
