"""A process of the kind that an import starts: squares numbers, ends itself, or does not even start."""

from __future__ import annotations

import os
import signal
import sys

from stickgen.importing.processes import answer

if __name__ == "__main__":
    if os.environ.get("DIES_AT_ONCE"):
        sys.exit(3)
    for base, task, connection in answer(int(sys.argv[1])):
        if task < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        connection.send(base + task**2)
