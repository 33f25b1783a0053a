"""What a monitor costs that stands open: processor time and the bytes that it sends to the terminal.

    python benchmarks/watching.py RUN [--seconds 30] [--settle 40] [--size 120x40] [--blurred] [--app COMMAND]

Starts the app on a run in a pseudo-terminal, waits until it has settled, and counts for so many seconds. With
`--blurred` the terminal says before the count that it lost the focus. A run that trains meanwhile is a live one.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

import psutil

BLUR = b"\x1b[O"  # what a terminal sends when it loses the focus (xterm, mode 1004)


def drain(terminal: int, seconds: float) -> int:
    """Read what comes for so long; returns how many bytes that were."""
    count, end = 0, time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select([terminal], [], [], left)
        try:
            count += len(os.read(terminal, 65536)) if ready else 0
        except OSError:  # the app has ended
            return count
    return count


def main() -> None:
    """Start, settle, count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--settle", type=float, default=40)
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--blurred", action="store_true")
    parser.add_argument("--app", default=f"{sys.executable} -m stickgen_tui")
    asked = parser.parse_args()
    columns, rows = map(int, asked.size.split("x"))
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        command = [*asked.app.split(), "--run", asked.run]
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.kill(pid, signal.SIGWINCH)
    process = psutil.Process(pid)
    first = drain(terminal, 6)
    if asked.blurred:
        os.write(terminal, BLUR)
    settling = drain(terminal, asked.settle)
    before = process.cpu_times()
    count = drain(terminal, asked.seconds)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    memory = process.memory_info().rss / 2**20
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    drain(terminal, 0.5)
    print(f"first 6 s: {first} B; settling: {settling / asked.settle:.0f} B/s")
    print(f"then: {used / asked.seconds:.2%} of a core, {count / asked.seconds:.0f} B/s, {memory:.0f} MiB")


if __name__ == "__main__":
    main()
