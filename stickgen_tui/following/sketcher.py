"""Sentences drawn now: the app's side of `stickgen generate RUN --serve`, which may load torch; this process must not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stickgen.children import child_environment
from stickgen.text import clean
from stickgen_tui.following.sample import Sample, can_be_drawn

_ANSWER = 16 * 2**20  # bytes of a motion
_KEPT = 2000  # characters of what the process complained of

Told = Callable[[str, float | None], None]


@dataclass(frozen=True)
class Sketch:
    """A motion that was asked for. `about` is where it is from: a run's name or a dataset's clip, "" for this run."""

    sample: Sample
    seed: int
    seconds: float = 0.0  # that it took
    about: str = ""


class Sketcher:
    """Asks one drawing process after another: one that ended, because nobody asked for long, is started again."""

    def __init__(self, run_path: Path) -> None:
        self._run_path = run_path
        self._process: asyncio.subprocess.Process | None = None
        self._complaints: asyncio.Task[str] | None = None
        self._lock = asyncio.Lock()
        self._count = 0

    async def ask(self, told: Told, **request: Any) -> dict[str, Any]:
        """What came of a request; `told` gets each phase and the seconds left, where they are known.

        Raises ValueError with the sentence that says why it cannot be drawn.
        """
        async with self._lock:
            self._count += 1
            line = json.dumps({"id": self._count, **request}) + "\n"
            for attempt in (1, 2):
                process = await self._start(told)
                assert process.stdin is not None
                try:
                    process.stdin.write(line.encode())
                    await process.stdin.drain()
                    answer = await self._answer(process, told)
                except (ConnectionError, ValueError):  # ValueError: an answer without an end
                    answer = None
                if answer is not None:
                    if "error" in answer:
                        raise ValueError(clean(answer["error"], single_line=True, limit=500))
                    return answer
                why = await self._ended(process)
                if attempt == 2 or why:
                    raise ValueError(why or "the process that draws has ended; try again")
            raise AssertionError

    async def _start(self, told: Told) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            told("starting", None)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "stickgen", "generate", str(self._run_path), "--serve",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                env=child_environment(NO_COLOR="1"), limit=_ANSWER, start_new_session=True,
            )  # fmt: skip
            assert self._process.stderr is not None
            self._complaints = asyncio.create_task(_last_of(self._process.stderr))
        return self._process

    async def _answer(self, process: asyncio.subprocess.Process, told: Told) -> dict[str, Any] | None:
        """The answer to the request of this count, None if the process ended without one."""
        assert process.stdout is not None
        while line := await process.stdout.readline():
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if not isinstance(said, dict) or said.get("id") != self._count:
                continue  # of a request that was given up
            if "phase" not in said:
                return said
            left = said.get("seconds_left")
            told(
                clean(said["phase"], single_line=True, limit=60),
                float(left) if isinstance(left, int | float) else None,
            )
        return None

    async def _ended(self, process: asyncio.subprocess.Process) -> str:
        """Why it ended, "" if it did as it should."""
        code = await process.wait()
        self._process = None
        said = await self._complaints if self._complaints is not None else ""
        if code == 0:
            return ""
        if code < 0:
            return f"the process that draws was killed by signal {-code}; the memory may have run out"
        return clean(
            said.strip().rpartition("\n")[2] or f"the process that draws ended with {code}", limit=400
        )

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._complaints is not None:
            self._complaints.cancel()


def sketch_of(answer: dict[str, Any], about: str = "") -> Sketch:
    """The motion in an answer. Raises ValueError if it holds none that can be drawn."""
    try:
        motion = tuple(tuple(float(value) for value in pose) for pose in answer["motion"])
        fps, step = float(answer["fps"]), int(answer["step"])
        text = clean(answer["text"], single_line=True, limit=300)
        seed, seconds = int(answer.get("seed", 0)), float(answer.get("seconds", 0.0))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("the process that draws gave an answer that is no motion") from error
    if not can_be_drawn(motion, fps):
        raise ValueError("the motion cannot be drawn: it has numbers that are not finite")
    return Sketch(Sample(step, text, fps, motion), seed, seconds, about)


async def _last_of(stream: asyncio.StreamReader) -> str:
    """The end of what a process says, read all the time so that it never waits."""
    kept = ""
    while piece := await stream.read(4096):
        kept = (kept + piece.decode(errors="replace"))[-_KEPT:]
    return kept
