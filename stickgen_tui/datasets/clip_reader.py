"""Single clips of a dataset, read by a process that may load torch: this one must not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

from stickgen.children import child_environment
from stickgen.motion.skeleton import POSE_DIM
from stickgen.text import clean

_ANSWER = 64 * 2**20  # bytes of a clip of an hour


@dataclass(frozen=True)
class ClipShown:
    """A clip as it is shown. `labels` are (first frame, frame after the last, action)."""

    number: int
    clips: int  # of the dataset
    captions: tuple[str, ...]
    labels: tuple[tuple[int, int, str], ...]
    about: tuple[tuple[str, str], ...]
    fps: float
    motion: tuple[tuple[float, ...], ...]


class ClipReader:
    """Asks one `stickgen data clips FILE -` for clips by their number."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def read(self, number: int) -> ClipShown:
        """One clip. Raises ValueError that says why it cannot be read."""
        async with self._lock:
            if self._process is None:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "stickgen", "data", "clips", str(self.path), "-",
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                    env=child_environment(), limit=_ANSWER, start_new_session=True,
                )  # fmt: skip
            process = self._process
            assert process.stdin is not None and process.stdout is not None and process.stderr is not None
            with contextlib.suppress(ConnectionError):
                process.stdin.write(f"{number}\n".encode())
                await process.stdin.drain()
            line = await process.stdout.readline()
            if not line:
                why = (await process.stderr.read()).decode(errors="replace")
                self._process = None
                raise ValueError(clean(why.strip() or "the reader ended", single_line=True, limit=400))
            return _shown(json.loads(line))

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _shown(told: dict[str, object]) -> ClipShown:
    motion = tuple(tuple(float(value) for value in pose) for pose in told["motion"])  # type: ignore[attr-defined]
    if not motion or any(len(pose) != POSE_DIM or not all(map(math.isfinite, pose)) for pose in motion):
        raise ValueError(f"clip {told['clip']} has no motion that can be drawn")
    names = ("name", "source", "licence", "subject", "view", "quality", "label_confidence")
    about = tuple(
        (name.replace("_", " "), clean(told[name], single_line=True, limit=120))
        for name in names
        if told.get(name)
    )
    if told.get("mirror_of") not in (None, -1):
        about += (("mirror of", f"clip {told['mirror_of']}"),)
    return ClipShown(
        number=int(str(told["clip"])), clips=int(str(told["clips"])),
        captions=tuple(clean(text, single_line=True, limit=300) for text in told["captions"]),  # type: ignore[attr-defined]
        labels=tuple((int(a), int(b), clean(name, single_line=True, limit=40)) for a, b, name in told["labels"]),  # type: ignore[attr-defined]
        about=about, fps=float(str(told["fps"])), motion=motion,
    )  # fmt: skip
