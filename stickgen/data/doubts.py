"""What looks wrong in a valid dataset: another unit, upside down, no movement, leaps, repeats.

Captures are checked when they are imported (`soundness.py`), but not a dataset that another program wrote.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stickgen.data.soundness import LEAP, LEAP_SPEED, STILL
from stickgen.motion.skeleton import FPS, HEAD, JOINTS, LEFT_FOOT, RIGHT_FOOT
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.data.dataset import DatasetFile

# the larger side of a figure, the median of a clip: 0.31 to 1.10 in 3,000 synthetic clips, 0.67 to 1.02 in 231 captures
SIZE = 0.25, 1.4
_AT_ONCE = 50_000  # frames


@dataclass
class _Found:
    """Numbers of the clips with each fault."""

    sizes: list[float] = field(default_factory=list)
    other_size: list[int] = field(default_factory=list)
    upside_down: list[int] = field(default_factory=list)
    still: list[int] = field(default_factory=list)
    leaping: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    digests: set[bytes] = field(default_factory=set)


def doubts_of(file: DatasetFile) -> tuple[str, ...]:
    """A sentence for each thing that looks wrong, with the number of clips and the first of them."""
    found = _Found()
    offsets: list[int] = file.content["offsets"].tolist()
    first = 0
    while first < file.clips:
        last = first + 1
        while last < file.clips and offsets[last + 1] - offsets[first] <= _AT_ONCE:
            last += 1
        motion = file.rows.read(file.content["motion"], offsets[first], offsets[last])
        _look(motion.numpy(), [offset - offsets[first] for offset in offsets[first : last + 1]], first, found)
        file.resident.read(motion.nbytes)
        first = last
    return _sentences(found, file.content["name"])


def _look(motion: NDArray[np.float32], offsets: Sequence[int], first: int, found: _Found) -> None:
    """Examine clips that lie end to end in [t, 20], starting with number `first`."""
    poses = motion.reshape(len(motion), len(JOINTS), 2)
    sizes = np.ptp(poses, axis=1).max(axis=1)
    upright = poses[:, HEAD, 1] - poses[:, [LEFT_FOOT, RIGHT_FOOT], 1].mean(axis=1)
    steps = np.abs(np.diff(motion, axis=0)).max(axis=1, initial=0)
    for number, (start, end) in enumerate(zip(offsets[:-1], offsets[1:], strict=True), first):
        size = float(np.median(sizes[start:end]))
        found.sizes.append(size)
        if not SIZE[0] <= size <= SIZE[1]:
            found.other_size.append(number)
        if float(np.median(upright[start:end])) < 0:
            found.upside_down.append(number)
        if float(np.ptp(motion[start:end], axis=0).max()) < STILL * max(size, 1e-9):
            found.still.append(number)
        elif steps[start : end - 1].max() > max(LEAP, LEAP_SPEED / FPS) * size:
            found.leaping.append(number)
        digest = hashlib.blake2b(motion[start:end].tobytes(), digest_size=16).digest()
        if digest in found.digests:
            found.repeated.append(number)
        found.digests.add(digest)


def _sentences(found: _Found, names: Sequence[str]) -> tuple[str, ...]:
    total = len(names)

    def clips(numbers: Sequence[int]) -> str:
        many = f"all {total} clips" if len(numbers) == total > 1 else f"{len(numbers):,} of {total:,} clips"
        return f"{many} (the first is {numbers[0]}, {clean(names[numbers[0]], single_line=True, limit=60)})"

    said = []
    if found.other_size:
        size = float(np.median([found.sizes[number] for number in found.other_size]))
        said.append(
            f"{clips(found.other_size)}: the figure is {size:.3g} units tall, but a person is about 1; are the "
            f"coordinates pixels, millimetres or metres? divide them by {size:.3g}"
        )
    if len(found.upside_down) > total / 2:  # a few may be handstands
        said.append(f"{clips(found.upside_down)}: the head is below the feet; y points up, so flip it")
    if found.still:
        said.append(f"{clips(found.still)}: nothing moves, so there is nothing to learn; remove them")
    if found.leaping:
        said.append(
            f"{clips(found.leaping)}: a joint leaps farther between two frames than any body can; cut those frames"
        )
    if found.repeated:
        said.append(
            f"{clips(found.repeated)}: the same motion as an earlier clip, which then counts more; remove them"
        )
    return tuple(said)
