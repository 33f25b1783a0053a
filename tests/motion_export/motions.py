"""Motions to write: smooth ones of any shape, and performed ones that look like people."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from stickgen.data.synthetic.compose import perform
from stickgen.motion.skeleton import POSE_DIM

Motion = list[list[float]]
# standing, with the left limbs at -x
POSE = [
    0.0, 0.9, 0.0, 0.5, -0.15, 0.6, 0.15, 0.6, -0.2, 0.45, 0.2, 0.45, -0.1, 0.25, 0.1, 0.25, -0.15, 0, 0.15, 0,
]  # fmt: skip


@st.composite
def any_motions(draw: st.DrawFn) -> Motion:
    """From one frame to forty of anything that a bad model may draw, joints on top of each other included."""
    frames = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    motion = rng.normal(size=POSE_DIM) + np.cumsum(rng.normal(size=(frames, POSE_DIM)), axis=0) * draw(
        st.sampled_from((0.0, 0.01, 0.1))
    )
    if draw(st.booleans()):
        motion[:, :] = np.round(motion)  # many bones without length
    return [[float(value) for value in pose] for pose in motion * draw(st.sampled_from((0.01, 0.3, 2.0)))]


def performed(action: str, seed: int = 0) -> Motion:
    """A made-up person."""
    motion: NDArray[np.float32] = np.asarray(perform(action, seed).motion)
    return [[float(value) for value in pose] for pose in motion]
