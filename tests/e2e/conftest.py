"""A home that knows the machine, so that no app that is started asks torch about it for seconds.

The runs that are looked at in a terminal are made as those of the screen's tests.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal, require_tmux

from stickgen.runs.launch import stop
from stickgen.runs.store import list_runs

sys.path.append(str(Path(__file__).parent.parent / "tui"))


@pytest.fixture(autouse=True)
def warm(known_machine: None) -> None:
    """The first look at the machine is tested elsewhere."""


@pytest.fixture
def terminals(place: Path) -> Iterator[list[Terminal]]:
    """Terminals to be closed, and runs to be ended, whatever happens."""
    require_tmux()
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()
    for run in list_runs(place / "runs"):
        with contextlib.suppress(Exception):
            stop(run, force=True)
