"""When its terminal is gone, or a signal came, the app is gone soon, whatever a thread of it does."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stickgen.record_log import RecordWriter
from stickgen.runs.store import Run
from stickgen_tui.following import run_follower
from stickgen_tui.following.run_follower import RunFollower

HANGS = {
    "waits for a lock": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "is busy": "while True: pass",
    "joins a thread that never ends": "t = threading.Thread(target=time.sleep, args=(600,)); t.start(); t.join()",
    "has ended, and a thread has not": "threading.Thread(target=time.sleep, args=(600,)).start()",
    "waits for input": "os.read(os.pipe()[0], 1)",
}
SCRIPT = """
import os, sys, threading, time
from stickgen_tui import leaving
leaving.SIGNAL_SECONDS = 0.3
watch = leaving.Leaving()
watch.listen(lambda code: None)
print("ready", flush=True)
exec(sys.argv[1])
"""


@pytest.mark.parametrize("how", ["SIGHUP", "SIGTERM", "SIGHUP and SIGCONT", "the terminal ends"])
@pytest.mark.parametrize("hang", HANGS)
def test_the_process_ends_whatever_hangs(hang: str, how: str) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, HANGS[hang]], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE
    )
    os.close(theirs)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        if how == "the terminal ends":
            os.close(ours)
        else:
            for name in how.split(" and "):
                process.send_signal(getattr(signal, name))
        assert process.wait(timeout=30) == 128 + (signal.SIGTERM if how == "SIGTERM" else signal.SIGHUP)
    finally:
        process.kill()
        process.stdout.close()  # type: ignore[union-attr]
        if how != "the terminal ends":
            os.close(ours)


def test_the_terminal_blocks_again_for_whoever_reads_it_next() -> None:
    """The shell's `cat` would find an error instead of waiting for a line."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, HANGS["is busy"]], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
    assert os.get_blocking(theirs)
    os.close(theirs)
    os.close(ours)


def long_log(run: Run, records: int) -> None:
    writer = RecordWriter(run.metrics_path)
    for step in range(records):
        writer.write({"kind": "train", "step": step, "loss": 1.0, "note": "x" * 900})
    writer.close()
    events = RecordWriter(run.events_path)
    events.write({"event": "started", "message": "here"})
    events.close()


def test_a_long_log_shows_what_is_read_so_far(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    long_log(run, 3000)
    monkeypatch.setattr(run_follower, "_READ_SECONDS", 0.0)
    follower = RunFollower(run)
    assert {"events", "metrics"} <= follower.poll()
    assert follower.behind and 0 < len(follower.train["loss"]) < 3000
    assert [event["message"] for event in follower.events if event["event"] == "started"][-1] == "here"
    while follower.behind:
        follower.poll()
    assert follower.train["loss"].last is not None and follower.newest["step"] >= 2999


def test_leaving_does_not_wait_for_the_rest_of_a_log(run: Run) -> None:
    long_log(run, 3000)
    follower = RunFollower(run)
    follower.close()
    began = time.monotonic()
    assert "metrics" not in follower.poll() and time.monotonic() - began < 30
    assert not follower.train


def test_damaged_lines_are_told(run: Run, tmp_path: Path) -> None:
    from stickgen_tui.widgets.run_facts import run_facts

    with run.metrics_path.open("ab") as log:
        log.write(b'{"half": \n{"no": "checksum"}\n')
    at = len(run.metrics_path.read_bytes().splitlines()) - 1
    follower = RunFollower(run)
    follower.poll()
    assert ("not read", f"metrics.jsonl:{at} and 1 line more") in run_facts(follower, None)
    with run.events_path.open("ab") as log:
        log.write(b"torn\n")
    newest = max(run.samples_dir.glob("step_*.json"))
    (run.samples_dir / "step_99999999.json").write_bytes(newest.read_bytes()[:100])
    assert "damage" in follower.poll() and "damage" not in follower.poll()
    facts = [value for label, value in run_facts(follower, None) if label == "not read"]
    at = len(run.events_path.read_bytes().splitlines())
    assert facts[1:] == [f"events.jsonl:{at}", "samples/step_99999999.json"]
