"""Reads TRC, the tables of markers that Cortex, OpenSim, Pose2Sim and OpenCap write."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from stickgen.errors import StickgenError
from stickgen.importing.capture import Floats
from stickgen.importing.decoding import decode
from stickgen.importing.format import Choices, Claim, Format, Take, with_suffix
from stickgen.importing.markers import Recording, takes_of
from stickgen.importing.sources import Found
from stickgen.text import clean

MAX_MARKERS = 1000
MAX_POINTS = 8_000_000
_SAME_RATE = 0.02  # how far the times may differ from the rate


def read_trc(data: bytes | str, name: str) -> tuple[Recording, list[str]]:
    """The markers of a TRC file, with notes. Raises StickgenError with `name:line`.

    A marker was not seen where its cells are empty, NaN or all zero.
    """
    text = decode(data) if isinstance(data, bytes) else data
    rows = enumerate(io.StringIO(text, newline=None), 1)
    header, names, number = _header(rows, name)
    width = 2 + 3 * len(names)
    values, times = array("d"), array("d")
    for number, line in rows:
        cells = _cells(line)
        first = next((cell for cell in cells if cell), "")
        if not first or (not times and first[0] in "XYZxyz"):  # the line below the names
            continue
        if any(cells[width:]) or len(cells) < width:
            raise StickgenError(
                f"{name}:{number}: {len(cells)} cells where a frame number, a time and {len(names)} markers make {width}"
            )
        if len(values) > 3 * MAX_POINTS:
            raise StickgenError(f"{name}:{number}: too many frames for one capture; split the file")
        numbers = [_number(cell, name, number) for cell in cells[1:width]]
        times.append(numbers[0])
        values.extend(numbers[1:])
    frames = len(times)
    if not frames:
        raise StickgenError(f"{name}:{number}: it has no frame of motion; get it again")
    declared = _whole_number(header.get("numframes"))
    notes = []
    if declared > frames:
        raise StickgenError(
            f"{name}: {declared} frames are declared, but only {frames} are there; the file is cut short, get it again"
        )
    if 0 < declared < frames:
        notes.append(f"{declared} frames are declared, and {frames} are there; all are read")
    positions = np.frombuffer(values).reshape(frames, len(names), 3).copy()
    positions[~np.isfinite(positions).all(axis=2) | ~positions.any(axis=2)] = np.nan
    fps, said = _rate(header.get("datarate"), np.frombuffer(times))
    return Recording(names, positions, fps), notes + said


def _header(rows: Iterator[tuple[int, str]], name: str) -> tuple[dict[str, str], list[str], int]:
    """What the header says, the markers' names, and the number of the line that names them."""
    number, keys, said = 0, list[str](), dict[str, str]()
    for number, line in rows:
        cells = _cells(line)
        first = cells[0].lower()
        if not any(cells):
            continue
        if number == 1 and not first.startswith("pathfiletype"):
            raise StickgenError(f"{name}:1: not TRC: it does not begin with PathFileType")
        if first == "datarate":
            keys = [cell.lower() for cell in cells]
        elif keys and not said:
            said = dict(zip(keys, cells, strict=False))
        elif first.startswith("frame"):
            names = [cell for cell in cells[2:] if cell]
            if not names or len(names) > MAX_MARKERS:
                raise StickgenError(
                    f"{name}:{number}: {len(names)} markers are named where 1 to {MAX_MARKERS} can be"
                )
            declared = _whole_number(said.get("nummarkers"))
            if declared and declared != len(names):
                raise StickgenError(
                    f"{name}:{number}: {len(names)} markers are named where {declared} are declared (NumMarkers); fix the header"
                )
            return said, names, number
    raise StickgenError(
        f"{name}:{max(number, 1)}: the file ends before its line of markers (Frame#); get it again"
    )


def _cells(line: str) -> list[str]:
    """The cells of a row: between tabs, or, in a file without them, between spaces."""
    line = line.rstrip("\n\0\x1a")
    cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
    return cells or [""]


def _number(cell: str, name: str, number: int) -> float:
    if not cell:
        return float("nan")
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        raise StickgenError(
            f"{name}:{number}: {clean(cell, single_line=True, limit=20)!r} is no number"
        ) from None


def _whole_number(cell: str | None) -> int:
    """A count of the header; 0 if it says none."""
    try:
        return int(float((cell or "0").replace(",", ".")))
    except (ValueError, OverflowError):
        return 0


def _rate(said: str | None, times: Floats) -> tuple[float, list[str]]:
    """The frame rate: the header's, unless the times of the frames are even and say another."""
    try:
        rate = float((said or "0").replace(",", "."))
    except ValueError:
        rate = 0.0
    rate = rate if np.isfinite(rate) else 0.0
    steps = np.diff(times)
    step = float(np.median(steps)) if len(steps) else 0.0
    even = np.isfinite(steps).all() and step > 0 and np.ptp(steps) < 0.2 * step
    if not even or (rate > 0 and abs(rate * step - 1) <= _SAME_RATE):
        return rate, []
    timed = (len(times) - 1) / float(times[-1] - times[0])
    return timed, [
        f"DataRate says {rate:g}, and its times {timed:.4g} frames a second, which is taken (--fps)"
    ]


def _claim(files: Sequence[Found]) -> Iterable[Claim]:
    return (Claim("TRC", file) for file in with_suffix(files, ".trc"))


def _read(claim: Claim, choices: Choices) -> Iterator[Take]:
    recording, notes = read_trc(claim.file.read(), claim.file.name)
    yield from takes_of(recording, claim.file.name, notes, fps=choices.fps, given=choices.markers)


FORMAT = Format(
    name="TRC",
    reads="markers as Cortex, OpenSim, Pose2Sim and OpenCap write them, in any unit, by the names of the usual marker sets",
    limits="other names: `--markers`; gaps of up to 0.25 s are filled, and the longest stretch without longer ones is kept",
    claim=_claim,
    read=_read,
)
