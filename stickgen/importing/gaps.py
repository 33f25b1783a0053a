"""Joints that were not seen in some frames: short gaps are filled, long ones cut the motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError
from stickgen.motion.skeleton import JOINTS

Floats = NDArray[np.float64]
FILLED_SECONDS = 0.5  # the longest gap of a joint that is filled


def filled(points: Floats) -> Floats:
    """[t, n, 2] with every gap interpolated, and the ends held. Joints that were never seen stay as they are."""
    flat = points.reshape(len(points), -1).copy()
    frames = np.arange(len(points))
    for column in flat.T:
        seen = np.isfinite(column)
        if seen.any():
            column[~seen] = np.interp(frames[~seen], frames[seen], column[seen])
    return flat.reshape(points.shape)


def whole_stretch(points: Floats, fps: float, file: str, first: int) -> tuple[slice, list[str]]:
    """The longest stretch of [t, 10, 2] in which every joint is seen but for short gaps, and what was left out.

    Such a stretch begins and ends with all joints seen. `first` is the number of the first frame. Raises StickgenError that
    names the joint if the stretch has less than half of the frames in which the body is seen.
    """
    seen: NDArray[np.bool_] = np.asarray(np.isfinite(points).all(axis=-1))  # [t, 10]
    never = [JOINTS[joint].replace("_", " ") for joint in range(len(JOINTS)) if not seen[:, joint].any()]
    if never:
        raise StickgenError(
            f"{file}: its {', '.join(never)} {'is' if len(never) == 1 else 'are'} seen in no frame (with enough "
            "confidence: --confidence); the whole body must be in the picture"
        )
    limit = max(int(FILLED_SECONDS * fps), 1)
    good = np.ones(len(points), bool)
    gaps: list[tuple[int, int, int]] = []  # length, start, joint
    for joint in range(len(JOINTS)):
        for start, end in _runs(~seen[:, joint]):
            if end - start > limit:
                good[start:end] = False
                gaps.append((end - start, start, joint))
    full: NDArray[np.bool_] = np.asarray(seen.all(axis=1))
    pieces = []
    for start, end in _runs(good):
        inside = np.flatnonzero(full[start:end])
        if len(inside):
            pieces.append(slice(start + int(inside[0]), start + int(inside[-1]) + 1))
    present = int(seen.any(axis=1).sum())
    best = max(pieces, key=lambda piece: piece.stop - piece.start, default=slice(0, 0))
    if best.stop - best.start < present / 2:
        long, start, joint = max(gaps) if gaps else (len(points), 0, int(seen.sum(axis=0).argmin()))
        raise StickgenError(
            f"{file}: its {JOINTS[joint].replace('_', ' ')} is not seen for {long / fps:.1f} s (frames {first + start} to "
            f"{first + start + long - 1}), and only gaps of up to {FILLED_SECONDS:g} s are filled; cut it there, or accept "
            "joints that the detector is less sure of with --confidence"
        )
    left_out = len(points) - (best.stop - best.start)
    notes = []
    if left_out:
        joints = ", ".join(
            dict.fromkeys(JOINTS[joint].replace("_", " ") for _, _, joint in sorted(gaps)[::-1])
        )
        reason = f": elsewhere its {joints} is not seen for too long" if joints and len(pieces) > 1 else ""
        notes.append(
            f"frames {first + best.start} to {first + best.stop - 1} kept, in which all of the body is seen{reason}"
        )
    return best, notes


def _runs(true: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end of each stretch in which [t] is true."""
    padded = np.zeros(len(true) + 2, np.int64)
    padded[1:-1] = true
    edges = np.flatnonzero(np.diff(padded)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
