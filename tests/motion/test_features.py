"""Features are the same motion in other numbers, for numpy and torch alike."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from stickgen.motion.features import foot_contacts, from_features, to_features
from stickgen.motion.skeleton import LEFT_FOOT, PELVIS, RIGHT_FOOT


def motion(seed: int, frames: int = 20) -> np.ndarray:
    points = np.random.default_rng(seed).normal(size=(frames, 20)).cumsum(0) * 0.05
    points[:, 0::2] -= points[0, 2 * PELVIS]
    return points


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_there_and_back(seed: int, frames: int) -> None:
    original = motion(seed, frames)
    np.testing.assert_allclose(from_features(to_features(original)), original, atol=1e-9)


def test_torch_and_numpy_agree() -> None:
    original = motion(1)
    both = torch.from_numpy(original)
    np.testing.assert_allclose(to_features(both).numpy(), to_features(original))
    np.testing.assert_array_equal(foot_contacts(both).numpy(), foot_contacts(original))


def test_features_do_not_depend_on_where_the_figure_stands() -> None:
    original = motion(2)
    moved = original.copy()
    moved[:, 0::2] += 3.0
    np.testing.assert_allclose(to_features(moved), to_features(original), atol=1e-9)


def test_a_foot_is_planted_when_low_and_still() -> None:
    still = np.zeros((6, 20))
    still[3:, 2 * RIGHT_FOOT] = [0.1, 0.2, 0.3]  # the right foot slides from frame 3 on
    still[:, 2 * LEFT_FOOT + 1] = 0.5  # the left one is in the air
    contacts = foot_contacts(still)
    assert contacts[:, 0].tolist() == [False] * 6
    assert contacts[:, 1].tolist() == [True, True, True, False, False, False]
