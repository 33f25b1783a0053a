"""NPZ: arrays for numpy, without pickle."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from stickgen.motion.skeleton import FPS, JOINTS, NUM_JOINTS
from stickgen.motion_export.format import Export, Motion
from stickgen.outputs import Kind


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


def _is_one(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return {"positions.npy", "joints.npy"} <= set(archive.namelist())
    except zipfile.BadZipFile:
        return False


EXPORT = Export(
    name="npz",
    suffixes=(".npz",),
    kind=Kind("a motion as NPZ", _is_one, suffixes=(".npz",)),
    about="`positions` [frames, 10, 2], `joints`, `fps` and `text`, a file for each clip",
    opened_by="numpy",
    each=lambda clip, look: npz(clip.text, clip.motion),
)
