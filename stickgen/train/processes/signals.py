"""What the signals to a trainer mean. Handlers set flags, which the loop reads between steps."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from stickgen.runs.stops import FORWARDED, STOPS, Stops

NOTHING_TRAINED = "stopped before the first step; nothing was trained yet"


class StopWantedError(BaseException):
    """Leaves a step that is under way. The weights have not moved, so the last whole step is what counts.

    Not an Exception: it may be raised while a library waits, and no library may take it for a failure.
    """


class Asked:
    """What was asked of the trainer so far.

    Every signal of STOPS asks for a stop with a checkpoint; a second SIGTERM or SIGINT, a while later, ends the
    process at once (see stops.py). SIGUSR1 asks for a checkpoint. SIGHUP is ignored: a run belongs to no terminal.
    """

    def __init__(self) -> None:
        self.stop = False
        self.pause = False  # the stop is a pause, by `stickgen runs pause`
        self.save = False
        self.sample = False  # by no signal, but by `stickgen runs sample`
        self._stops = Stops()
        self._waiting = False

    def listen(self) -> None:
        """Handle this process's signals from now on, starting with those that the supervisor held back."""
        for number in STOPS:
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGUSR1, self._on_save)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)

    @contextmanager
    def ending_the_wait(self) -> Iterator[None]:
        """While the block waits for something that may never come, let a stop raise StopWantedError at once."""
        outer, self._waiting = self._waiting, True
        try:
            if self.stop:
                raise StopWantedError
            yield
        finally:
            self._waiting = outer

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop = True
        if self._stops.add(number):  # end by the signal itself, so that the exit file says so
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        if self._waiting:
            self._waiting = False  # once is enough: the block is left already
            raise StopWantedError

    def _on_save(self, number: int, frame: FrameType | None) -> None:
        self.save = True
