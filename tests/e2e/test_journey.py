"""From an empty folder to a run that is watched, by keyboard alone, while everything around the run goes wrong."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from run_fixture import finished_run
from terminal import Terminal

from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, list_runs

PROGRAM = [sys.executable, "-m", "stickgen_tui"]
STORM = [(1, 1), (200, 60), (2, 3), (80, 24), (300, 5), (1, 40), (40, 1), (119, 33)] * 4 + [(1, 1)]
SECONDS = 3600.0  # of patience, on a loaded machine


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder."""
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def open_app(place: Path, terminals: list[Terminal], columns: int, rows: int) -> Terminal:
    """The program in a terminal of its own, with a home that nobody has used."""
    home = place.parent / "home"
    home.mkdir(exist_ok=True)
    everything = {f"XDG_{kind}_HOME": str(home / kind) for kind in ("CACHE", "STATE", "CONFIG", "DATA")}
    terminals.append(
        Terminal(PROGRAM, place, columns, rows, sent=None, HOME=str(home), TRAIN_DATA_PATH="", **everything)
    )
    return terminals[-1]


def apps_in(place: Path) -> list[psutil.Process]:
    """The programs that run in this folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if process.info["cwd"] == str(place) and (process.info["cmdline"] or [])[1:3] == PROGRAM[1:]:
            found.append(process)
    return found


def events(run: Run) -> list[str]:
    return [record["event"] for record in RecordReader(run.events_path).read_new()]


def at_rest(terminal: Terminal) -> str:
    """The screen once it stays the same for a while."""
    before = ""
    while (now := terminal.screen()) != before:
        before = now
        time.sleep(0.3)
    return before


def test_after_a_storm_of_sizes_the_screen_is_as_before(
    place: Path, repo: Path, terminals: list[Terminal]
) -> None:
    finished_run(place / "runs", repo / "configs" / "quickstart.yaml")
    app = open_app(place, terminals, 200, 60)
    app.wait_for("calm-otter", "✓ finished")
    app.keys("m")
    app.wait_for("━ train", "3/3", "step 40: loss")
    app.keys("Space")
    app.wait_for("paused")
    before = at_rest(app)
    for columns, rows in STORM:
        app.resize(columns, rows)
    app.resize(200, 60)
    app.wait_for(*[line for line in before.splitlines() if line.strip()], seconds=30)
    assert at_rest(app) == before
    (process,) = apps_in(place)
    process.suspend()  # so that it sees only the last of these sizes, which is the one that it had
    app.resize(20, 5)
    app.resize(200, 60)
    process.resume()
    deadline = time.monotonic() + 30
    while (now := at_rest(app)) != before and time.monotonic() < deadline:
        pass  # it may have been told of the small size, too, and be at rest in between
    assert now == before
    app.keys("C-q")
    # the app gives back what was there before it, not what it was stopped in
    app.wait_for("exit code 0", "echo on")
    assert app.modes() == "00"


@pytest.mark.drill
def test_the_trainer_never_notices(place: Path, terminals: list[Terminal]) -> None:
    app = open_app(place, terminals, 120, 40)
    app.wait_for("Enter finds a dataset", seconds=SECONDS)
    app.keys("Enter")
    app.wait_for("Which motion should it train on?")
    app.keys("Enter")
    app.wait_for("is ready. Train on it with", seconds=SECONDS)
    app.keys("Enter")
    app.wait_for("● running", "━ train", "◆ validation", seconds=SECONDS)
    (run,) = list_runs(place / "runs")
    trainer, began = run.launches[-1]["pid"], run.state().step

    def goes_on(than: int) -> int:
        """The step that the same trainer has reached, further `than`."""
        while (state := run.state()).step <= than:
            assert state.alive, state
            time.sleep(0.1)
        assert run.launches[-1]["pid"] == trainer and len(run.launches) == 1
        return state.step

    (process,) = apps_in(place)
    process.send_signal(signal.SIGKILL)
    app.wait_for("exit code 137")
    step = goes_on(began)

    again = open_app(place, terminals, 120, 40)
    again.wait_for(f"{run.name} is going", seconds=60)
    again.keys("m")
    again.wait_for("● running", "━ train")
    again.keys("Home")
    again.wait_for("numbers at step")  # its beginning, too, was read
    again.keys("End")
    again.close()  # a terminal that is dropped
    step = goes_on(step)
    assert not psutil.wait_procs(apps_in(place), timeout=20)[1]

    one, other = open_app(place, terminals, 200, 60), open_app(place, terminals, 80, 24)
    for each in (one, other):
        each.wait_for(f"{run.name} is going", seconds=60)
        each.keys("m")
        each.wait_for("● running")
    for columns, rows in STORM:
        one.resize(columns, rows)
    one.resize(200, 60)
    one.wait_for("● running", "━ train", run.name, "^p palette")
    other.keys("5")
    other.wait_for("events")
    one.keys("k")
    one.wait_for("Nothing is changed yet")
    one.keys("Down", "Enter", "0", ".", "0", "0", "0", "1", "Enter", "C-s")
    other.wait_for("learning_rate", "0.0001")
    one.keys("c")
    other.wait_for("saved step_")
    step = goes_on(run.state().step)
    other.keys("C-q")
    other.wait_for("exit code 0", "echo on")
    one.keys("C-q")
    one.wait_for("exit code 0", "echo on")
    goes_on(step)
    log = run.log_path.read_text().lower()
    assert not [word for word in ("traceback", "error") if word in log], log
    assert not {"alert", "resumed", "failed"} & set(events(run))
    steps = [
        record["step"] for record in RecordReader(run.metrics_path).read_new() if record["kind"] == "train"
    ]
    assert steps == sorted(set(steps))
    assert psutil.pid_exists(trainer)
