"""A program in a pseudo-terminal of its own: typed at, its bytes counted, its screen read as pyte paints it."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from pathlib import Path

import psutil
import pyte

_CPUCLOCK_SCHED = 2  # clock_getcpuclockid(3) on Linux: of a process with all of its threads, in nanoseconds


class Terminal:
    """Starts `command` in `folder` with just that environment, in a terminal of `columns` × `rows` cells."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        columns: int = 120,
        rows: int = 40,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.sent = 0  # bytes that the program has printed
        self.cpu_at_last_byte = (
            0.0  # s that it had computed when the last of them came, before they were painted
        )
        self._stream = pyte.ByteStream(self.screen)
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], list(command), dict(environment))
        ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = psutil.Process(self.pid)

    def run(self, seconds: float, *, once: bool = False) -> None:
        """Let the program paint for that long; or only `once`."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._fd], [], [], left)[0]:
                try:
                    data = os.read(self._fd, 65536)
                except OSError:
                    return
                self.sent += len(data)
                self.cpu_at_last_byte = self.cpu_seconds
                self._stream.feed(data)
                if once:
                    return

    def until(self, text: str, within: float = 60.0) -> None:
        """Run until `text` is on screen. Raises TimeoutError that shows what is there instead."""
        end = time.monotonic() + within
        while text not in self.text:
            if time.monotonic() > end:
                raise TimeoutError(f"waited for {text!r} in vain:\n{self.text}")
            self.run(0.02, once=True)

    def type(self, keys: str) -> None:
        """Type keys as a terminal sends them."""
        os.write(self._fd, keys.encode())

    @property
    def text(self) -> str:
        """What is on screen."""
        return "\n".join(self.screen.display)

    @property
    def cpu_seconds(self) -> float:
        """What the program itself has computed so far, without its children."""
        try:
            return time.clock_gettime(~self.pid << 3 | _CPUCLOCK_SCHED)
        except OSError:  # a system whose process clocks have other numbers: in ticks of 10 ms
            times = self.process.cpu_times()
            return float(times.user + times.system)

    @property
    def rss_mib(self) -> float:
        """What it holds in memory now."""
        return float(self.process.memory_info().rss / 2**20)

    def end(self) -> None:
        """Close the terminal, as a person closes the window."""
        os.kill(self.pid, signal.SIGHUP)
        os.close(self._fd)
        os.waitpid(self.pid, 0)
