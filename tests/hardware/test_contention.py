"""A time that was measured while others used the cores is not learned from."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stickgen.config import TrainingConfig
from stickgen.hardware import contention
from stickgen.hardware.contention import Contention
from stickgen.hardware.machine import local_machine_fast
from stickgen.planner.arithmetic.workload import workload_of
from stickgen.planner.measured.measurements import Measurement, keep, origin_of, read_measurements

pytestmark = pytest.mark.alone

BUSY = "import time\nend = time.process_time() + 0.7\nwhile time.process_time() < end: pass\n"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be pinned here")
def test_two_that_share_a_core_see_it() -> None:
    core = min(os.sched_getaffinity(0))
    pin = f"import os; os.sched_setaffinity(0, {{{core}}})\n"
    look = (
        f"{pin}from stickgen.hardware.contention import Contention\nseen = Contention()\n{BUSY}"
        "print(seen.waiting, seen.contended)\n"
    )
    with subprocess.Popen([sys.executable, "-c", f"{pin}while True: pass"]) as other:
        try:
            said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
        finally:
            other.kill()
    share, contended = said.stdout.split()
    if share == "None":
        pytest.skip("this system does not count how long a thread waited")
    assert float(share) > 0.3 and contended == "True"


@pytest.mark.parametrize(
    ("ran", "waited", "contended"),
    [(10.0, 0.5, False), (10.0, 10.0, True), (0.1, 0.4, False), (10.0, 3.0, True)],
)
def test_the_share_that_its_threads_waited(
    monkeypatch: pytest.MonkeyPatch, ran: float, waited: float, contended: bool
) -> None:
    counts = iter([(5.0, 1.0), (5.0 + ran, 1.0 + waited)])
    monkeypatch.setattr(contention, "_ran_and_waited", lambda pid: next(counts))
    assert Contention().contended is contended


@pytest.mark.parametrize(("load", "contended"), [(1.0, False), (9.0, True)])
def test_elsewhere_the_load_has_to_do(monkeypatch: pytest.MonkeyPatch, load: float, contended: bool) -> None:
    monkeypatch.setattr(contention, "_ran_and_waited", lambda pid: None)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, load, load))
    assert Contention(cores=2).contended is contended


def test_a_contended_time_is_left_out_and_an_older_one_stays(tmp_path: Path) -> None:
    machine = local_machine_fast()
    path = tmp_path / "calibration.jsonl"
    alone = Measurement(
        origin_of(machine), workload_of(TrainingConfig(), machine, None), 10**9, 5.7, 20, "run", 1.0
    )
    shared = replace(alone, peak_memory_bytes=2 * 10**9, seconds_per_step=50.0, unix_time=2.0, contended=True)
    assert keep(shared, path)
    assert [(m.peak_memory_bytes, m.seconds_per_step) for m in read_measurements(path)] == [(2 * 10**9, None)]
    assert keep(alone, path) and keep(shared, path)
    assert [(m.peak_memory_bytes, m.seconds_per_step) for m in read_measurements(path)] == [(2 * 10**9, 5.7)]
    assert not read_measurements(path)[0].contended
