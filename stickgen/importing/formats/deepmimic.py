"""Reads the motions of DeepMimic and what is built on it: rotations of its humanoid, frame by frame, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from stickgen.errors import StickgenError
from stickgen.importing.capture import Capture, Floats
from stickgen.importing.decoding import decode
from stickgen.importing.format import Choices, Claim, Format, Take, with_suffix
from stickgen.importing.rotations import about_axis, of_quaternions
from stickgen.importing.sources import Found

# joint, parent, metres from the parent (x forwards, y up, z to the right), numbers in a frame: four of a quaternion, one
# of an angle about z, or none; as DeepMimic's humanoid3d.txt has them. The head is the middle of the ball that it draws.
_JOINTS = (
    ("root", -1, (0.0, 0.0, 0.0), 4),
    ("chest", 0, (0.0, 0.236151, 0.0), 4),
    ("neck", 1, (0.0, 0.223894, 0.0), 4),
    ("right_hip", 0, (0.0, 0.0, 0.084887), 4),
    ("right_knee", 3, (0.0, -0.421546, 0.0), 1),
    ("right_ankle", 4, (0.0, -0.40987, 0.0), 4),
    ("right_shoulder", 1, (-0.02405, 0.2435, 0.18311), 4),
    ("right_elbow", 6, (0.0, -0.274788, 0.0), 1),
    ("right_wrist", 7, (0.0, -0.258947, 0.0), 0),
    ("left_hip", 0, (0.0, 0.0, -0.084887), 4),
    ("left_knee", 9, (0.0, -0.421546, 0.0), 1),
    ("left_ankle", 10, (0.0, -0.40987, 0.0), 4),
    ("left_shoulder", 1, (-0.02405, 0.2435, -0.18311), 4),
    ("left_elbow", 12, (0.0, -0.274788, 0.0), 1),
    ("left_wrist", 13, (0.0, -0.258947, 0.0), 0),
    ("head", 2, (0.0, 0.175, 0.0), 0),
)
WIDTH = 4 + sum(numbers for *_, numbers in _JOINTS)  # seconds and the root's position go before
MAX_FRAMES = 500_000
MAX_BYTES = 16_000_000  # ten minutes; JSON takes twenty times its size in memory
_EVEN = 0.01  # durations that differ by less are one frame rate
_FRAMES = re.compile(r'"Frames"\s*:\s*\[')


def read_deepmimic(data: bytes | str, name: str) -> tuple[Capture, list[str]]:
    """Pose DeepMimic's humanoid by a motion file, with notes. Raises StickgenError with the name and the line."""
    text = decode(data) if isinstance(data, bytes) else data
    try:
        motion = json.loads(text)
    except json.JSONDecodeError as error:
        raise StickgenError(f"{name}:{error.lineno}: not JSON here ({error.msg}); get it again") from None
    except (RecursionError, ValueError) as error:
        raise StickgenError(f"{name}: not JSON of a motion ({type(error).__name__})") from None
    frames = motion.get("Frames") if isinstance(motion, dict) else None
    if not isinstance(frames, list) or not frames:
        raise StickgenError(f"{name}: it has no frame of motion; get it again")
    if len(frames) > MAX_FRAMES:
        raise StickgenError(f"{name}: {len(frames):,} frames are too many for one capture; split the file")
    for number, frame in enumerate(frames):
        fault = _fault(frame, number, len(frames))
        if fault:
            raise StickgenError(f"{name}:{_line(text, number)}: {fault}")
    values = np.array(frames, np.float64)
    positions, fps, notes = _evenly(values, _posed(values), name)
    rest = np.zeros((1, WIDTH))
    column = 4
    for *_, numbers in _JOINTS:
        if numbers == 4:
            rest[:, column] = 1.0
        column += numbers
    names, parents = [joint[0] for joint in _JOINTS], tuple(joint[1] for joint in _JOINTS)
    return Capture(names, positions, _posed(rest)[0], fps, 0, parents), notes


