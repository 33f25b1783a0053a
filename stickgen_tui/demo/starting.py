"""Start a demo and end it: a process that plays, and the run that it writes, in a folder of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

from stickgen.children import child_environment
from stickgen.errors import StickgenError
from stickgen.runs.store import Run
from stickgen_tui.demo.player import NAME, SPEED

_PATIENCE_SECONDS = 10.0
REPLAYED = f"DEMO: a recorded training, replayed {SPEED:.0f} times as fast. Nothing trains here."
TOLD = f"{REPLAYED} x stops it, ctrl+q leaves."


class Demo:
    """A demo that runs while this is entered. `run` is what it writes."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="stickgen-demo-"))
        self.run = Run(self.folder / NAME)
        self._player = subprocess.Popen(
            [sys.executable, "-m", "stickgen_tui.demo.player", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=child_environment(),
            start_new_session=True,  # Ctrl-C in the terminal is for the app
        )

    def __enter__(self) -> Run:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self.run.heartbeat():
            if self._player.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise StickgenError("the recorded run could not be played; try it with another TMPDIR")
            time.sleep(0.02)
        return self.run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the player, which takes the folder with it; what it leaves is taken here."""
        if self._player.stdin is not None:
            self._player.stdin.close()
        try:
            self._player.wait(3)
        except subprocess.TimeoutExpired:
            self._player.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
