"""A home that knows the machine, so that no app that is started asks torch about it for seconds.

The runs that are looked at in a terminal are made as those of the screen's tests.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "tui"))


@pytest.fixture(autouse=True)
def warm(known_machine: None) -> None:
    """The first look at the machine is tested elsewhere."""
