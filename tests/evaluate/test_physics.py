"""What the coordinates say of a body, checked on motions whose answer is known."""

from __future__ import annotations

import pytest
import torch

from stickgen.evaluate.damage import DAMAGES
from stickgen.evaluate.physics import BINS, METRES, Limits, Rates, body_of, changes, transport
from stickgen.motion.skeleton import FPS, LEFT_FOOT, MAX_FRAMES


def standing(frames: int = 50) -> torch.Tensor:
    """A figure that stands still, its feet on the floor."""
    pose = [
        0.0,
        0.9,
        0.0,
        0.5,
        0.1,
        0.65,
        -0.1,
        0.65,
        0.12,
        0.5,
        -0.12,
        0.5,
        0.05,
        0.25,
        -0.05,
        0.25,
        0.05,
        0.0,
        -0.05,
        0.0,
    ]
    return torch.tensor(pose).repeat(frames, 1)


def moving(speed: float, frames: int = 50) -> torch.Tensor:
    """The same figure pulled along at `speed` m/s."""
    motion = standing(frames)
    motion[:, 0::2] += (torch.arange(frames) * speed / METRES / FPS)[:, None]
    return motion


def test_who_stands_does_nothing() -> None:
    body = body_of(standing())
    assert (body.speed, body.jerk, body.skate_ratio, body.contact_speed, body.floor_depth) == (0, 0, 0, 0, 0)
    assert body.bone_variation < 1e-6


def test_who_is_pulled_along_slides_at_that_speed() -> None:
    body = body_of(moving(0.5))
    assert body.speed == pytest.approx(0.5, abs=1e-3)
    assert body.contact_speed == pytest.approx(0.5, abs=1e-3)
    assert body.skate_ratio == 1.0
    assert body_of(moving(0.1)).skate_ratio == 0.0


def test_who_has_no_foot_on_the_floor_does_not_slide() -> None:
    motion = moving(2.0)
    motion[:, 1::2] += 1.0
    assert body_of(motion).contact_speed == 0.0


def test_depth_below_the_floor_is_in_centimetres() -> None:
    motion = standing()
    motion[:, 1::2] -= 0.1
    assert body_of(motion).floor_depth == pytest.approx(17.5, abs=0.01)


def test_a_longer_leg_is_a_stretched_bone() -> None:
    motion = standing()
    motion[25:, 2 * LEFT_FOOT + 1] -= 0.05
    body = body_of(motion)
    assert body.bone_stretch > 0.15
    assert body.bone_variation > body_of(standing()).bone_variation


def test_changes_are_per_second() -> None:
    seconds = torch.arange(20) / FPS
    motion = torch.zeros(20, 20)
    motion[:, 0] = seconds**3 / METRES
    assert changes(motion)["jerk"][:, 0].numpy() == pytest.approx(6.0, abs=0.5)


@pytest.mark.parametrize("frames", [2, 3, MAX_FRAMES])
def test_short_and_long_motions_are_measured(frames: int) -> None:
    assert torch.isfinite(torch.tensor(list(vars(body_of(moving(0.3, frames))).values()))).all()


def test_transport_is_how_far_values_are_moved() -> None:
    edges = torch.linspace(0, 20, BINS + 1, dtype=torch.float64)
    ours, theirs = torch.zeros(BINS).double(), torch.zeros(BINS).double()
    ours[10], theirs[40] = 7, 2
    assert float(transport(ours, theirs, edges)) == pytest.approx(30 * 0.1)


def test_every_value_of_a_motion_falls_into_a_bin() -> None:
    motions = [moving(0.1 * step) + 0.001 * torch.randn(50, 20) for step in range(8)]
    rates = Rates.of(motions)
    wild = 40 * torch.randn(50, 20)
    for motion in (*motions, wild):
        assert {name: int(h.sum()) for name, h in rates.histogram(motion).items()} == {
            "speed": 490, "acceleration": 480, "jerk": 470,
        }  # fmt: skip


def test_limits_hold_for_what_they_were_taken_from_and_not_for_the_damaged() -> None:
    generator = torch.Generator().manual_seed(0)
    walks = [moving(0.05) + 0.0002 * torch.randn(50, 20, generator=generator) for _ in range(40)]
    limits = Limits.of([body_of(motion) for motion in walks])
    assert sum(limits.hold(body_of(motion)) for motion in walks) >= 38
    for name in ("jitter", "sliding feet", "sunk floor", "stretched bones"):
        damage = next(damage for damage in DAMAGES if damage.name == name)
        spoiled = damage.how(walks, damage.levels[2])
        assert not any(limits.hold(body_of(motion)) for motion in spoiled), name
