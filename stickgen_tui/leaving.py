"""The end of the app, whatever hangs: seconds after its terminal is gone, or a signal came, it is gone too.

The ordinary way is that of ctrl+q. Where a thread does not end, a queue is not drained or the event loop is busy,
a thread of ours gives the terminal back and ends the process; where even Python is stuck, C does (faulthandler).
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNAL_SECONDS = 4.0  # after a signal or the terminal's end
QUIT_SECONDS = 10.0  # after ctrl+q: somebody waits, and may have asked for something that takes a while
_POLL_MS = 500
# the main screen, the cursor, no mouse reports, no bracketed paste, colours as before
_RESTORE = (
    b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?2048l\x1b[<u\x1b[0m"
)


class Leaving:
    """Watches over the end of one process. It is made before the app changes the terminal."""

    def __init__(self) -> None:
        self._ask: Callable[[int], None] = lambda code: None
        self._begun = threading.Event()
        self._attributes: list[Any] | None = None
        with contextlib.suppress(OSError, AttributeError, termios.error):
            self._attributes = termios.tcgetattr(sys.__stdin__.fileno())  # type: ignore[union-attr]
        self._nowhere = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for faulthandler, to the end

    def listen(self, ask: Callable[[int], None]) -> None:
        """Take SIGTERM and SIGHUP from now on, and watch the terminal. The main thread calls it.

        `ask` is told the exit code, in a signal handler, and is to end the app the ordinary way.
        """
        self._ask = ask
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        watch = select.poll()
        for stream in (sys.__stdin__, sys.__stderr__):
            if stream is not None and stream.isatty():
                watch.register(stream.fileno(), 0)  # hang-ups are told unasked
        threading.Thread(
            target=self._watch_terminal, args=(watch,), daemon=True, name="terminal-watch"
        ).start()

    def begin(self, code: int, seconds: float | None = None) -> None:
        """From now on the process has so long, SIGNAL_SECONDS if nothing is said."""
        seconds = SIGNAL_SECONDS if seconds is None else seconds
        if self._begun.is_set():
            return
        self._begun.set()
        faulthandler.dump_traceback_later(seconds + 0.8, exit=True, file=self._nowhere)
        threading.Thread(target=self._end, args=(code, seconds), daemon=True, name="end-watch").start()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        for one in (signal.SIGCONT, signal.SIGTSTP):  # Textual would begin to read and draw again
            signal.signal(one, signal.SIG_DFL)
        self.begin(128 + number)
        with contextlib.suppress(Exception):
            self._ask(128 + number)

    def _watch_terminal(self, watch: select.poll) -> None:
        """Wait for the terminal to go: SIGHUP does not reach who is not its foreground, or ignores it."""
        while not self._begun.is_set():
            gone = [mask for _, mask in watch.poll(_POLL_MS)]
            if any(mask & select.POLLNVAL for mask in gone):
                return  # a system whose poll knows no terminals
            if any(mask & (select.POLLHUP | select.POLLERR) for mask in gone):
                self.begin(128 + signal.SIGHUP)
                os.kill(os.getpid(), signal.SIGHUP)  # so that the main thread does its part, if it can
                return

    def _end(self, code: int, seconds: float) -> None:
        time.sleep(seconds)
        with contextlib.suppress(OSError, ValueError, AttributeError, termios.error):
            fd = sys.__stderr__.fileno()  # type: ignore[union-attr]
            if self._attributes is not None:
                termios.tcsetattr(fd, termios.TCSANOW, self._attributes)
            blocking = os.get_blocking(fd)
            os.set_blocking(fd, False)
            try:
                os.write(fd, _RESTORE)
            finally:  # the shell reads from the same open terminal
                os.set_blocking(fd, blocking)
        os._exit(code)
