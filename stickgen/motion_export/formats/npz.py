"""NPZ: arrays for numpy, without pickle."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from stickgen.motion.skeleton import FPS, JOINTS, NUM_JOINTS

Motion = Sequence[Sequence[float]]


def npz(text: str, motion: Motion) -> bytes:
    """`positions` [t, 10, 2] in skeleton units, y up and the floor at 0; `joints`, their names; `fps`; `text`."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        positions=np.asarray(motion, dtype=np.float32).reshape(-1, NUM_JOINTS, 2),
        joints=np.array(JOINTS),
        fps=np.array(FPS),
        text=np.array(text, dtype=str),
    )
    return buffer.getvalue()
