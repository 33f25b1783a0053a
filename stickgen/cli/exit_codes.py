"""How a command ends: the exit codes, which stay as they are (docs/json.md)."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What each number says."""

    DONE = 0
    FAILED = 1
    REFUSED = 2
    HUNG_UP = 129
    STOPPED = 130

    @property
    def about(self) -> str:
        """When a command ends with it, as the table says."""
        return _ABOUT[self]


_ABOUT = {
    ExitCode.DONE: "done; of a run that was watched: it finished, or is still going",
    ExitCode.FAILED: "the run failed or died, the output could not be written, or a fault of stickgen",
    ExitCode.REFUSED: "bad usage, config, file or data; nothing was done",
    ExitCode.HUNG_UP: "the terminal closed while the command watched a run, which goes on",
    ExitCode.STOPPED: "stopped: by Ctrl-C, or the run that was watched was stopped with a checkpoint",
}
