"""The rule for a process of a group that hangs: who it is, when it is told, and when it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.run_contract import Phase
from stickgen.runs.store import Run, create_run
from stickgen.train.processes.arrivals import Arrivals
from stickgen.train.processes.stalled import Late, Stall, StallWatch, look_at

PIDS = (101, 102)


class Group:
    """Two processes, their clock and what is known of them, without a process."""

    def __init__(self, root: Path, **keys: Any) -> None:
        changed = {f"watchdog.{name}": value for name, value in keys.items()}
        self.run: Run = create_run(TrainingConfig(preset_path("quickstart"), changed), root=root, nproc=2)
        self.arrivals = Arrivals(root / "arrivals", 2)
        self.now = 0.0
        self.paused: dict[int, int] = {}  # by process: what of it is paused
        self.watch = StallWatch(
            self.run, self.arrivals, PIDS, clock=lambda: self.now,
            look_at=lambda rank, pid: Late(rank, pid, self.paused.get(pid)),
        )  # fmt: skip
        self.beat(Phase.TRAINING)
        self.wait(1)

    def beat(self, phase: Phase, usual: float | None = 0.5) -> None:
        time.sleep(0.001)
        self.run.beat(phase, 5, 100, usual)

    def wait(self, seconds: int) -> list[tuple[float, Stall]]:
        found = []
        for _ in range(seconds):
            self.now += 1.0
            if stall := self.watch.look():
                found.append((self.now, stall))
        return found


def test_it_names_the_process_that_the_others_wait_for_and_ends_it_after_the_limit(tmp_path: Path) -> None:
    group = Group(tmp_path, stalled_minutes=3.0)
    group.arrivals.arrive(0)
    group.wait(1)
    (told_at, told), (acted_at, acted), *_ = group.wait(200)
    assert (told_at - 2, told.action, told.ranks) == (60, "alert", ())
    assert told.message == (
        "process 1 of the group hangs: the others have waited for 1 min 00 s (to see where it hangs: py-spy dump "
        "--pid 102); if nothing changes, all restart from the last checkpoint in 2 min 00 s"
    )
    assert (acted_at - 2, acted.action, acted.ranks) == (180, "restart", (1,))


def test_a_sign_of_life_of_any_kind_begins_anew(tmp_path: Path) -> None:
    group = Group(tmp_path, stalled_minutes=3.0)
    for _ in range(3):
        assert group.wait(50) == []
        group.beat(Phase.TRAINING)
        assert group.wait(50) == []
        group.arrivals.arrive(1)  # a disk that takes no heartbeat is no stall
    assert len(group.wait(61)) == 1
    group.arrivals.arrive(0)
    assert len(group.wait(62)) == 1  # once each time


@pytest.mark.parametrize(("phase", "usual", "told_after"), [
    (Phase.SAMPLING, 0.5, 900), (Phase.TRAINING, 30.0, 300), (Phase.TRAINING, None, 1800),
])  # fmt: skip
def test_what_takes_long_by_its_nature_is_waited_for_unless_it_is_paused(
    tmp_path: Path, phase: Phase, usual: float | None, told_after: int
) -> None:
    group = Group(tmp_path, stalled_minutes=3.0)
    group.beat(phase, usual)
    group.wait(1)
    assert group.wait(told_after - 1) == []
    assert [stall.action for _, stall in group.wait(1)] == ["alert"]
    group.beat(phase, usual)
    group.paused[102] = 102
    group.arrivals.arrive(0)
    group.wait(1)
    ((_, told),) = group.wait(60)
    assert "(it is paused, and kill -CONT 102 lets it go on)" in told.message


def test_what_stays_paused_is_told_once_though_the_others_come_a_little_further(tmp_path: Path) -> None:
    group = Group(tmp_path, stalled_minutes=3.0)
    group.paused[102] = 102
    assert len(group.wait(61)) == 1
    group.beat(Phase.LOADING)
    assert group.wait(100) == []
    del group.paused[102]
    group.beat(Phase.TRAINING)
    group.wait(1)
    group.paused[102] = 102
    assert len(group.wait(61)) == 1


def test_a_data_worker_that_is_paused_is_named(tmp_path: Path) -> None:
    group = Group(tmp_path, stalled_minutes=3.0)
    group.paused[101] = 555
    group.arrivals.arrive(1)
    group.wait(1)
    ((_, told),) = group.wait(60)
    assert "process 0 of the group hangs" in told.message
    assert "a process that reads its data is paused, and kill -CONT 555" in told.message


def test_a_group_that_was_paused_as_a_whole_is_told_and_never_ended(tmp_path: Path) -> None:
    group = Group(tmp_path, stalled_minutes=3.0)
    group.paused = {101: 101, 102: 102}
    assert [stall.action for _, stall in group.wait(2000)] == ["alert"]
    group.arrivals.arrive(0)  # on its way into the pause
    assert group.wait(2000) == []


def test_time_in_which_nobody_looked_does_not_count(tmp_path: Path) -> None:
    group = Group(tmp_path, stalled_minutes=3.0)
    group.now += 3600  # the machine slept, or the keeper was paused with its group
    assert group.wait(57) == []


@pytest.mark.parametrize(
    ("keys", "actions"),
    [({"stalled": "off"}, []), ({"stalled": "alert"}, ["alert"]), ({"stalled": "stop"}, ["alert", "stop"])],
)
def test_the_key_says_what_is_done(tmp_path: Path, keys: dict[str, str], actions: list[str]) -> None:
    group = Group(tmp_path, stalled_minutes=3.0, **keys)
    found = [str(stall.action) for _, stall in group.wait(180)]
    assert found == actions


def test_an_honest_look_at_a_process(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert look_at(1, child.pid) == Late(1, child.pid, None)
        os.kill(child.pid, signal.SIGSTOP)
        deadline = time.monotonic() + 20
        while look_at(1, child.pid).paused_pid is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert look_at(1, child.pid).paused_pid == child.pid
        assert look_at(0, os.getpid()).paused_pid == child.pid  # as a data worker is
        child.kill()
    assert look_at(1, child.pid).paused_pid is None  # gone
