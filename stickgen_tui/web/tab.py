"""The app's side of a tab: it ends with the server, and does without what only a terminal has."""

from __future__ import annotations

import select
import sys
import threading
from collections.abc import Callable


def end_with_server(leave: Callable[[], None]) -> None:
    """Call `leave`, from another thread, once nobody is left at the other end of standard input."""
    watch = select.poll()
    watch.register(sys.stdin.fileno(), 0)  # hang-ups are told unasked

    def wait() -> None:
        while not any(mask & (select.POLLHUP | select.POLLERR) for _, mask in watch.poll()):
            pass
        leave()

    threading.Thread(target=wait, daemon=True, name="server-watch").start()
