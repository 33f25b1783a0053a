"""A process that was stopped from outside, as by `kill -STOP`, takes its terminal again when it goes on.

Textual expects SIGCONT only after a SIGTSTP of its own: it would take the raw terminal of the app for what was there
before, leave it to the shell at the end without echo, and read the keys with two threads.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType

from textual.driver import Driver


def listen(driver: Driver, shown: Callable[[], None]) -> None:
    """Take SIGCONT from now on. `shown` is called once the terminal is the app's again, to paint all of it.

    Does nothing in a thread other than the main one, or if the driver has no handler of its own.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    own = signal.getsignal(signal.SIGCONT)
    if not callable(own):
        return
    loop = asyncio.get_running_loop()

    def take_again() -> None:
        driver.suspend_application_mode()
        driver.resume_application_mode()
        shown()

    def on_continue(number: int, frame: FrameType | None) -> None:
        if getattr(driver, "_must_signal_resume", True):  # it gave the terminal back before it stopped
            own(number, frame)
        else:
            loop.call_soon_threadsafe(take_again)

    signal.signal(signal.SIGCONT, on_continue)
