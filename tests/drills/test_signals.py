"""Signals and terminals: every polite end leaves a checkpoint and the code 130, and no terminal holds a run."""

from __future__ import annotations

import os
import pty
import signal
import sys
import time

import pytest
from conftest import MakeRun, events, wait_for_end, wait_for_step, wait_until

from stickgen.runs.launch import launch
from stickgen.runs.store import Run, Status
from stickgen.train.checkpoint import newest_checkpoint

pytestmark = pytest.mark.drill


def assert_stopped_with_a_checkpoint(run: Run) -> None:
    wait_for_end(run)
    assert (run.state().status, run.exit["code"]) == (Status.STOPPED, 130), run.state()
    checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and skipped == []
    assert run.state().reason == f"stopped after step {checkpoint.step}, with a checkpoint"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("to", ["pid", "supervisor_pid", "the whole session"])
def test_a_stop_signal_saves_whoever_gets_it(make: MakeRun, number: int, to: str) -> None:
    run = make()
    launch(run)
    wait_for_step(run, 5)
    found = run.launches[-1]
    if to in found:
        os.kill(found[to], number)
    else:  # as a service manager does: all of them at once
        os.killpg(os.getpgid(found["supervisor_pid"]), number)
    assert_stopped_with_a_checkpoint(run)


def test_a_stop_while_torch_is_still_loading_is_not_lost(make: MakeRun) -> None:
    run = make()
    launch(run)  # returns as soon as there is a process
    os.kill(run.launches[-1]["pid"], signal.SIGTERM)
    wait_for_end(run)
    assert (run.state().status, run.exit["code"]) == (Status.STOPPED, 130)
    assert run.state().reason == "stopped before the first step; nothing was trained yet"


def test_a_second_sigterm_ends_it_at_once_and_damages_nothing(make: MakeRun) -> None:
    run = make(**{"training.grad_accum_steps": 1000})  # one step takes a while
    launch(run)
    wait_until(lambda: run.state().phase == "training" or events(run, "started"))
    for _ in range(2):
        os.kill(run.launches[-1]["pid"], signal.SIGTERM)
        time.sleep(0.001)
    wait_for_end(run)
    assert run.state().status in {Status.DIED, Status.STOPPED}  # it may have been quicker than the second
    assert newest_checkpoint(run.checkpoints_dir)[1] == []


def test_sighup_is_nothing_and_sigusr1_saves(make: MakeRun) -> None:
    run = make()
    launch(run)
    wait_for_step(run, 3)
    os.killpg(os.getpgid(run.launches[-1]["supervisor_pid"]), signal.SIGHUP)
    wait_for_step(run, run.state().step + 20)
    assert events(run, "checkpoint") == []
    os.kill(run.launches[-1]["pid"], signal.SIGUSR1)
    wait_until(lambda: events(run, "checkpoint"))
    wait_for_step(run, run.state().step + 5)


def begin_in_a_terminal(run: Run) -> tuple[int, int]:
    """`stickgen train --resume` in a terminal of its own: its process and the terminal's other end."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "stickgen", "train", "--run-dir", str(run.path),
                                  "--resume", "latest"])  # fmt: skip
    return pid, terminal


def drain(terminal: int) -> None:
    """Read what the terminal shows, so that nobody waits to write to it."""
    os.set_blocking(terminal, False)
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        return


def test_a_closed_terminal_ends_the_watching_and_not_the_run(make: MakeRun) -> None:
    run = make()
    pid, terminal = begin_in_a_terminal(run)
    wait_until(lambda: drain(terminal) or run.state().step >= 5)
    os.close(terminal)
    os.waitpid(pid, 0)
    wait_for_step(run, run.state().step + 20)
    assert run.state().status == Status.RUNNING


def test_ctrl_c_in_the_terminal_stops_with_a_checkpoint_and_code_130(make: MakeRun) -> None:
    run = make()
    pid, terminal = begin_in_a_terminal(run)
    wait_until(lambda: drain(terminal) or run.state().step >= 5)
    os.write(terminal, b"\x03")
    wait_until(lambda: drain(terminal) or not run.state().alive)
    drain(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert_stopped_with_a_checkpoint(run)
