"""`stickgen-tui --plain`: sentences, a line each, and a line only for what is new."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from stickgen.config.loading import TrainingConfig
from stickgen.runs.store import Run, create_run
from stickgen_tui.plain import MOST_AT_FIRST, PlainStatus


def made(root: Path, name: str, *, ended: bool = True) -> Run:
    run = create_run(TrainingConfig(None), root=root, name=name)
    if ended:
        (run.path / "exit.json").write_text('{"code": 0, "reason": "done"}')
    return run


def test_runs_are_told_as_they_come_end_and_go(tmp_path: Path) -> None:
    status = PlainStatus(tmp_path)
    assert list(status.news()) == [f"There are no runs in {tmp_path}. Start one with: stickgen train."]
    assert list(status.news()) == []
    run = made(tmp_path, "one", ended=False)
    assert [sentence.partition(". ")[0] for sentence in status.news()] == [
        f"{run.name}: It is starting, not launched yet"
    ]
    (run.path / "exit.json").write_text('{"code": 130}')
    assert [sentence.partition(". ")[0] for sentence in status.news()] == [
        f"{run.name}: It has ended: stopped"
    ]
    shutil.rmtree(run.path)
    assert list(status.news()) == [f"{run.name}: It was removed."]


def test_of_many_runs_the_newest_are_told(tmp_path: Path) -> None:
    for number in range(MOST_AT_FIRST + 5):
        made(tmp_path, f"r{number:02d}")
    told = list(PlainStatus(tmp_path).news())
    assert told[0].startswith(f"{MOST_AT_FIRST + 5} runs in ") and len(told) == 1 + MOST_AT_FIRST


def test_it_needs_no_terminal_moves_no_cursor_and_ends_with_the_run(tmp_path: Path) -> None:
    run = made(tmp_path, "one")
    done = subprocess.run(
        [sys.executable, "-m", "stickgen_tui", "--plain", "--run", run.name],
        env=os.environ | {"STICKGEN_RUNS": str(tmp_path), "TERM": "dumb", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"It has ended: finished, done. Step 0 of 0.\n"


def test_a_run_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stickgen_tui", "--plain", "--run", "none"],
        env=os.environ | {"STICKGEN_RUNS": str(tmp_path)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.startswith("stickgen-tui: there are no runs")
