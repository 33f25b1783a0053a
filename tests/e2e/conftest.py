"""A home that knows the machine, so that no app that is started asks torch about it for seconds."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def warm(known_machine: None) -> None:
    """The first look at the machine is tested elsewhere."""
