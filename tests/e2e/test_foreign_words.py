"""Words of a stranger, wherever a run or a job holds some, reach the terminal as words: no escape code, no markup."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from run_fixture import finished_run
from terminal import Terminal, require_tmux

from stickgen.cli import root
from stickgen.errors import StickgenError
from stickgen.queue.store import Queue
from stickgen.record_log import RecordWriter
from stickgen.run_contract import Phase
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run
from stickgen.text import clean

# an OSC, a CSI with a number that nobody else uses, a C1 CSI, a turn of direction, and markup with a link in it
BAD = "\x1b]0;owned\x07\x1b[7331m\x9b7331J\u202e[bold]b[/bold][@click=app.quit]x"
IN_A_NAME = BAD.replace("/", "")
INERT = r"\x1b[7331m"
SHOWN_IN_A_NAME = clean(IN_A_NAME)
OBEYED = re.compile(b"\x1b\\]|\x1b\\[7331|\x07|\xc2[\x80-\x9f]|\xe2\x80\xae")
POINTER = re.compile(b"\x1b\\]22;[a-z-]*\x07")  # Textual's own: the shape of the mouse pointer


def checkpoint(run: Run, step: int) -> None:
    folder = run.checkpoints_dir / f"step_{step:08d}"
    folder.mkdir()
    (folder / "trainer.json").write_text(json.dumps({"step": step, "best_step": 500, "val_loss": 0.1}))


def soil(run: Run) -> Run:
    """Write bad words wherever the run directory takes words; its folder is called so too."""
    run.update_identity(config_name=BAD, data_path=BAD, device=BAD, precision=BAD)
    run.exit_path.write_text(json.dumps({"code": 1, "reason": BAD, "launch": 1}))
    run.path.joinpath("tags.json").write_text(json.dumps({"tags": [BAD], "note": BAD}))
    with run.log_path.open("a") as log:
        log.write(BAD + "\n")
    events, metrics = RecordWriter(run.events_path), RecordWriter(run.metrics_path)
    for kind in ("alert", "changed", "checkpoint", BAD):
        events.write({"event": kind, "step": 900, "time": 1.8e9, "message": BAD, "keys": {BAD: BAD}})
    metrics.write({"kind": "train", "step": 1100, "time": 1.8e9, "loss": 1.0, BAD: 2.0, "total_steps": 2000})
    metrics.write({"kind": "val", "step": 1100, "time": 1.8e9, "loss": 1.0, BAD: 2.0})
    events.close()
    metrics.close()
    sample = json.loads((run.samples_dir / "step_001000.json").read_text())
    (run.samples_dir / "step_001100.json").write_text(json.dumps({**sample, "step": 1100, "text": BAD}))
    config = run.config_path.read_text()
    run.config_path.write_text(
        config.replace("  learning_rate:", f"  {json.dumps(BAD)}: 1\n  learning_rate:")
    )
    checkpoint(run, 500)
    checkpoint(run, 900)
    return Run(run.path.rename(run.path.with_name(IN_A_NAME + run.name.rpartition("-")[2])))


@pytest.fixture
def place(tmp_path: Path, repo: Path) -> Path:
    """A folder with a failed run, one that goes on, and a job, all of them full of bad words."""
    config = repo / "configs" / "quickstart.yaml"
    soil(finished_run(tmp_path / "runs", config, name="otter"))
    going = soil(finished_run(tmp_path / "runs", config, name="newt"))
    going.exit_path.unlink()
    going.config_path.write_bytes(config.read_bytes())  # or its keys could not be changed
    going.update_identity(launches=[describe_process(os.getpid())], steps_per_epoch=40)
    going.beat(Phase.TRAINING, 1100, 2000, 38.0)
    queue = Queue(tmp_path / "queue")
    facts = {"config_name": BAD, "data_path": BAD, "cwd": str(tmp_path), "root": str(tmp_path / "runs")}
    (job,) = queue.add_all([(config.read_bytes(), {**facts, "name": "job"})])
    queue.hold(job.id)
    kept = queue.folder(job.id) / "job.json"
    kept.write_text(
        json.dumps({**json.loads(kept.read_text()), "name": IN_A_NAME, "failure": BAD, "search": BAD})
    )
    return tmp_path


def opened(place: Path, *arguments: str) -> Terminal:
    """The program, with every byte that it sends kept in `sent`."""
    require_tmux()
    return Terminal(
        [sys.executable, "-m", "stickgen_tui", *arguments], place, 200, 60, sent=place / "sent",
        STICKGEN_RUNS=str(place / "runs"), STICKGEN_QUEUE=str(place / "queue"), TRAIN_DATA_PATH="",
    )  # fmt: skip


def obeyed(place: Path) -> list[bytes]:
    """What of it a terminal would have obeyed on a stranger's behalf."""
    sent = (place / "sent").read_bytes()
    assert len(sent) > 20_000
    return OBEYED.findall(POINTER.sub(b"", sent))


