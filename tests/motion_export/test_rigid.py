"""A figure of rigid bones keeps the pelvis and the directions, and says how far it is from the motion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from motions import Motion, any_motions, performed

from stickgen.motion.skeleton import HEAD, LEFT_ELBOW, LEFT_HAND, PELVIS
from stickgen.motion_export.rigid import CHAIN, RigidFigure, rigid


def points(motion: Motion) -> np.ndarray:
    return np.array(motion).reshape(len(motion), -1, 2)


@given(any_motions())
def test_bones_never_change_their_length_and_the_error_is_what_it_says(motion: Motion) -> None:
    figure = rigid(motion)
    joints = figure.joints
    hand = np.linalg.norm(joints[:, LEFT_HAND] - joints[:, LEFT_ELBOW], axis=-1)
    assert np.ptp(hand) < 1e-9
    assert (figure.lengths > 0).all()
    assert np.array_equal(joints[:, PELVIS], points(motion)[:, PELVIS])
    away = np.linalg.norm(joints - points(motion), axis=-1)
    assert figure.mean_error == pytest.approx(away.mean())
    assert figure.largest_error == pytest.approx(away.max())


@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_a_motion_of_rigid_bones_stays_as_it_is(frames: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-np.pi, np.pi, 9) + np.cumsum(rng.normal(size=(frames, 9)) * 0.2, axis=0)
    lengths = (np.array([0.35, 0.165, 0.14, 0.25, 0.25]) * rng.uniform(0.7, 1.3, 5))[
        [0, 1, 2, 1, 2, 3, 4, 3, 4]
    ]
    made = RigidFigure(rng.normal(size=(frames, 2)), angles, lengths, 0.0, 0.0).joints
    assert rigid(made.reshape(frames, -1)).largest_error < 1e-4


def test_a_bone_that_points_at_the_viewer_turns_evenly_instead_of_flickering() -> None:
    """A forearm swings through the depth: for a moment it has no length, and its direction there is noise."""
    motion = points([performed("idle")[0]] * 11)
    elbow = motion[:, LEFT_ELBOW]
    across = np.linspace(0.14, -0.14, 11)
    motion[:, LEFT_HAND] = elbow + np.stack((np.zeros(11), across), axis=1)
    motion[5, LEFT_HAND] = elbow[5] + (0.001, 0.0005)
    angles = rigid(motion.reshape(11, -1)).angles[:, CHAIN.index((LEFT_ELBOW, LEFT_HAND))]
    assert angles[4] == pytest.approx(np.pi / 2)
    assert abs(angles[6] - angles[4]) == pytest.approx(np.pi)
    assert angles[5] == pytest.approx((angles[4] + angles[6]) / 2)


def test_an_arm_that_is_never_seen_gets_an_arms_length() -> None:
    motion = points(performed("walk"))
    motion[:, LEFT_HAND] = motion[:, LEFT_ELBOW]
    figure = rigid(motion.reshape(len(motion), -1))
    assert np.isfinite(figure.angles).all()
    assert figure.lengths[CHAIN.index((LEFT_ELBOW, LEFT_HAND))] >= 0.07


@pytest.mark.parametrize("action", ["walk", "wave", "jump", "kick", "sit_down"])
def test_a_made_up_person_stays_near(action: str) -> None:
    motion = performed(action)
    figure = rigid(motion)
    height = float(points(motion)[:, HEAD, 1].max())
    assert figure.mean_error < 0.04 * height
