"""`python -m stickgen.runs.supervisor RUN_DIR LOCK`: starts the trainer, waits, says how it ended.

It is started detached from any terminal (see launch.py), so that a closed window, Ctrl-C or a killed
viewer ends neither it nor the trainer. LOCK is the inherited descriptor of the launch lock, which it holds
until the end is on disk. It stays small: it imports no torch.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from stickgen.atomic import write_text
from stickgen.errors import StickgenError
from stickgen.runs.process import describe_process
from stickgen.runs.state import last_words
from stickgen.runs.store import Run

# spinning OpenMP threads make two jobs that share the cores many times slower; read before torch loads
ENVIRONMENT = {"GOMP_SPINCOUNT": "0", "TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1"}
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2)
_EXIT_TRIES = 30  # seconds to wait for space on a full disk


def supervise(run: Run, command: list[str]) -> int:
    """Run `command` and the launch number as the trainer of `run`, record its end, return its exit code.

    The launch is recorded in run.json before this waits; if it cannot be, the trainer is killed and OSError
    raised. Signals are forwarded: see `_forward`.
    """
    number = len(run.launches) + 1
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
        env={**os.environ, **ENVIRONMENT},
        close_fds=True,
    )
    _forward(trainer)
    try:
        run.update_identity(
            launches=[
                *run.launches,
                {
                    **describe_process(trainer.pid),
                    "supervisor_pid": os.getpid(),
                    "started": datetime.now(UTC).isoformat(timespec="seconds"),
                },
            ]
        )
    except (OSError, StickgenError):
        trainer.kill()
        raise
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    if run.identity.get("tracker"):
        _start_tracking(run, log)
    code = trainer.wait()
    _write_exit(run, code, number)
    return code


def _start_tracking(run: Run, log: int) -> None:
    """Start what copies the metrics to a tracker, in a session of its own; nothing waits for it."""
    try:
        subprocess.Popen(
            [sys.executable, "-m", "stickgen.runs.tracking", str(run.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
        )
    except OSError as error:
        print(f"tracker: could not be started ({error.strerror})", file=sys.stderr, flush=True)


def _forward(trainer: subprocess.Popen[bytes]) -> None:
    """Pass on what this process is told.

    The first SIGTERM or SIGINT goes on as SIGUSR2, "stop with a checkpoint". Whoever stops the whole group,
    as service managers do, signals the trainer as well, and a second SIGTERM would end it at once.
    """
    stops = 0

    def stop(number: int, _: FrameType | None) -> None:
        nonlocal stops
        stops += 1
        trainer.send_signal(signal.SIGUSR2 if stops == 1 else number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGUSR1, lambda number, _: trainer.send_signal(number))
    signal.signal(signal.SIGUSR2, lambda number, _: trainer.send_signal(number))


def _write_exit(run: Run, code: int, launch: int) -> None:
    """Write exit.json, on a full disk as soon as there is room; without it the events tell."""
    received = _signal_name(-code) if code < 0 else None
    text = json.dumps(
        {
            "code": code if code >= 0 else 128 - code,
            "signal": received,
            "reason": _reason(run, code, received, launch),
            "launch": launch,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
    for _ in range(_EXIT_TRIES):
        try:
            write_text(run.exit_path, text, mode=0o600, follow=False)
            return
        except OSError as error:
            print(f"exit.json could not be written: {error.strerror}", file=sys.stderr, flush=True)
            time.sleep(1)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def _reason(run: Run, code: int, received: str | None, launch: int) -> str:
    if received == "SIGKILL":
        return "killed (SIGKILL); if nobody did it, the system ran out of memory: try a smaller batch_size"
    if received:
        return f"ended by {received} at once, without a checkpoint of its last steps"
    said = last_words(run, launch)
    if said is not None:
        return str(said.get("message", ""))
    return "" if code == 0 else f"exit code {code}; the end of train.log says more"


if __name__ == "__main__":
    os.set_inheritable(int(sys.argv[2]), False)
    supervise(Run(Path(sys.argv[1])), [sys.executable, "-m", "stickgen.train", sys.argv[1]])
