"""The signals that ask for a stop, and when another one means: at once.

Batch systems, service managers and terminals use many signals, often several of them, to one process or to all.
They are one wish: leave a checkpoint and end.
"""

from __future__ import annotations

import signal
import time

# SIGINT: Ctrl-C, LSF. SIGTERM: systemd, Slurm, Kubernetes. SIGQUIT: Ctrl-\, some containers. SIGXCPU: the limit of
# processor time (ulimit -t, SGE). SIGPWR: a power supply that runs out. SIGUSR2: ours, and the notice of SGE and LSF.
STOPS: tuple[signal.Signals, ...] = tuple(
    signal.Signals[name]
    for name in ("SIGTERM", "SIGINT", "SIGQUIT", "SIGXCPU", "SIGPWR", "SIGUSR2")
    if name in signal.Signals.__members__
)
FORWARDED = (*STOPS, signal.SIGUSR1)  # what a supervisor or a keeper passes on
SAME_STOP_SECONDS = 2.0  # what comes within so long of the first is the same stop


def ignore_stops() -> None:
    """At the end of a process: how it ended is decided, and Python's own end makes every signal deadly again."""
    for number in FORWARDED:
        signal.signal(number, signal.SIG_IGN)


class Stops:
    """The stops that came so far.

    Only a person who sends SIGTERM or SIGINT, waits, and sends the same again wants an end without a
    checkpoint. SIGINT and then SIGTERM is how LSF asks once; SIGUSR2 is how one of our processes passes it on.
    """

    def __init__(self) -> None:
        self._first: dict[int, float] = {}

    def __bool__(self) -> bool:
        return bool(self._first)

    @property
    def since_seconds(self) -> float:
        """How long ago the first one came; 0 if none has."""
        return time.monotonic() - min(self._first.values()) if self._first else 0.0

    def add(self, number: int) -> bool:
        """Count a signal; whether it asks for the end at once."""
        now = time.monotonic()
        first = self._first.setdefault(number, now)
        return number in {signal.SIGTERM, signal.SIGINT} and now - first > SAME_STOP_SECONDS
