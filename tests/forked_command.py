"""`stickgen` in a process of its own, without the seconds that torch takes to load: forked from a server that has it.

The process has its own streams, folder, environment and exit code, as `python -m stickgen` has. What a new
interpreter itself does (its arguments, its encoding, what it imports) is no matter for such a test.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

PRELOADED = (
    "stickgen.cli.train", "stickgen.cli.generate", "stickgen.cli.data", "stickgen.cli.runs", "stickgen.cli.config",
    "stickgen.cli.evaluate", "stickgen.train.loop", "stickgen.train.trainer_process", "stickgen.data.embed",
    "stickgen.generate.from_run", "stickgen.motion_export.registry", "stickgen.planner.launch_check", "sentence_transformers",
)  # fmt: skip


def stickgen(
    *arguments: str | Path, cwd: Path | None = None, say: str = "", timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `say` is its stdin."""
    with tempfile.TemporaryFile() as spoken, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        spoken.write(say.encode())
        spoken.seek(0)
        words = list(map(str, arguments))
        code = _forked(words, cwd, [file.fileno() for file in (spoken, out, err)], timeout)
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode())
    return subprocess.CompletedProcess(words, code, *said)


def _forked(words: list[str], cwd: Path | None, fds: list[int], timeout: float) -> int:
    with socket.socket(socket.AF_UNIX) as connection, contextlib.ExitStack() as ended:
        connection.connect(_server())
        connection.settimeout(timeout)
        asked = json.dumps({"words": words, "cwd": str(cwd or Path.cwd()), "environment": dict(os.environ)})
        socket.send_fds(connection, [len(asked).to_bytes(4, "big")], fds)
        connection.sendall(asked.encode())
        answers = connection.makefile("r")
        pid = int(answers.readline())
        ended.callback(functools.partial(_kill, pid))
        code = int(answers.readline())
        ended.pop_all()
    return code


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@functools.cache
def _server() -> str:
    """Where it listens; it ends with this process."""
    folder = tempfile.mkdtemp(prefix="stickgen-")
    path = f"{folder}/server"
    server = subprocess.Popen(
        [sys.executable, __file__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder
    )

    def end() -> None:
        server.kill()
        server.wait()
        Path(path).unlink(missing_ok=True)
        Path(folder).rmdir()

    atexit.register(end)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return path


# -- in the server


def _serve(path: str) -> None:
    for module in PRELOADED:
        __import__(module)
    gc.freeze()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever waits for a command is forgotten when it ends
    print("ready", flush=True)
    while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:  # else who started it has ended
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _wait_for_command(connection)
            os._exit(0)
        connection.close()


def _wait_for_command(connection: socket.socket) -> None:
    length, fds, _, _ = socket.recv_fds(connection, 4, 3)
    asked = json.loads(connection.makefile("rb").read(int.from_bytes(length, "big")))
    pid = os.fork()
    if pid == 0:
        connection.close()
        os._exit(_command(asked["words"], asked["cwd"], asked["environment"], fds))
    connection.sendall(f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _command(words: list[str], cwd: str, environment: dict[str, str], fds: list[int]) -> int:
    """What `python -m stickgen` does, in this process."""
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = ["stickgen", *words]
    code: int | str | None = 0
    try:
        runpy.run_module("stickgen", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    finally:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    _serve(sys.argv[1])
