"""`stickgen-tui` on bad usage: a sentence and exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stickgen.runs.store import Run
from stickgen_tui.cli import build_app, main, parser


def _stderr_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    assert left.value.code == 2
    return capsys.readouterr().err


def test_a_missing_config(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = _stderr_of(capsys, "--config", "nope\x1b[2J.yaml")
    assert error.startswith("stickgen-tui: nope\\x1b[2J.yaml: no such config file") and error.count("\n") == 1


def test_a_run_that_is_not_there(workplace: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    error = _stderr_of(capsys, "--run", "nope")
    assert "no run is called 'nope'" in error and run.name in error


def test_without_a_terminal_it_says_what_to_use(workplace: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stickgen_tui"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("stickgen-tui: needs a terminal; without one, use `stickgen train")


def test_run_and_config_reach_the_app(workplace: Path, config: Path, run: Run) -> None:
    app = build_app(parser().parse_args(["--config", str(config), "--run", "calm"]))
    assert app.config_path == config
    assert app.first_run is not None and app.first_run.path == run.path
