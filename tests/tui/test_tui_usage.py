"""`stickgen-tui` on bad usage: a sentence and exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stickgen.runs.store import Run
from stickgen_tui.cli import build_app, main, parser, terminal_refusal


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


@pytest.mark.parametrize("name", ["x" * 300, "y" * 5000])
def test_a_name_too_long_is_a_sentence(
    workplace: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    for option in ("--config", "--run"):
        error = _stderr_of(capsys, option, name)
        assert error.startswith("stickgen-tui: ") and error.count("\n") == 1


@pytest.mark.parametrize(
    ("term", "encoding", "says"),
    [
        ("xterm-256color", "utf-8", None),
        ("screen", "UTF8", None),
        ("dumb", "utf-8", "TERM is dumb"),
        ("", "utf-8", "TERM is not set"),
        ("xterm", "latin-1", "the app needs UTF-8"),
        ("xterm", "ANSI_X3.4-1968", "the app needs UTF-8"),
    ],
)
def test_the_app_says_what_it_needs_of_a_terminal(term: str, encoding: str, says: str | None) -> None:
    reason = terminal_refusal(term, encoding)
    assert (reason is None) if says is None else (reason is not None and says in reason)
