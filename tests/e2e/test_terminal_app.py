"""The terminal app in a real terminal, with a real trainer behind it."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from terminal import Terminal

from stickgen.config.key import Value
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, Status, list_runs
from stickgen.yaml_edit import Document

PROGRAM = [sys.executable, "-m", "stickgen_tui", "--config", "configs/quickstart.yaml"]


@pytest.fixture
def place(tmp_path: Path, repo: Path) -> Path:
    """A folder with a dataset of a few made-up clips, and a config whose training would take very long."""
    np, torch = pytest.importorskip("numpy"), pytest.importorskip("torch")
    from stickgen.data.clip import Clip
    from stickgen.data.dataset import pack, save_dataset

    noise = np.random.default_rng(0)
    clips = []
    for number in range(24):
        motion = noise.normal(0.4, 0.2, size=20) + noise.normal(0, 0.01, size=(20, 20)).cumsum(0)
        actions = np.full(20, number % 5, np.int16)
        clips.append(Clip(motion.astype(np.float32), [f"text {number}"], actions, "made", "MIT", str(number)))
    content = pack(clips)
    content["embeddings"] = torch.zeros(len(content["texts"]), 16)
    (tmp_path / "data").mkdir()
    save_dataset(tmp_path / "data" / "quickstart.pt", content)
    document = Document.open(repo / "configs" / "quickstart.yaml")
    changes: dict[str, Value] = {
        "model.d_model": 32, "model.num_layers": 1, "model.embedding_dim": 16, "training.epochs": 100_000,
        "training.batch_size": 2, "training.grad_accum_steps": 1, "training.max_minutes": 10.0,
        "logging.log_interval": 1, "logging.sample_minutes": 0.0, "logging.save_minutes": 0.0,
        "logging.save_interval": 100_000, "training.compile": "never",
    }  # fmt: skip
    for path, value in changes.items():
        document.set(path, value)
    (tmp_path / "configs").mkdir()
    document.save(tmp_path / "configs" / "quickstart.yaml")
    return tmp_path


def open_app(place: Path, terminals: list[Terminal], columns: int, rows: int) -> Terminal:
    """The program in a terminal of its own."""
    terminals.append(
        Terminal(
            PROGRAM,
            place,
            columns,
            rows,
            STICKGEN_RUNS=str(place / "runs"),
            XDG_STATE_HOME=str(place / "state"),
            TRAIN_DATA_PATH="",
        )
    )
    return terminals[-1]


def test_configure_launch_leave_come_back_and_stop(place: Path, terminals: list[Terminal]) -> None:
    """The whole way at 80×24, then again at 120×40: the run does not notice that the app was gone."""
    before = (place / "configs" / "quickstart.yaml").read_text().splitlines()
    app = open_app(place, terminals, 80, 24)
    app.wait_for("24 clips", "Enter launches")
    app.keys("e")
    app.wait_for("Editor configs/quickstart.yaml")
    app.keys("/")
    app.wait_for("a word of the key")
    app.keys("batch_size", "Enter")
    app.wait_for("▸ batch_size")
    app.keys("4", "Enter")
    app.wait_for("1 change not saved")
    app.keys("C-s")
    app.wait_for("✓ saved")
    after = (place / "configs" / "quickstart.yaml").read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1 and changed[0][0].split("#")[1] == changed[0][1].split("#")[1]
    app.keys("F5")
    app.wait_for("● running", "━ train", "◆ validation")
    (run,) = list_runs(place / "runs")
    app.keys("C-q")
    app.wait_for("exit code 0", "echo on")
    assert app.modes() == "00"  # neither the alternate screen nor the mouse is left on
    step = run.state().step

    again = open_app(place, terminals, 120, 40)
    again.wait_for(f"{run.name} is going", "● running")
    again.keys("m")
    again.wait_for("● running", "━ train")
    assert run.state().status == Status.RUNNING and run.state().step > step
    again.resize(80, 24)
    again.wait_for("[1 curves][2 figure]")
    again.keys("x")
    again.wait_for("Stop this run?")
    again.keys("y")
    again.wait_for("■ stopped")
    assert run.exit["code"] == 130 and list(run.checkpoints_dir.iterdir())
    stopped_at = RecordReader(run.events_path).read_new()[-1]["step"]

    again.keys("R")
    again.wait_for("● running")
    resumed = [event for event in RecordReader(run.events_path).read_new() if event["event"] == "resumed"]
    assert [event["step"] for event in resumed] == [stopped_at]


def test_the_editor_by_keyboard_alone(place: Path, terminals: list[Terminal]) -> None:
    """Search a key, change it, see memory change, see an error, fix it, undo twice, diff, save, launch."""
    config = place / "configs" / "quickstart.yaml"
    before = config.read_text().splitlines()
    app = open_app(place, terminals, 80, 24)
    app.wait_for("24 clips", "Enter launches")
    app.keys("e")
    app.wait_for("Editor configs/quickstart.yaml", "peak on cpu", "effective batch 2 ")
    app.keys("/")
    app.wait_for("a word of the key")
    app.keys("hidden dim", "Enter")
    app.wait_for("▸ d_model", "1 key")
    app.keys("256", "Enter")
    app.wait_for("1 change not saved", "peak on cpu", " → ")
    peak = next(line for line in app.screen().splitlines() if line.startswith(" peak on cpu"))
    was, now = peak.split("MiB of")[0].split()[-3:][0], peak.split("MiB of")[0].split()[-1]
    assert float(now) > float(was)
    app.keys("/")  # what was searched before is selected, and typed over
    app.wait_for("^p palette")
    app.keys("nhead", "Enter")
    app.wait_for("▸ nhead", "1 key")
    app.keys("7", "Enter")
    app.wait_for("✗ 7 does not divide d_model 256", "1 error to fix before this can be launched")
    app.keys("F5")
    app.wait_for("not launched: model.nhead")
    app.keys("f")
    app.wait_for("▸ nhead", "‹ 8 ›", "peak on cpu")
    app.keys("C-z", "C-z")
    app.wait_for("▸ nhead", "‹ 4 ›", "1 change not saved", "peak on cpu")
    app.keys("Escape")
    app.wait_for("num_layers")
    app.keys("d")
    app.wait_for("against the file on disk", "-  d_model: 32", "+  d_model: 256")
    app.keys("d")
    app.wait_for("against the preset quickstart", "128 → 256")
    app.keys("C-s")
    app.wait_for("✓ saved")
    after = config.read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1 and changed[0][1].startswith("  d_model: 256 ")
    app.keys("F5")
    app.wait_for("● running", seconds=120)


def test_a_killed_terminal_loses_no_edit(place: Path, terminals: list[Terminal]) -> None:
    config = place / "configs" / "quickstart.yaml"
    before = config.read_bytes()
    app = open_app(place, terminals, 80, 24)
    app.wait_for("24 clips", "Enter launches")
    app.keys("e")
    app.wait_for("Editor configs/quickstart.yaml", "peak on cpu")
    app.keys("/")
    app.wait_for("a word of the key")
    app.keys("seed", "Enter")
    app.wait_for("▸ seed")
    app.keys("7", "Enter")
    app.wait_for("1 change not saved")
    app.close()
    assert config.read_bytes() == before
    again = open_app(place, terminals, 80, 24)
    again.wait_for("quickstart.yaml that were not saved", "+  seed: 7")
    again.keys("t")
    again.wait_for("Editor configs/quickstart.yaml", "1 change not saved")
    again.keys("C-s")
    again.wait_for("✓ saved")
    assert Document.open(config).get("training.seed") == 7


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(
    place: Path, terminals: list[Terminal], number: signal.Signals
) -> None:
    app = open_app(place, terminals, 80, 24)
    app.wait_for("This machine", "Launch")
    assert app.modes() == "11"
    found = [
        process
        for process in psutil.process_iter(["cmdline", "cwd"])
        if process.info["cwd"] == str(place) and "stickgen_tui" in (process.info["cmdline"] or [])
    ]
    (process,) = found
    process.send_signal(number)
    app.wait_for(f"exit code {128 + number}", "echo on")
    assert app.modes() == "00"


def test_killing_the_app_leaves_the_run_alive(place: Path, terminals: list[Terminal]) -> None:
    app = open_app(place, terminals, 80, 24)
    app.wait_for("Enter launches")
    app.keys("Enter")
    app.wait_for("● running")
    (run,) = list_runs(place / "runs")
    app.close()  # as a window that is closed: the whole session hangs up
    deadline = time.monotonic() + 60
    step = run.state().step
    while run.state().step <= step:
        assert time.monotonic() < deadline, run.state()
        time.sleep(0.05)
    assert isinstance(run, Run) and run.state().status == Status.RUNNING
