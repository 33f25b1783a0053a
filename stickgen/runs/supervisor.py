"""`python -m stickgen.runs.supervisor RUN_DIR LOCK`: starts the trainer, waits, says how it ended.

It is started detached from any terminal (see launch.py), so that a closed window, Ctrl-C or a killed
viewer ends neither it nor the trainer. LOCK is the inherited descriptor of the launch lock, which it holds
until the end is on disk. It stays small: it imports no torch.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from stickgen.atomic import write_text
from stickgen.children import child_environment
from stickgen.curves.keeping import Keeper
from stickgen.errors import StickgenError
from stickgen.hardware.oom_kills import oom_kills
from stickgen.run_contract import Field, File
from stickgen.runs.notifying import is_wanted
from stickgen.runs.process import describe_process
from stickgen.runs.state import last_words
from stickgen.runs.stops import FORWARDED, STOPS, ignore_stops
from stickgen.runs.store import Run

# spinning OpenMP threads make two jobs that share the cores many times slower; read before torch loads
ENVIRONMENT = {"GOMP_SPINCOUNT": "0", "TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1"}
_ROOM, _ROOM_BYTES = File.EXIT_ROOM, 4096
_LONGEST_REASON = 600  # characters, which fit into the room even where JSON writes each as six
_EXIT_PATIENCE_SECONDS = 86400.0  # to wait for space on a disk that had no block to keep
_LONGEST_PAUSE_SECONDS = 10.0


def supervise(run: Run, command: list[str]) -> int:
    """Run `command` and the launch number as the trainer of `run`, record its end, return its exit code.

    The launch is recorded in run.json before this waits; if it cannot be, the trainer is killed and OSError
    raised. Signals are forwarded: see `_forward`.
    """
    number, kills = len(run.launches) + 1, oom_kills()
    log = os.open(run.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    # Blocked here and, by inheritance, in the trainer until it has its own handlers: nothing sent meanwhile
    # is lost, and nothing kills a trainer that is only just starting.
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    trainer = subprocess.Popen(
        [*command, str(number)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=child_environment(**ENVIRONMENT),
        close_fds=True,
    )
    _forward(trainer)
    _keep_room(run)
    try:
        run.update_identity(
            launches=[
                *run.launches,
                {
                    **describe_process(trainer.pid),
                    "supervisor_pid": os.getpid(),
                    "oom_kills": kills,
                    "started": datetime.now(UTC).isoformat(timespec="seconds"),
                },
            ]
        )
    except (OSError, StickgenError):
        trainer.kill()
        raise
    keeper = Keeper(run.metrics_path, run.curves_path)
    keeper.start()  # while they are blocked: they are to wake this thread, not that of the keeper
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    if run.identity.get("tracker"):
        _start_beside("tracking", run, log)
    code = trainer.wait()
    keeper.stop()
    kills_now = oom_kills()
    short = code == -signal.SIGKILL and kills is not None and kills_now is not None and kills_now > kills
    _write_exit(run, code, number, out_of_memory=short)
    if is_wanted(run):
        _start_beside("notifying", run, log)
    return code


def _start_beside(module: str, run: Run, log: int) -> None:
    """Start what copies the metrics to a tracker, or tells of the end, in a session of its own; nothing waits for it."""
    try:
        subprocess.Popen(
            [sys.executable, "-m", f"stickgen.runs.{module}", str(run.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
            env=child_environment(),
        )
    except OSError as error:
        print(f"{module}: could not be started ({error.strerror})", file=sys.stderr, flush=True)


def _forward(trainer: subprocess.Popen[bytes]) -> None:
    """Pass on what this process is told.

    The first stop goes on as SIGUSR2, "stop with a checkpoint", which never counts as a second one: whoever stops
    the whole group, as service managers do, signals the trainer as well.
    """
    stops = 0

    def stop(number: int, _: FrameType | None) -> None:
        nonlocal stops
        stops += 1
        trainer.send_signal(signal.SIGUSR2 if stops == 1 else number)

    for number in STOPS:
        signal.signal(number, stop)
    signal.signal(signal.SIGUSR1, lambda number, _: trainer.send_signal(number))


def _write_exit(run: Run, code: int, launch: int, *, out_of_memory: bool = False) -> None:
    """Write exit.json, on a full disk into the room kept for it, else as soon as there is some."""
    received = _signal_name(-code) if code < 0 else None
    words = last_words(run, launch) or {}
    text = json.dumps(
        {
            "code": code if code >= 0 else 128 - code,
            "signal": received,
            "out_of_memory": out_of_memory,
            Field.EVENT: words.get(Field.EVENT),
            "reason": _reason(run, code, received, words, out_of_memory)[:_LONGEST_REASON],
            Field.LAUNCH: launch,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
    began, pause, said = time.monotonic(), 1.0, False
    while run.path.is_dir() and time.monotonic() - began < _EXIT_PATIENCE_SECONDS:
        for write in (_write_into_room, _write_anew):
            try:
                write(run, text)
                return
            except OSError as error:
                reason = error.strerror
        if not said:
            print(f"exit.json cannot be written yet: {reason}", file=sys.stderr, flush=True)
        said = True
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _keep_room(run: Run) -> None:
    """Take a block of the disk for exit.json while there is one: the end is to be known on a full disk too."""
    with contextlib.suppress(OSError):
        fd = os.open(run.path / _ROOM, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(fd, b" " * _ROOM_BYTES, 0)
        finally:
            os.close(fd)


def _write_into_room(run: Run, text: str) -> None:
    """Write over the block that was kept, and give it its name: neither needs space."""
    room = run.path / _ROOM
    fd = os.open(room, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        data = text.encode()[:_ROOM_BYTES]
        os.pwrite(fd, data.ljust(_ROOM_BYTES), 0)
        os.ftruncate(fd, len(data))
        os.fsync(fd)
    finally:
        os.close(fd)
    room.replace(run.exit_path)


def _write_anew(run: Run, text: str) -> None:
    write_text(run.exit_path, text, mode=0o600, follow=False)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def _reason(run: Run, code: int, received: str | None, words: dict[str, Any], out_of_memory: bool) -> str:
    if out_of_memory:
        return "killed by the system, which ran out of memory; the next launch takes half as many clips at a time"
    if received == "SIGKILL":
        return "killed (SIGKILL); if nobody did it, the system ran out of memory: try a smaller batch_size"
    if received == "SIGBUS":
        return (
            "ended by SIGBUS: a file that it reads was cut short, most likely the dataset "
            f"{run.identity.get('data_path', '')}; the newest checkpoint is kept"
        )
    if received:
        return f"ended by {received} at once, without a checkpoint of its last steps"
    if words:
        return str(words.get(Field.MESSAGE, ""))
    return "" if code == 0 else f"exit code {code}; the end of train.log says more"


def main(folder: str, lock: int) -> None:
    """Train the run in `folder`; the launch lock is let go once the end is on disk."""
    os.set_inheritable(lock, False)
    run = Run(Path(folder))
    supervise(run, [sys.executable, "-m", "stickgen.train", folder])
    ignore_stops()
    os.close(lock)
    Keeper(run.metrics_path, run.curves_path).keep(to_the_end=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
