"""A drawn motion's feet and bones: held where they should stay, and nothing else changed."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from stickgen.data.synthetic import synthesize
from stickgen.model.bones import UNLIMITED, bone_lengths, bone_limits
from stickgen.model.cleanup import KEEP, TIE, cleaned, stay
from stickgen.motion.skeleton import BONES, LEFT_FOOT, PELVIS, RIGHT_HAND

ANY = torch.full((len(BONES),), UNLIMITED)


def walked(frames: int = 60, seed: int = 0) -> torch.Tensor:
    """A made-up motion [1, t, 20]."""
    clips = (torch.from_numpy(clip.motion).float() for clip in synthesize(40, seed=seed))
    return next(motion for motion in clips if len(motion) >= frames)[None, :frames]


def places(frames: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    feet = torch.randn(2, frames, 2, 2, generator=generator)
    return feet, torch.rand(2, frames, 2, generator=generator)


@given(frames=st.integers(1, 300), seed=st.integers(0, 100))
def test_the_feet_solve_the_system_that_they_are_said_to_solve(frames: int, seed: int) -> None:
    feet, planted = places(frames, seed)
    found = stay(feet, planted)
    steps = torch.eye(frames, dtype=torch.float64).diff(dim=0)
    for side in range(2):
        ties = TIE * (planted[:, 1:, side] * planted[:, :-1, side]).double()
        keep = torch.eye(frames, dtype=torch.float64) + KEEP * steps.T @ steps
        system = keep + steps.T @ (ties[..., None] * steps)
        solved = torch.linalg.solve(system, keep @ feet[:, :, side].double())
        torch.testing.assert_close(found[:, :, side].double(), solved, atol=1e-4, rtol=1e-4)


def test_a_planted_foot_that_slides_stays_and_one_in_the_air_goes_its_way() -> None:
    feet = torch.stack((torch.linspace(0, 0.1, 12), torch.zeros(12)), dim=-1)[None, :, None].expand(
        1, -1, 2, -1
    )
    planted = torch.tensor([1.0, 0.0]).expand(1, 12, 2)
    found = stay(feet, planted)
    assert float(found[0, -1, 0, 0] - found[0, 0, 0, 0]) < 0.5 * 0.1
    torch.testing.assert_close(found[:, :, 1], feet[:, :, 1])


def test_a_motion_whose_feet_are_in_the_air_and_whose_bones_are_short_is_left_alone() -> None:
    motion = walked()
    assert torch.allclose(cleaned(motion, torch.zeros(1, 60, 2), ANY), motion, atol=1e-6)


def test_no_bone_is_longer_than_its_limit_and_the_pelvis_stays() -> None:
    motion = walked()
    limits = bone_lengths(motion[0]).amax(0)
    stretched = motion.clone()
    stretched[..., 2 * RIGHT_HAND :: 1][..., :2] += 0.3
    stretched[..., 2 * LEFT_FOOT] -= 0.3
    found = cleaned(stretched, torch.zeros(1, 60, 2), limits)
    assert bool((bone_lengths(stretched[0]) > 1.1 * limits).any())
    assert bool((bone_lengths(found[0]) < limits + 1e-3).all())
    assert torch.equal(found[..., 2 * PELVIS : 2 * PELVIS + 2], motion[..., 2 * PELVIS : 2 * PELVIS + 2])


def test_held_poses_stay_and_the_planted_feet_beside_them_give_way() -> None:
    motion = walked()
    motion[0, :, 2 * LEFT_FOOT] += torch.linspace(0, 0.2, 60)
    held = torch.zeros(60, dtype=torch.bool)
    held[30] = True
    found = cleaned(motion, torch.ones(1, 60, 2), ANY, held)
    assert torch.equal(found[0, 30], motion[0, 30])
    beside = found[0, 29:32, 2 * LEFT_FOOT]
    assert float(beside.diff().abs().max()) < 0.02  # no jump to the held pose and back


def test_limits_are_what_all_but_a_thousandth_of_real_frames_keep() -> None:
    motions = [walked(seed=seed)[0] for seed in range(20)]
    limits = bone_limits(motions)
    lengths = torch.cat([bone_lengths(motion) for motion in motions])
    assert bool(((lengths <= limits).float().mean(0) >= 0.999).all())
    assert bool((limits <= lengths.amax(0) + 2e-3).all())
