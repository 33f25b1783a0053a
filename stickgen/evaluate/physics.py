"""What a body does, told from the coordinates alone: feet, floor, bones, and how fast everything changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from stickgen.motion.skeleton import (
    BONE_LENGTHS,
    BONES,
    FPS,
    HEAD,
    LEFT_FOOT,
    NECK,
    NECK_ALONG_SPINE,
    PELVIS,
)

METRES = 1.75  # of a skeleton unit, about
LOW = 0.05 / METRES  # of an ankle that may bear the body (Kimodo's measure: 5 cm)
SLIDES = 0.2  # m/s, faster than a planted foot moves
BINS = 200
CHANGES = ("speed", "acceleration", "jerk")  # of every joint, m/s, m/s², m/s³


@dataclass(frozen=True)
class Body:
    """The scalars of one motion."""

    skate_ratio: float  # of the frames with a foot below 5 cm, those in which it moves faster than 0.2 m/s
    contact_speed: float  # m/s of a foot below 5 cm, mean
    floor_depth: float  # cm that the lower foot is below the floor, mean
    bone_variation: float  # standard deviation of a bone's length in the picture over its full length, mean
    bone_stretch: float  # how much longer than its full length the longest bone ever is, as a share
    speed: float  # of a joint, mean, m/s
    jerk: float  # of a joint, mean, m/s³


def body_of(motion: Tensor) -> Body:
    """The scalars of a motion [t, 20]."""
    joints = motion.double().unflatten(-1, (-1, 2))
    feet = joints[:, LEFT_FOOT:]
    steps = feet.diff(dim=0).norm(dim=-1) * FPS * METRES  # [t - 1, 2]
    low = (feet[1:, :, 1] < LOW) & (feet[:-1, :, 1] < LOW)
    contacts = int(low.sum())
    lengths = bone_lengths(joints)
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


def bone_lengths(joints: Tensor) -> Tensor:
    """[t, 10, 2] → lengths in the picture [t, 10], in the order of BONES."""
    neck = joints[:, PELVIS] + NECK_ALONG_SPINE * (joints[:, HEAD] - joints[:, PELVIS])
    points = torch.cat((joints, neck[:, None]), dim=1)  # the neck comes last: index NECK = -1
    assert NECK == -1
    start, end = zip(*BONES, strict=True)
    return (points[:, list(end)] - points[:, list(start)]).norm(dim=-1)


def changes(motion: Tensor) -> dict[str, Tensor]:
    """Absolute speed, acceleration and jerk of every joint in every frame, [t - order, 10] each."""
    joints = motion.double().unflatten(-1, (-1, 2)) * METRES
    return {
        name: joints.diff(n=order, dim=0).norm(dim=-1) * FPS**order for order, name in enumerate(CHANGES, 1)
    }


@dataclass(frozen=True)
class Rates:
    """Bins of speed, acceleration and jerk, spread as real motion is: so many real values in each."""

    edges: dict[str, Tensor]  # [BINS + 1] each

    @classmethod
    def of(cls, motions: Sequence[Tensor]) -> Rates:
        """Bins by the quantiles of real `motions`, and up to four times their largest value."""
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
        """How many of a motion's values lie in each bin, [BINS] each; what is beyond counts in the last."""
        found = {}
        for name, values in changes(motion).items():
            inner = self.edges[name][1:-1].contiguous()
            found[name] = torch.bincount(torch.bucketize(values.flatten(), inner), minlength=BINS).double()
        return found


def transport(ours: Tensor, theirs: Tensor, edges: Tensor) -> Tensor:
    """W1 distance between histograms [..., BINS] over bins at `edges`: the area between their shares below."""
    below = [h.cumsum(-1) / h.sum(-1, keepdim=True).clamp_min(1e-12) for h in (ours, theirs)]
    return ((below[0] - below[1]).abs() * edges.diff()).sum(-1)


@dataclass(frozen=True)
class Limits:
    """What is physically plausible: within these, 98 of 100 real motions lie for each of them."""

    skate_ratio: float
    contact_speed: float
    floor_depth: float
    bone_stretch: float
    least_jerk: float
    most_jerk: float

    @classmethod
    def of(cls, bodies: Sequence[Body]) -> Limits:
        """By the bodies of real motions."""

        def at(name: str, share: float) -> float:
            return float(torch.tensor([getattr(body, name) for body in bodies]).double().quantile(share))

        return cls(
            at("skate_ratio", 0.98) + 0.02, at("contact_speed", 0.98) + 0.02, at("floor_depth", 0.98) + 1.0,
            at("bone_stretch", 0.98) + 0.05, 0.5 * at("jerk", 0.01), 1.5 * at("jerk", 0.99),
        )  # fmt: skip

    def hold(self, body: Body) -> bool:
        """Whether a motion keeps to all of them."""
        return (
            body.skate_ratio <= self.skate_ratio
            and body.contact_speed <= self.contact_speed
            and body.floor_depth <= self.floor_depth
            and body.bone_stretch <= self.bone_stretch
            and self.least_jerk <= body.jerk <= self.most_jerk
        )

    def as_dict(self) -> dict[str, float]:
        """For a report."""
        return asdict(self)
