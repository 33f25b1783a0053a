"""The app whose terminal goes is gone within seconds, also where a SIGCONT follows, with a long run open."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import time
from pathlib import Path

import pytest
from real_run import MakeRun

from stickgen.record_log import RecordWriter
from stickgen.runs.store import Run

pytestmark = pytest.mark.drill

DELAYS = [number * 0.06 for number in range(20)]
MOST_SECONDS = 5.0 + 3.0  # the promise, and a loaded machine's grace


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


def long_run(make: MakeRun, place: Path) -> Run:
    run = make(place / "runs")
    writer = RecordWriter(run.metrics_path)
    for step in range(200_000):
        writer.write(
            {"kind": "train", "step": step, "total_steps": 200_000, "loss": 1.0, "lr": 0.1, "time": 0.0}
        )
    writer.close()
    return run


def read(terminal: int, seconds: float) -> int:
    """Read what is drawn for so long; how many bytes it was."""
    end, count = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            try:
                count += len(os.read(terminal, 65536))
            except OSError:
                break
    return count


@pytest.mark.parametrize("how", ["hang-up", "SIGHUP", "SIGTERM"])
def test_the_app_does_not_outlive_its_terminal(make: MakeRun, place: Path, how: str) -> None:
    run = long_run(make, place)
    for delay in DELAYS:
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm-256color", LANG="C.UTF-8")
            os.execv(sys.executable, [sys.executable, "-m", "stickgen_tui", "--run", str(run.path)])
        drawn = 0
        while drawn < 2000:
            drawn += read(terminal, 0.2)
            assert os.waitpid(pid, os.WNOHANG)[0] == 0, "it ended before it drew anything"
        read(terminal, delay)
        began = time.monotonic()
        if how == "hang-up":
            os.close(terminal)
        else:
            os.kill(pid, getattr(signal, how))
        time.sleep(delay)
        os.kill(pid, signal.SIGCONT)  # a zombie takes it as well
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            if time.monotonic() - began > MOST_SECONDS:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                pytest.fail(f"still there after {MOST_SECONDS:g} s (SIGCONT after {delay:g} s)")
            if how != "hang-up":
                read(terminal, 0.02)
            time.sleep(0.02)
        if how != "hang-up":
            os.close(terminal)
