"""Made-up motion that the tests of this room share."""

from __future__ import annotations

import pytest

from stickgen.data.clip import Clip
from stickgen.data.synthetic import synthesize


@pytest.fixture(scope="session")
def synthetic_clips() -> list[Clip]:
    """Enough of all actions that each side of each contrast is told in some."""
    return list(synthesize(2500, seed=41))
