"""What the signals of a trainer mean. Handlers set flags and nothing else; the loop looks at them."""

from __future__ import annotations

import os
import signal
from types import FrameType


class Asked:
    """What was asked for so far.

    SIGUSR2, SIGTERM and SIGINT ask for a stop with a checkpoint; the second SIGTERM or SIGINT ends the
    process at once. SIGUSR2 is how the supervisor passes a stop on, and never counts as the second.
    SIGUSR1 asks for a checkpoint. SIGHUP is nothing: no terminal holds a run.
    """

    def __init__(self) -> None:
        self.stop = False
        self.save = False
        self.sample = False  # no signal: `stickgen runs sample`
        self._stops = 0

    def listen(self) -> None:
        """Take the signals of this process from now on, those the supervisor has held back first."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGUSR1, self._on_save)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        waiting = {signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2}
        signal.pthread_sigmask(signal.SIG_UNBLOCK, waiting)

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop = True
        if number == signal.SIGUSR2:
            return
        self._stops += 1
        if self._stops > 1:  # end as by the signal itself, so that the exit file says so
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def _on_save(self, number: int, frame: FrameType | None) -> None:
        self.save = True
