"""`python -m stickgen.runs.supervisor RUN_DIR`: starts the trainer in its own session, waits, says how it ended.

It is started detached from any terminal (see launch.py), so that a closed window, Ctrl-C or a killed
viewer ends neither it nor the trainer. It stays small: it imports no torch.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

from stickgen.atomic import write_text
from stickgen.runs.metrics import RecordReader
from stickgen.runs.store import Run, boot_id

# spinning OpenMP threads make two jobs that share the cores many times slower; read before torch loads
ENVIRONMENT = {"GOMP_SPINCOUNT": "0", "TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1"}


def supervise(run: Run, command: list[str]) -> int:
    """Run `command` as the trainer of `run`, record its end in exit.json, return its exit code."""
    log = os.open(run.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    trainer = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env={**os.environ, **ENVIRONMENT},
        close_fds=True,
    )
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, lambda received, _: trainer.send_signal(received))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    launch = {
        "pid": trainer.pid,
        "create_time": psutil.Process(trainer.pid).create_time(),
        "boot_id": boot_id(),
        "supervisor_pid": os.getpid(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    run.update_identity(launches=[*(run.identity.get("launches") or []), launch])
    code = trainer.wait()
    received = signal.Signals(-code).name if code < 0 else None
    write_text(
        run.exit_path,
        json.dumps(
            {
                "code": code if code >= 0 else 128 - code,
                "signal": received,
                "reason": _reason(run, code, received),
                "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        ),
        mode=0o600,
    )
    return code


def _reason(run: Run, code: int, received: str | None) -> str:
    if received == "SIGKILL":
        return "killed (SIGKILL); if nobody did it, the system ran out of memory: try a smaller batch_size"
    if received:
        return f"ended by {received}"
    last = [r for r in RecordReader(run.events_path).read_new() if r.get("event") in _ENDINGS]
    if last:
        return str(last[-1].get("message", ""))
    return "" if code == 0 else f"exit code {code}; the end of train.log says more"


_ENDINGS = {"finished", "stopped", "failed"}

if __name__ == "__main__":
    supervise(Run(Path(sys.argv[1])), [sys.executable, "-m", "stickgen.train", sys.argv[1]])
