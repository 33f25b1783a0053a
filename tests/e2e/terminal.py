"""A real terminal without a person: a private tmux server whose one window runs the program."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest


def require_tmux() -> None:
    """Skip the test where there is no tmux."""
    if shutil.which("tmux") is None:
        pytest.skip("no tmux here: the real-terminal tests need it")


class Terminal:
    """Runs `command` in `folder`; what it shows is polled, never slept for."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        columns: int,
        rows: int,
        *,
        sent: Path | None = None,
        **environment: str,
    ) -> None:
        """`sent`: a file for every byte that the program sends to the terminal."""
        self._socket = f"stickgen-{uuid.uuid4().hex[:8]}"
        # a screenshot of Textual leaves the size of its screen behind as COLUMNS and LINES
        kept = {k: v for k, v in os.environ.items() if k not in ("TMUX", "COLUMNS", "LINES")}
        self._environment = {**kept, **environment, "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        quoted = " ".join(f"'{part}'" for part in command)
        # the shell stays, so that what the program leaves behind on the terminal can be seen
        echo = "stty -a | grep -q -e ' -echo ' && echo echo off || echo echo on"
        script = f"export TERM=xterm-256color; {quoted}; echo exit code $?; {echo}; cat"
        self._tmux(
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            str(columns),
            "-y",
            str(rows),
            "-c",
            str(folder),
            script,
            *(() if sent is None else (";", "pipe-pane", "-o", f"exec cat > '{sent}'")),
        )

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, "-u", *arguments],
            env=self._environment, capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def keys(self, *names: str) -> None:
        """Press keys, by tmux's names: Enter, C-s, F5, or the character itself."""
        self._tmux("send-keys", *names)

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self) -> str:
        """What stands on the screen."""
        return self._tmux("capture-pane", "-p")

    def modes(self) -> str:
        """`alternate screen on, mouse reports on` as 0 and 1."""
        return self._tmux("display-message", "-p", "#{alternate_on}#{mouse_any_flag}").strip()

    def wait_for(self, *texts: str, seconds: float = 120.0) -> str:
        """The screen, once all of `texts` stand on it."""
        deadline = time.monotonic() + seconds
        while True:
            shown = self.screen()
            if all(text in shown for text in texts):
                return shown
            assert time.monotonic() < deadline, f"no {texts} after {seconds:g} s on:\n{shown}"
            time.sleep(0.05)

    def leave(self, text: str, seconds: float = 120.0) -> None:
        """Press Escape and wait until `text` is gone: a key right behind would be taken for Alt and that key."""
        self.keys("Escape")
        deadline = time.monotonic() + seconds
        while text in (shown := self.screen()):
            assert time.monotonic() < deadline, f"still {text} after {seconds:g} s on:\n{shown}"
            time.sleep(0.05)

    def close(self) -> None:
        """End the server and what runs in it."""
        subprocess.run(
            ["tmux", "-L", self._socket, "kill-server"], env=self._environment, capture_output=True
        )
