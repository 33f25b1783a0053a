"""Reads C3D, the binary files of markers of Vicon, Qualisys, OptiTrack and others."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from stickgen.errors import StickgenError
from stickgen.importing.format import Choices, Claim, Format, Take, with_suffix
from stickgen.importing.markers import Recording, takes_of
from stickgen.importing.sources import Found
from stickgen.text import clean

MAX_POINTS = 8_000_000
# what the library raises for a damaged file
_DAMAGED = (
    AssertionError, AttributeError, IndexError, KeyError, NameError, OverflowError, TypeError, UnicodeDecodeError, ValueError,
    struct.error,
)  # fmt: skip


def read_c3d(data: bytes, name: str) -> Recording:
    """The markers of a C3D file. Raises StickgenError with the file's name."""
    try:
        import c3d
    except ImportError:
        raise StickgenError(
            f"{name}: reading C3D takes the package c3d: pip install 'stickgen[c3d]'"
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of what is refused below
        try:
            return _recording(c3d.Reader(io.BytesIO(data)), len(data), name)
        except _DAMAGED as error:
            raise StickgenError(f"{name}: not C3D, or damaged ({_reason(error)}); get it again") from error


def _reason(error: BaseException) -> str:
    """What the library says, on one line."""
    return clean(str(error), single_line=True, limit=80).strip() or type(error).__name__


def _recording(reader: Any, size: int, name: str) -> Recording:
    count, frames = int(reader.point_used), int(reader.frame_count)
    if count < 1 or frames < 1:
        raise StickgenError(f"{name}: it has no markers, or no frame of them")
    if frames * count > MAX_POINTS:
        raise StickgenError(f"{name}: {frames:,} frames of {count} markers are too many for one capture")
    cut = StickgenError(
        f"{name}: {frames:,} frames are declared, but they are not all there; the file is cut short, get it again"
    )
    if frames * count * (16 if reader.point_scale < 0 else 8) > size:
        raise cut
    names = [label.strip() for part in ("", "2", "3") for label in _labels(reader, f"POINT:LABELS{part}")]
    names = [*names, *[""] * count][:count]
    positions = np.full((frames, count, 3), np.nan)
    read = 0
    for _, points, _ in reader.read_frames(copy=False):
        seen = (points[:, 3] >= 0) & points[:, :3].any(axis=1)
        positions[read, seen] = points[seen, :3]
        read += 1
    if read < frames:
        raise cut
    rate = float(reader.point_rate)
    return Recording(names, positions, rate if np.isfinite(rate) else 0.0)


def _labels(reader: Any, parameter: str) -> list[str]:
    """The names of up to 255 markers."""
    found = reader.get(parameter)
    return list(found.string_array) if found is not None else []


def _claim(files: Sequence[Found]) -> Iterable[Claim]:
    return (Claim("C3D", file) for file in with_suffix(files, ".c3d"))


def _read(claim: Claim, choices: Choices) -> Iterator[Take]:
    recording = read_c3d(claim.file.read(), claim.file.name)
    yield from takes_of(recording, claim.file.name, fps=choices.fps, given=choices.markers)


FORMAT = Format(
    name="C3D",
    reads="markers of one or more people, by the names of the usual marker sets: Plug-in Gait, Vicon FullBody, CMU 41, OptiTrack, "
    "Qualisys, ISB; Intel, DEC and MIPS files, whole numbers and floats",
    limits="takes `pip install 'stickgen[c3d]'`; other names: `--markers`; gaps of up to 0.25 s are filled, and the longest "
    "stretch without longer ones is kept",
    claim=_claim,
    read=_read,
)
