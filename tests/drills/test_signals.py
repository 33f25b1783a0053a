"""Signals and terminals: every polite end leaves a checkpoint and the code 130, and no terminal holds a run."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import sys
import time

import psutil
import pytest
from real_run import MakeRun, events, wait_for_end, wait_for_step, wait_until

from stickgen.runs.launch import launch, stop
from stickgen.runs.stops import SAME_STOP_SECONDS
from stickgen.runs.store import Run, Status
from stickgen.train.checkpoints.checkpoint import newest_checkpoint

pytestmark = pytest.mark.drill


def assert_stopped_with_a_checkpoint(run: Run) -> None:
    wait_for_end(run)
    assert (run.state().status, run.exit["code"]) == (Status.STOPPED, 130), run.state()
    checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and skipped == []
    assert run.state().reason == f"stopped after step {checkpoint.step}, with a checkpoint"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("to", ["pid", "supervisor_pid", "the whole session"])
@pytest.mark.parametrize("processes", ["0 workers", "1 worker", "4 workers", "--nproc 2"])
def test_a_stop_signal_saves_whoever_gets_it(make: MakeRun, number: int, to: str, processes: str) -> None:
    run = make(**{"device.num_workers": int(processes.split()[0]) if "worker" in processes else 0})
    launch(run, nproc=2 if processes == "--nproc 2" else 1)
    wait_for_step(run, 5)
    found = run.launches[-1]
    if to in found:
        os.kill(found[to], number)
    else:  # as a service manager does: all of them at once
        os.killpg(os.getpgid(found["supervisor_pid"]), number)
    assert_stopped_with_a_checkpoint(run)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGSTOP])
@pytest.mark.parametrize("workers", [1, 4])
def test_a_data_worker_that_is_ended_costs_no_trained_step(make: MakeRun, workers: int, number: int) -> None:
    """The kernel takes one for its memory, or a person does: the run goes on, or ends with a checkpoint and says so."""
    run = make(**{"device.num_workers": workers})
    launch(run)
    wait_for_step(run, 10)
    worker = psutil.Process(run.launches[-1]["pid"]).children()[0]
    worker.send_signal(number)
    time.sleep(3)
    if run.state().alive:
        stop(run)
        assert_stopped_with_a_checkpoint(run)
    else:
        checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
        assert checkpoint is not None and checkpoint.step >= 10 and skipped == [], run.state()
        assert "worker" in run.state().reason, run.state()


def test_a_stop_while_torch_is_still_loading_is_not_lost(make: MakeRun) -> None:
    run = make()
    launch(run)  # returns as soon as there is a process
    os.kill(run.launches[-1]["pid"], signal.SIGTERM)
    wait_for_end(run)
    assert (run.state().status, run.exit["code"]) == (Status.STOPPED, 130)
    assert run.state().reason == "stopped before the first step; nothing was trained yet"


def test_the_same_sigterm_again_later_ends_it_at_once_and_damages_nothing(make: MakeRun) -> None:
    run = make(**{"training.grad_accum_steps": 1000})  # one step takes a while
    launch(run)
    wait_until(lambda: run.state().phase == "training" or events(run, "started"))
    for _ in range(2):
        with contextlib.suppress(ProcessLookupError):
            os.kill(run.launches[-1]["pid"], signal.SIGTERM)
        time.sleep(SAME_STOP_SECONDS + 0.2)
    wait_for_end(run)
    assert run.state().status in {Status.DIED, Status.STOPPED}  # it may have been quicker than the second
    assert newest_checkpoint(run.checkpoints_dir)[1] == []


def signal_all(run: Run, *numbers: int, pause: float = 0.0) -> None:
    """What service managers, batch systems and terminals do: each signal to the whole session."""
    group = os.getpgid(run.launches[-1]["supervisor_pid"])
    for number in numbers:
        with contextlib.suppress(ProcessLookupError):  # the first one may have ended it already
            os.killpg(group, number)
        time.sleep(pause)


ENDS: dict[str, tuple[tuple[int, ...], float]] = {
    "systemd, scancel, kubernetes": ((signal.SIGTERM,), 0.0),
    "Ctrl-C": ((signal.SIGINT,), 0.0),
    "Ctrl-C twice": ((signal.SIGINT, signal.SIGINT), 0.2),
    "two stops at once": ((signal.SIGTERM, signal.SIGTERM), 0.0),
    "systemd with SendSIGHUP": ((signal.SIGTERM, signal.SIGCONT, signal.SIGHUP), 0.0),
    "Slurm --signal=USR1, then its limit": ((signal.SIGUSR1, signal.SIGCONT, signal.SIGTERM), 0.1),
    "SIGUSR2, as SGE and LSF warn": ((signal.SIGUSR2,), 0.0),
    "LSF bkill": ((signal.SIGINT, signal.SIGTERM), SAME_STOP_SECONDS + 0.5),
    "the limit of processor time": ((signal.SIGXCPU,), 0.0),
    "Ctrl-backslash": ((signal.SIGQUIT,), 0.0),
    "suspended, then stopped": ((signal.SIGTSTP, signal.SIGSTOP, signal.SIGTERM, signal.SIGCONT), 0.1),
}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize(
    "processes", ["0 workers", "1 worker", "4 workers", "--nproc 2", "--nproc 2, 1 worker"]
)
def test_every_way_a_job_is_stopped_leaves_a_checkpoint(make: MakeRun, how: str, processes: str) -> None:
    workers = int(processes.split()[-2]) if "worker" in processes else 0
    run = make(**{"device.num_workers": workers})
    launch(run, nproc=2 if "--nproc" in processes else 1)
    wait_for_step(run, 3)
    numbers, pause = ENDS[how]
    family = psutil.Process(run.launches[-1]["pid"]).children(recursive=True)
    signal_all(run, *numbers, pause=pause)
    assert_stopped_with_a_checkpoint(run)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_of_which_all_is_paused_stops_politely(make: MakeRun, workers: int) -> None:
    run = make(**{"device.num_workers": workers})
    launch(run)
    wait_for_step(run, 3)
    signal_all(run, signal.SIGSTOP)
    stop(run)
    assert_stopped_with_a_checkpoint(run)


def test_a_stop_is_obeyed_while_the_workers_are_stuck(make: MakeRun) -> None:
    run = make(**{"device.num_workers": 2})
    launch(run)
    wait_for_step(run, 3)
    for worker in psutil.Process(run.launches[-1]["pid"]).children():
        worker.suspend()
    time.sleep(1)
    os.kill(run.launches[-1]["pid"], signal.SIGTERM)
    assert_stopped_with_a_checkpoint(run)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_stop_thaws_a_frozen_process_of_a_group(make: MakeRun, rank: int) -> None:
    run = make()
    launch(run, nproc=2)
    wait_for_step(run, 3)
    psutil.Process(run.launches[-1]["pid"]).children()[rank].suspend()
    time.sleep(1)
    os.kill(run.launches[-1]["supervisor_pid"], signal.SIGTERM)
    assert_stopped_with_a_checkpoint(run)


def test_two_stops_by_hand_are_one(make: MakeRun) -> None:
    run = make()
    launch(run)
    wait_for_step(run, 3)
    stop(run)
    stop(run)
    assert_stopped_with_a_checkpoint(run)


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
    wait_until(lambda: (drain(terminal), run.state().step >= 5)[1])
    os.close(terminal)
    os.waitpid(pid, 0)
    wait_for_step(run, run.state().step + 20)
    assert run.state().status == Status.RUNNING


def test_ctrl_c_in_the_terminal_stops_with_a_checkpoint_and_code_130(make: MakeRun) -> None:
    run = make()
    pid, terminal = begin_in_a_terminal(run)
    wait_until(lambda: (drain(terminal), run.state().step >= 5)[1])
    os.write(terminal, b"\x03")
    wait_until(lambda: (drain(terminal), not run.state().alive)[1])
    drain(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert_stopped_with_a_checkpoint(run)