def _fault(frame: object, number: int, count: int) -> str:
    """What is wrong with a frame; "" if nothing is."""
    if not isinstance(frame, list) or not all(type(value) in (int, float) for value in frame):
        return f"frame {number + 1} is no list of numbers"
    if len(frame) != WIDTH:
        return f"frame {number + 1} has {len(frame)} numbers where DeepMimic's humanoid has {WIDTH}"
    if not all(abs(value) < 1e9 for value in frame):  # NaN is not either
        return f"frame {number + 1} has a number that is not finite"
    if frame[0] < 0 or (frame[0] == 0 and number < count - 1):
        return f"frame {number + 1} takes {frame[0]:g} seconds; only the last may take none"
    column = 4
    for joint, _, _, numbers in _JOINTS:
        if numbers == 4 and not any(frame[column : column + 4]):
            return f"frame {number + 1} turns the {joint.replace('_', ' ')} by a quaternion of zeros"
        column += numbers
    return ""


def _line(text: str, number: int) -> int:
    """The line in which a frame begins."""
    start = _FRAMES.search(text)
    begins = re.compile(r"[\[{]").finditer(text, start.end() if start else 0)
    found = next(islice(begins, number, None), None)
    before = text[: found.start() if found else 0]
    return before.count("\n") + before.count("\r") - before.count("\r\n") + 1


def _posed(values: Floats) -> Floats:
    """Joint positions [t, j, 3] of frames [t, 44]."""
    positions = np.zeros((len(values), len(_JOINTS), 3))
    turns: list[Floats] = []
    column = 4
    for index, (_, parent, offset, numbers) in enumerate(_JOINTS):
        if numbers == 4:
            turn = of_quaternions(values[:, column : column + 4])
        else:
            turn = about_axis(2, values[:, column] if numbers else np.zeros(len(values)))
        column += numbers
        if parent < 0:
            positions[:, index] = values[:, 1:4]
        else:
            positions[:, index] = positions[:, parent] + turns[parent] @ np.array(offset)
            turn = turns[parent] @ turn
        turns.append(turn)
    return positions


def _evenly(values: Floats, positions: Floats, name: str) -> tuple[Floats, float, list[str]]:
    """The positions at one frame rate, that rate, and notes. A frame lasts until the next one."""
    durations = values[:-1, 0] if len(values) > 1 else values[:, 0]
    usual = float(np.median(durations))
    if usual <= 0:
        raise StickgenError(f"{name}: its one frame takes no time, so that its frame rate is unknown")
    if np.abs(durations / usual - 1).max() <= _EVEN:
        return positions, 1 / float(durations.mean()), []
    times = np.concatenate(([0.0], np.cumsum(durations)))[: len(values)]
    count = int(times[-1] / usual + 1e-6) + 1
    if count > MAX_FRAMES:
        raise StickgenError(
            f"{name}: its frames take from {durations.min():g} to {durations.max():g} seconds"
        )
    wanted = np.arange(count) * usual
    flat = positions.reshape(len(positions), -1)
    even = np.stack([np.interp(wanted, times, column) for column in flat.T], axis=-1)
    note = (
        f"its frames take from {durations.min():g} to {durations.max():g} seconds; made even, {usual:g} each"
    )
    return even.reshape(count, *positions.shape[1:]), 1 / usual, [note]


def _claim(files: Sequence[Found]) -> Iterable[Claim]:
    for file in with_suffix(files, ".txt", ".json"):
        if _FRAMES.search(head := decode(file.head())) and re.match(r"\s*\{", head):
            yield Claim("DeepMimic", file)


def _read(claim: Claim, choices: Choices) -> Iterator[Take]:
    capture, notes = read_deepmimic(claim.file.read(), claim.file.name)
    yield Take(capture, notes=notes)


FORMAT = Format(
    name="DeepMimic",
    reads="DeepMimic's and AMP's humanoid (`humanoid3d_*.txt`), with the durations of its frames",
    limits="44 numbers a frame; its dog and other bodies are refused",
    claim=_claim,
    read=_read,
    max_bytes=MAX_BYTES,
)
