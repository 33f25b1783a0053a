"""A command of `stickgen data` as a process of its own, with the last line that it says.

Whatever ends it loses nothing: each writes its dataset when it is whole, and imports and embeddings go on from where
they were.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Sequence

from stickgen.children import PROGRESS_OFTEN, child_environment
from stickgen.text import clean

_LINE = 64 * 1024  # characters of a line that are read at most
_KEPT = 200  # lines of what it said


class DataJob:
    """One command. `said` are its lines so far, errors among them."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.arguments = tuple(arguments)
        self.said: list[str] = []
        self._process: asyncio.subprocess.Process | None = None

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    async def run(self, told: Callable[[str], None]) -> int:
        """Run it to its end; `told` gets each line as it comes. Returns the exit code."""
        environment = child_environment(**{PROGRESS_OFTEN: "1", "NO_COLOR": "1"})
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "stickgen", "data", *self.arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env=environment, limit=_LINE, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:  # a line without an end
                continue
            if not line:
                break
            text = clean(line.decode(errors="replace"), single_line=True, limit=500).strip()
            if text:
                self.said = [*self.said[-_KEPT:], text]
                told(text)
        return await self._process.wait()

    def stop(self) -> None:
        """Ask it to end, as ctrl+c does."""
        if self._process is not None and self.runs:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)
