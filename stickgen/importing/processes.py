"""Does many tasks in several processes, and survives the end of any of them.

The processes are started as programs of their own: nothing of this process is copied or run again in them, whatever
script or notebook it is. They end with it, however it ends.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any

from stickgen.children import child_environment
from stickgen.errors import StickgenError

READY = "ready"  # the first that a process says
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Died:
    """The process ended while it did a task."""

    how: str  # killed by SIGKILL, …


@dataclass
class _Process:
    program: subprocess.Popen[bytes]
    connection: Connection[Any, Any]
    task: int | None = None
    ready: bool = False

    def end(self) -> str:
        """End it, and say how it ended."""
        self.connection.close()
        if self.program.poll() is None:
            try:
                self.program.wait(1.0)
            except subprocess.TimeoutExpired:
                self.program.kill()
        code = self.program.wait()
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def done_in_processes(
    module: str, common: object, tasks: Sequence[object], jobs: int
) -> Iterator[tuple[int, Any]]:
    """The number and the result of each task, as they come. A result is Died if its process did.

    `module` is run `jobs` times; `answer` is what it calls. Closing the generator ends the processes. Raises
    StickgenError if a process cannot even start.
    """
    left = iter(range(len(tasks)))
    processes: list[_Process] = []

    def give(process: _Process) -> None:
        process.task = next(left, None)
        if process.task is not None:
            with contextlib.suppress(OSError):  # if it is dead, receiving will say so
                process.connection.send(tasks[process.task])

    try:
        for _ in range(min(jobs, len(tasks))):
            processes.append(_started(module, common))
            give(processes[-1])
        while busy := {process.connection: process for process in processes if process.task is not None}:
            for connection in wait(list(busy)):
                process = busy[connection]  # type: ignore[index]
                number = process.task
                assert number is not None
                try:
                    result = process.connection.recv()
                except (EOFError, OSError):
                    result = Died(process.end())
                    processes.remove(process)
                    if not process.ready:
                        raise StickgenError(
                            f"a process that reads captures ended as it started ({result.how}); read them in this one "
                            "with --jobs 1"
                        ) from None
                    process = _started(module, common)
                    processes.append(process)
                if not process.ready and result == READY:
                    process.ready = True
                    continue
                give(process)
                yield number, result
    finally:
        for process in processes:
            process.connection.close()
            process.program.kill()
        for process in processes:
            process.program.wait()


def _started(module: str, common: object) -> _Process:
    ours, theirs = Pipe()
    with theirs:
        program = subprocess.Popen(
            [sys.executable, "-m", module, str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            env=child_environment(**_ONE_THREAD),
            start_new_session=True,  # Ctrl-C is for the process that the user sees
        )
    with contextlib.suppress(OSError):
        ours.send(common)
    return _Process(program, ours)


def answer(descriptor: int) -> Iterator[tuple[Any, Any, Connection[Any, Any]]]:
    """What is common to all tasks, a task, and the connection for its result, until no more come: for the processes."""
    with Connection(descriptor) as connection:
        try:
            common = connection.recv()
            connection.send(READY)
            while True:
                yield common, connection.recv(), connection
        except (EOFError, OSError):  # the other side is gone
            return