def test_a_run_that_goes_on_and_a_job_are_told_of_literally(place: Path) -> None:
    app = opened(place)
    try:
        app.wait_for("is going", "This machine", INERT)
        app.keys("m")
        app.wait_for("● running", "━ train")
        app.keys("k")
        app.wait_for("Change keys while it trains")
        app.leave("Change keys while it trains")
        app.leave("━ train")
        app.keys("q")
        app.wait_for("Queue", "✗ failed", INERT)
        app.keys("C-q")
        app.wait_for("exit code 0")
    finally:
        app.close()
    assert not obeyed(place)


def test_no_escape_of_a_stranger_is_among_the_bytes_of_the_app(place: Path) -> None:
    app = opened(place)
    try:
        app.wait_for("This machine", INERT)
        app.keys("r")
        app.wait_for("Runs  2", "val.loss", INERT)
        app.keys("n")
        app.wait_for("Note to", INERT, "[bold]b[/bold]")
        app.leave("Note to")
        app.keys("Space", "Space", "d")
        app.wait_for("◆ A", "Only what differs", INERT)
        app.leave("Only what differs")
        app.keys("Down", "Enter")
        app.wait_for("✗ failed", "[bold]b", "━ train")
        app.keys("i", "Left", "g")
        app.wait_for("curves  ")
        for key, title in (
            ("G", "Charts of the grid"), ("v", "upper row"), ("b", "What stands beside"), ("R", "Go on from which"),
            ("/", "a word, or /"),
        ):  # fmt: skip
            app.keys(key)
            app.wait_for(title)
            app.leave(title)
        app.keys(",")
        app.wait_for("numbers at step")
        app.keys("C-p")
        app.wait_for("Logarithmic or linear")
        app.keys("otter")
        app.wait_for("Watch " + SHOWN_IN_A_NAME)
        app.leave("Watch ")  # of the palette, its list first
        app.leave("🔎")
        app.keys("End", "C-q")
        app.wait_for("exit code 0")
    finally:
        app.close()
    assert not obeyed(place)


@pytest.mark.parametrize(
    "command",
    [
        "runs list --columns name,status,loss,tag,note", "runs show otter", "runs diff otter newt", "runs tag otter",
        "runs note otter", "runs prune otter", "runs rm otter",
        "runs set newt nothing=1", "runs stop otter", "queue list", "queue show 1", "queue results", "queue rm nothing",
        "runs watch otter --plain",
    ],
)  # fmt: skip
def test_commands_print_the_words_of_a_stranger_as_words(
    place: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICKGEN_RUNS", str(place / "runs"))
    monkeypatch.setenv("STICKGEN_QUEUE", str(place / "queue"))
    result = CliRunner().invoke(root, command.split(), input="n\n")
    said = result.output + clean_of(result.exception)
    assert "Usage:" not in said and not OBEYED.search(said.encode(errors="backslashreplace")), said
    assert "Traceback" not in said


def clean_of(error: BaseException | None) -> str:
    """What the program makes of an error that ends a command."""
    return clean(error) if isinstance(error, StickgenError) else ""


def test_what_plain_says_and_the_terminal_is_told_of_an_end(place: Path) -> None:
    from stickgen.runs.in_words import Narrator
    from stickgen.runs.notifying import sentence
    from stickgen.terminal_notice import terminal_notice

    for path in (place / "runs").iterdir():
        run = Run(path)
        said = "\n".join([*Narrator(run, run.name).news(), sentence(run, run.state())])
        assert INERT in said and not OBEYED.search(said.encode())
        notice = terminal_notice("osc9", "stickgen", sentence(run, run.state()), {})
        assert notice.startswith("\x1b]9;stickgen: ") and not OBEYED.search(notice[1:-1].encode())
