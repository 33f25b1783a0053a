"""What runs and probes took on this machine: peak memory and step time, kept to predict later runs.

The file is `calibration.jsonl` in the state folder (see folders.py). It is a record log, one measurement a line, each
with a checksum, so damage costs only the damaged lines. It is rewritten as a whole and stays small.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from stickgen.atomic import write_bytes
from stickgen.errors import StickgenError
from stickgen.folders import state_path
from stickgen.hardware.machine import Machine
from stickgen.planner.arithmetic.workload import Workload
from stickgen.planner.measured.engine_version import engine_digest
from stickgen.record_log import decode_lines, encode
from stickgen.runs.locks import exclusive

MOST = 200  # the newest measurements are kept


@dataclass(frozen=True)
class Origin:
    """Where a measurement comes from. Other machines count for nothing, other versions for less."""

    machine: str  # a digest of the processor, the cores and the GPUs
    torch: str
    engine: str  # a digest of what the engine's code computes


@dataclass(frozen=True)
class Measurement:
    """The memory and time that one workload took in a run or a probe."""

    origin: Origin
    workload: Workload
    peak_memory_bytes: int | None  # of the process and its workers; on CUDA, VRAM; None if unknown of what
    seconds_per_step: float | None  # the median, without the first step
    steps: int
    source: Literal["probe", "run"]
    unix_time: float
    contended: bool = False  # other processes used the cores: its time is meaningless and never kept

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {name: value for name, value in asdict(self).items() if name != "contended"}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Measurement:
        """Return the inverse of `to_json`. Raises TypeError, KeyError or ValueError for anything else."""
        workload = {name: facts["workload"][name] for name in _names(Workload) if name in facts["workload"]}
        seconds, peak = facts["seconds_per_step"], facts["peak_memory_bytes"]
        if facts["source"] == "run" and "encoder_weights" not in workload:
            peak = None  # of a version that did not say whether a text encoder is part of it
        found = cls(
            Origin(**facts["origin"]), Workload(**workload), None if peak is None else int(peak),
            None if seconds is None else float(seconds), int(facts["steps"]), facts["source"],
            float(facts["unix_time"]),
        )  # fmt: skip
        if any(
            figure is not None and figure <= 0 for figure in (found.peak_memory_bytes, found.seconds_per_step)
        ):
            raise ValueError("a measurement must be above 0")
        return found


def _names(kind: type) -> list[str]:
    return [field.name for field in fields(kind)]


def measurements_path() -> Path:
    """Return the file that measurements are kept in."""
    return state_path("calibration.jsonl")


def origin_of(machine: Machine) -> Origin:
    """Return the origin of measurements on `machine` with this version."""
    about = [machine.cpu_name, machine.cores_usable, [gpu.name for gpu in machine.gpus], machine.mps]
    return Origin(_digest(json.dumps(about).encode()), _torch_version(), engine_digest())


@functools.cache
def _torch_version() -> str:
    try:
        return importlib.metadata.version("torch")  # reads a small file, and never loads torch
    except importlib.metadata.PackageNotFoundError:
        return ""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def read_measurements(path: Path | None = None) -> tuple[Measurement, ...]:
    """Return the kept measurements, oldest first. Damaged lines and a missing file count as none.

    The file is read again only if it has changed.
    """
    path = path or measurements_path()
    try:
        status = path.stat()
    except OSError:
        return ()
    return _read(path, status.st_mtime_ns, status.st_size, status.st_ino)


@functools.lru_cache(maxsize=4)
def _read(path: Path, mtime_ns: int, size: int, inode: int) -> tuple[Measurement, ...]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return ()
    found = []
    for record in decode_lines([line for line in lines if line]):
        try:
            found.append(Measurement.from_json(record))
        except (TypeError, KeyError, ValueError, AttributeError):
            continue  # of a version that wrote something else
    return tuple(found)


def keep(measurement: Measurement, path: Path | None = None) -> bool:
    """Add `measurement`, replacing an older one of the same workload. Return whether it could be written.

    A disk error is not raised. If other processes used the cores, the older time is kept instead of the new one.
    """
    path = path or measurements_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(path.with_name(path.name + ".lock")):
            if measurement.contended:
                same = [kept for kept in read_measurements(path) if _subject(kept) == _subject(measurement)]
                known = same[-1].seconds_per_step if same else None
                measurement = replace(measurement, seconds_per_step=known, contended=False)
            others = [kept for kept in read_measurements(path) if _subject(kept) != _subject(measurement)]
            lines = [encode(kept.to_json()) for kept in [*others, measurement][-MOST:]]
            write_bytes(path, b"".join(lines), mode=0o600)
    except (OSError, StickgenError):
        return False
    return True


def _subject(measurement: Measurement) -> tuple[Any, ...]:
    return measurement.origin, measurement.workload, measurement.source
